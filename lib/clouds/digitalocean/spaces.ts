// People's files in DigitalOcean's object store: `const media = new SpacesBucket(stack, "Media", { bucket: "social-media", region: "fra1", domain })`,
// then `objects: media.objects({ accessKey, secretKey })`; or `objects: spaces({ bucket, region, accessKey, secretKey })` for a bucket that is there.
// Terraform takes its own key, which may do everything, from SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY; Mastodon gets another.

import { Cdn } from "@cdktf/provider-digitalocean/lib/cdn";
import { SpacesBucket as Bucket } from "@cdktf/provider-digitalocean/lib/spaces-bucket";
import { SpacesBucketCorsConfiguration } from "@cdktf/provider-digitalocean/lib/spaces-bucket-cors-configuration";
import { Construct } from "constructs";
import { wrongDomain, wrongHost } from "../../core/address";
import { uncovered, wrongBucket } from "../../core/bucket";
import { Installation } from "../../core/installation";
import { ObjectStore, ObjectStoreFacts } from "../../core/objects";
import { Problem, Problems } from "../../core/problems";
import { Secret } from "../../core/secret";
import { wrongNumber } from "../../core/whole-number";
import { provider } from "./provider";

/** Where DigitalOcean has the object store, as its provider knows them (2.99); droplets can be in more places. */
const REGIONS = ["ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"] as const;
export type SpacesRegion = (typeof REGIONS)[number];

interface Place {
  /** The bucket's name, unique among all customers of the region. */
  readonly bucket: string;
  /** Where the bucket is; it need not be where the droplets are, and the object store is not everywhere. */
  readonly region: SpacesRegion;
}

export interface SpacesKeys {
  /** The key by which Mastodon reads and writes this bucket and no other, as a `Secret` or a sensitive variable. */
  readonly accessKey: string | Secret;
  /** Its secret half, likewise. */
  readonly secretKey: string | Secret;
}

export interface SpacesProps extends Place, SpacesKeys {
  /**
   * A host that has the bucket's files at its root. Changed later, clients keep the old policy for about a week.
   * @default - the bucket's own one in DigitalOcean's CDN, which must be switched on for the bucket
   */
  readonly aliasHost?: string;
}

export interface SpacesBucketProps extends Place {
  /** The host of the web interface, whose pages may load files. A change takes effect at once. */
  readonly domain: string;
  /**
   * How long the CDN keeps a file, in seconds: for so long a picture that was taken away may still be seen. A change takes effect at once.
   * @default 3600
   * @throws at synth if it is not one of 60, 600, 3600, 86400 and 604800, as DigitalOcean wants it
   */
  readonly cdnSeconds?: number;
  /**
   * A host of your own for the CDN, and the name of a certificate at DigitalOcean that covers it. A record in the DNS must lead it to the CDN.
   * @default - `BUCKET.REGION.cdn.digitaloceanspaces.com`
   */
  readonly host?: { readonly name: string; readonly certificate: string };
}

const CDN_SECONDS: readonly number[] = [60, 600, 3600, 86400, 604800];

/** Mastodon's access to a bucket. */
export function spaces(props: SpacesProps): ObjectStore {
  return {
    attach: (scope): ObjectStoreFacts => {
      const { bucket, region } = props;
      const aliasHost = props.aliasHost ?? cdnHost(props);
      const { problems } = Installation.of(scope);
      tell(problems, scope, props);
      if (props.aliasHost !== undefined)
        problems.add(scope, wrongHost("aliasHost of objects", props.aliasHost, { port: true, path: true }));
      else problems.add(scope, uncovered(bucket, aliasHost, `${region}.cdn.digitaloceanspaces.com`));
      const hostname = `${region}.digitaloceanspaces.com`;
      return {
        bucket,
        region,
        endpoint: `https://${hostname}`,
        hostname,
        aliasHost,
        // Files are private to begin with, and a bucket whose policy opens them takes no key that is limited to it.
        access: "public-read",
        keys: { id: props.accessKey, secret: props.secretKey },
        takesChecksums: false,
      };
    },
  };
}

/**
 * A bucket, its CDN and what browsers need. In a stack of its own it outlives the servers, and is there before Mastodon's key, which DigitalOcean
 * gives for a bucket that exists. It cannot be destroyed while it holds a file, and `terraform destroy` refuses it in any case.
 */
export class SpacesBucket extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: SpacesBucketProps,
  ) {
    super(scope, id);
    const problems = new Problems(this);
    tell(problems, this, props);
    problems.add(this, wrongDomain("domain", props.domain));
    if (props.host === undefined)
      problems.add(this, uncovered(props.bucket, cdnHost(props), `${props.region}.cdn.digitaloceanspaces.com`));
    else problems.add(this, wrongDomain("host.name", props.host.name));
    const ttl = props.cdnSeconds ?? 3600;
    problems.add(this, wrongNumber("cdnSeconds", ttl, { least: 60 }) ?? wrongTtl(ttl));
    provider(this, 4);
    const bucket = new Bucket(this, "Bucket", {
      name: props.bucket,
      region: props.region,
      // Of the bucket that is its list of files; each file says itself that all may read it.
      acl: "private",
      lifecycle: { preventDestroy: true },
    });
    // Browsers load fonts and video of another host only if it says so.
    new SpacesBucketCorsConfiguration(this, "Cors", {
      bucket: bucket.id,
      region: props.region,
      corsRule: [{ allowedMethods: ["GET", "HEAD"], allowedOrigins: [`https://${props.domain}`], allowedHeaders: ["*"] }],
    });
    new Cdn(this, "Cdn", {
      origin: bucket.bucketDomainName,
      ttl,
      ...(props.host !== undefined && { customDomain: props.host.name, certificateName: props.host.certificate }),
    });
  }

  /** Mastodon's access to it. It names the bucket by words alone, so that the stack of the servers does not wait for that of the bucket. */
  objects(keys: SpacesKeys): ObjectStore {
    const { bucket, region, host } = this.props;
    return spaces({ bucket, region, ...keys, ...(host !== undefined && { aliasHost: host.name }) });
  }
}

function cdnHost({ bucket, region }: Place): string {
  return `${bucket}.${region}.cdn.digitaloceanspaces.com`;
}

function tell(problems: Problems, scope: Construct, { bucket, region }: Place): void {
  problems.add(scope, wrongBucket(bucket, true));
  if (!REGIONS.includes(region)) {
    problems.add(scope, {
      wrong: `region of objects is "${String(region)}"`,
      value: String(region),
      remedy: `use one of ${REGIONS.join(", ")}, where DigitalOcean has its object store; the droplets may be elsewhere`,
    });
  }
}

function wrongTtl(seconds: number): Problem | undefined {
  if (CDN_SECONDS.includes(seconds)) return undefined;
  return { wrong: `cdnSeconds is ${seconds}`, remedy: `use one of ${CDN_SECONDS.join(", ")}, which DigitalOcean's CDN knows` };
}
