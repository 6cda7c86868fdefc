// People's files in any store that speaks S3: `objects: s3Objects({ bucket: "social-media", region: "eu-central-1", hostname: "s3.eu-central-1.amazonaws.com" })`.

import { Token } from "cdktf";
import { hostOf, wrongHost, wrongUrl } from "../core/address";
import { uncovered, wrongBucket } from "../core/bucket";
import { ObjectStore, ObjectStoreFacts } from "../core/objects";
import { Secret } from "../core/secret";
import { Site } from "./site";

export interface S3ObjectsProps {
  /** The bucket, which is there already. Its files must be readable to all, its list must not. */
  readonly bucket: string;
  /**
   * The store's region.
   * @default "us-east-1"
   */
  readonly region?: string;
  /**
   * The store's address, with https; with http only beside an `aliasHost`, where no browser sees it, and on a private network, since everybody on the
   * way can read along.
   * @default - Amazon's, in that region
   */
  readonly endpoint?: string;
  /**
   * The store's host, as browsers ask for files: Mastodon writes `https://HOSTNAME/BUCKET/…`, for every store and whatever
   * `S3_OVERRIDE_PATH_STYLE` says. Mastodon guesses one, but from 4.3 on forbids browsers to load from it.
   * @default - the endpoint's, or Amazon's in that region
   */
  readonly hostname?: string;
  /**
   * A host that has the bucket's files at its root, without scheme: a cache, a name of one's own, or the bucket's own one, as in
   * `BUCKET.store.example`; with a path behind it where they lie in a folder. It takes the place of `hostname`. Changed later, clients keep the old policy
   * for about a week.
   * @default - browsers go to the store
   */
  readonly aliasHost?: string;
  /**
   * `public-read` marks each file, `none` leaves it to the bucket, as R2 and buckets of Amazon without access lists need.
   * @default "public-read"
   */
  readonly access?: "public-read" | "none";
  /**
   * The key and its secret half, as a `Secret` or a sensitive variable.
   * @default - the machines' own role opens the store
   */
  readonly keys?: { readonly id: Secret | string; readonly secret: Secret | string };
  /**
   * Whether the store takes the checksums that Amazon's newer programs send; many others refuse them.
   * @default - only Amazon's
   */
  readonly takesChecksums?: boolean;
}

/**
 * Refused: an endpoint without https and without `aliasHost`, which browsers' policy would forbid, hosts with a scheme, hosts that are every machine
 * itself, a bucket's own host as the store's, and one with dots, which no certificate covers.
 */
export function s3Objects(props: S3ObjectsProps): ObjectStore {
  return {
    attach: (scope): ObjectStoreFacts => {
      const { problems } = Site.of(scope);
      const region = props.region ?? "us-east-1";
      const { bucket, hostname, aliasHost, endpoint } = props;
      // Browsers never see the endpoint behind another host; without one, their policy forbids what is not https.
      const form = {
        schemes: aliasHost === undefined ? ["https"] : ["https", "http"],
        origin: true,
        such: "https://store.example",
      };
      if (endpoint !== undefined) problems.add(scope, wrongUrl("endpoint of objects", endpoint, form));
      const endpointHost = endpoint === undefined ? undefined : hostOf(endpoint);
      if (Token.isUnresolved(endpoint) && hostname === undefined && aliasHost === undefined)
        problems.add(scope, {
          wrong: "endpoint of objects is known to Terraform only, and browsers need the address of files",
          remedy: "give the store's host as hostname, or the host that has its files as aliasHost",
        });
      if (hostname !== undefined) problems.add(scope, wrongHost("hostname of objects", hostname, { port: true }));
      if (aliasHost !== undefined) problems.add(scope, wrongHost("aliasHost of objects", aliasHost, { port: true, path: true }));
      problems.add(scope, wrongBucket(bucket, endpoint === undefined));
      problems.add(scope, uncovered(bucket, aliasHost, hostname ?? endpointHost ?? `s3.${region}.amazonaws.com`));
      if (aliasHost === undefined && hostname !== endpointHost && hostname?.startsWith(`${bucket}.`)) {
        problems.add(scope, {
          wrong: `hostname of objects is "${hostname}", and Mastodon would look for files at https://${hostname}/${bucket}/…`,
          remedy:
            `give the store's own host as hostname, such as "${hostname.slice(bucket.length + 1)}", or the bucket's as aliasHost; ` +
            `if that is the store's own, aliasHost: "${hostname}/${bucket}" says so`,
        });
      }
      return {
        bucket: props.bucket,
        region,
        endpoint: props.endpoint,
        hostname: props.hostname ?? endpointHost ?? `s3.${region}.amazonaws.com`,
        aliasHost: props.aliasHost,
        access: props.access ?? "public-read",
        keys: props.keys,
        takesChecksums: props.takesChecksums ?? props.endpoint === undefined,
      };
    },
  };
}
