// Files in Hetzner's object store: `objects: hetznerObjects({ bucket: "social-media", accessKey, secretKey })`.
// Hetzner's API can make neither buckets nor keys. Make both in the Console; with `create` the page makes the bucket by the S3 API.

import { TerraformProvider, TerraformResource, TerraformResourceConfig } from "cdktf";
import { Construct } from "constructs";
import { wrongHost } from "../../core/address";
import { uncovered, wrongBucket } from "../../core/bucket";
import { hostName } from "../../core/names";
import { ObjectStore, ObjectStoreFacts } from "../../core/objects";
import { Secret } from "../../core/secret";
import { Installation } from "../../core/installation";

export interface HetznerObjectsProps {
  /** The bucket's name, unique among all customers of the location. Its files become publicly readable, but not the list of files. */
  readonly bucket: string;
  /** The access key from the Console, as a `Secret` or a sensitive variable. */
  readonly accessKey: string | Secret;
  /** The secret key, likewise. */
  readonly secretKey: string | Secret;
  /**
   * The location of the bucket; it may differ from that of the machines.
   * @default "fsn1"
   */
  readonly location?: "fsn1" | "nbg1" | "hel1";
  /**
   * A host of your own that serves the bucket's files at its root, such as a CDN or a cache.
   * @default - the bucket's own host at Hetzner
   */
  readonly aliasHost?: string;
  /**
   * Whether the page makes the bucket, with the AWS provider and Hetzner's endpoint. Terraform refuses to destroy the bucket (`prevent_destroy`).
   * @default false
   */
  readonly create?: boolean;
}

const LOCATIONS: readonly string[] = ["fsn1", "nbg1", "hel1"];

export function hetznerObjects(props: HetznerObjectsProps): ObjectStore {
  return {
    attach: (scope, { domain }): ObjectStoreFacts => {
      const location = props.location ?? "fsn1";
      if (!LOCATIONS.includes(location)) {
        const wrong = `location of hetznerObjects is "${String(location)}"`;
        Installation.of(scope).problems.add(scope, {
          wrong,
          value: String(location),
          remedy: `use one of ${LOCATIONS.join(", ")}`,
        });
      }
      const hostname = `${location}.your-objectstorage.com`;
      const aliasHost = props.aliasHost ?? `${props.bucket}.${hostname}`;
      const { problems } = Installation.of(scope);
      problems.add(scope, wrongBucket(props.bucket, true));
      problems.add(scope, uncovered(props.bucket, aliasHost, hostname));
      if (props.aliasHost !== undefined)
        problems.add(scope, wrongHost("aliasHost of objects", props.aliasHost, { port: true, path: true }));
      if (props.create ?? false) makeBucket(scope, props, { location, hostname, domain });
      return {
        bucket: props.bucket,
        region: location,
        endpoint: `https://${hostname}`,
        hostname,
        aliasHost,
        access: "public-read",
        keys: { id: props.accessKey, secret: props.secretKey },
        takesChecksums: false,
      };
    },
  };
}

// Plain classes of cdktf, so that the library does not need the bindings of the AWS provider for two resources.
class Plain extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    type: string,
    private readonly attributes: Readonly<Record<string, unknown>>,
    config: Pick<TerraformResourceConfig, "provider" | "lifecycle">,
  ) {
    super(scope, id, { terraformResourceType: type, terraformGeneratorMetadata: { providerName: "aws" }, ...config });
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...this.attributes };
  }
}

class S3 extends TerraformProvider {
  // An alias, since the page may have an AWS provider of its own.
  private readonly name: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly attributes: Readonly<Record<string, unknown>>,
  ) {
    super(scope, id, {
      terraformResourceType: "aws",
      terraformProviderSource: "hashicorp/aws",
      terraformGeneratorMetadata: { providerName: "aws", providerVersionConstraint: ">= 5.0" },
    });
    this.name = `objects_${hostName(scope.node.id).replaceAll("-", "_")}`;
  }

  override get alias(): string {
    return this.name;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { alias: this.alias, ...this.attributes };
  }
}

function makeBucket(
  scope: Construct,
  props: HetznerObjectsProps,
  place: { readonly location: string; readonly hostname: string; readonly domain: string },
): void {
  const provider = new S3(scope, "Objects", {
    region: place.location,
    access_key: String(props.accessKey),
    secret_key: String(props.secretKey),
    endpoints: [{ s3: `https://${place.hostname}` }],
    s3_use_path_style: true,
    skip_credentials_validation: true,
    skip_metadata_api_check: "true",
    skip_region_validation: true,
    skip_requesting_account_id: true,
  });
  const bucket = new Plain(
    scope,
    "Bucket",
    "aws_s3_bucket",
    { bucket: props.bucket },
    { provider, lifecycle: { preventDestroy: true } },
  );
  // Browsers load fonts and video from another host only with CORS headers.
  const rule = { allowed_methods: ["GET", "HEAD"], allowed_origins: [`https://${place.domain}`], allowed_headers: ["*"] };
  const cors = { bucket: bucket.getStringAttribute("id"), cors_rule: [rule] };
  new Plain(scope, "BucketCors", "aws_s3_bucket_cors_configuration", cors, { provider });
}
