// Files in an existing bucket of any S3-compatible store: `objects: s3Objects({ bucket: "social-media", region: "eu-central-1" })`.

import { Token } from "cdktf";
import { hostOf, wrongHost, wrongUrl } from "../core/address";
import { uncovered, wrongBucket } from "../core/bucket";
import { ObjectStore, ObjectStoreFacts } from "../core/objects";
import { Secret } from "../core/secret";
import { Site } from "./site";

export interface S3ObjectsProps {
  /** The existing bucket. Its objects must be publicly readable, and its listing must not be. */
  readonly bucket: string;
  /**
   * The store's region.
   * @default "us-east-1"
   */
  readonly region?: string;
  /**
   * The URL of the store's API, with https. With http only beside an `aliasHost`, which browsers use instead, and on a private network, since it is
   * not encrypted.
   * @default - Amazon's, in that region
   */
  readonly endpoint?: string;
  /**
   * The store's host in URLs of files: Mastodon writes `https://HOSTNAME/BUCKET/…`, for every store and with any `S3_OVERRIDE_PATH_STYLE`.
   * It is always set, since from 4.3 on Mastodon's content security policy forbids browsers the host that Mastodon would guess.
   * @default - the endpoint's, or Amazon's in that region
   */
  readonly hostname?: string;
  /**
   * A host that serves the bucket's files at its root, without scheme: a cache, your own name, or the bucket's own host, as in
   * `BUCKET.store.example`; followed by a path if they are in a folder. It replaces `hostname`. After a change, clients keep the old content security
   * policy for about a week.
   * @default - browsers load files from the store
   */
  readonly aliasHost?: string;
  /**
   * `public-read` sets this ACL on each object; `none` sets no ACL, as R2 and buckets of Amazon without ACLs need.
   * @default "public-read"
   */
  readonly access?: "public-read" | "none";
  /**
   * The access key id and the secret access key, each as a `Secret` or a sensitive variable.
   * @default - the IAM role of the machines is used
   * @throws at synth without keys, where machines have no role at the cloud, as on `local()` and at Hetzner
   */
  readonly keys?: { readonly id: Secret | string; readonly secret: Secret | string };
  /**
   * Whether the store accepts the checksums that newer AWS SDKs send; many stores refuse them.
   * @default - true for Amazon's, false with `endpoint`
   */
  readonly takesChecksums?: boolean;
}

/**
 * Synth fails for an endpoint without https and without `aliasHost`, which the content security policy would forbid; for hosts with a scheme; for
 * hosts that mean the local machine; for a bucket's own host as `hostname`; and for a bucket name with dots, which no certificate covers.
 */
export function s3Objects(props: S3ObjectsProps): ObjectStore {
  return {
    attach: (scope): ObjectStoreFacts => {
      const { problems } = Site.of(scope);
      const region = props.region ?? "us-east-1";
      const { bucket, hostname, aliasHost, endpoint } = props;
      // With `aliasHost` browsers do not use the endpoint. Without it, the content security policy forbids http.
      const form = {
        schemes: aliasHost === undefined ? ["https"] : ["https", "http"],
        origin: true,
        such: "https://store.example",
      };
      if (endpoint !== undefined) problems.add(scope, wrongUrl("endpoint of objects", endpoint, form));
      const endpointHost = endpoint === undefined ? undefined : hostOf(endpoint);
      if (Token.isUnresolved(endpoint) && hostname === undefined && aliasHost === undefined)
        problems.add(scope, {
          wrong: "endpoint of objects is unknown at synth, and URLs of files need a host",
          remedy: "give the store's host as hostname, or the host that serves its files as aliasHost",
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
            `if that is the store's own, write aliasHost: "${hostname}/${bucket}"`,
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
