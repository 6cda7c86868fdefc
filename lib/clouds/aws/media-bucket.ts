// People's files in S3: `const media = new MediaBucket(stack, "Media", { bucket: "social-media", region: "eu-central-1", domain: "social.example" })`,
// then `objects: media.objects({ accessKey, secretKey })`; or `objects: awsObjects({ … })` for a bucket that stands already.
//
// It has no ACLs and no versions. Without ACLs Mastodon cannot make the files of a suspended account private: whoever has the address of one reads it until it
// is deleted. With versions, what people delete would stay in the bucket and be paid for.

import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import { IamUserPolicy } from "@cdktf/provider-aws/lib/iam-user-policy";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketCorsConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-cors-configuration";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { TerraformOutput, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { wrongDomain } from "../../core/address";
import { Installation } from "../../core/installation";
import { hostName } from "../../core/names";
import { ObjectStore } from "../../core/objects";
import { Problem, Problems } from "../../core/problems";
import { addressOf } from "../shared/terraform-address";
import { IAM_NAME_LENGTH } from "./limits";
import { MediaCloudFront, MediaCloudFrontProps, Reads } from "./media-cloudfront";
import { awsObjects, MediaAccess, mediaPolicy, MediaPlace, wrongPlace } from "./media-key";
import { onlyTls } from "./only-tls";
import { provider } from "./provider";

export interface MediaBucketProps extends MediaPlace {
  /** The host of the web interface, whose pages may load files. A change takes effect at once. */
  readonly domain: string;
  /**
   * A CloudFront distribution, through which alone files are read, under a host name of your own. The bucket is closed then.
   * @default - none: the bucket's policy lets everyone read files from the bucket's own host, and nobody list them
   */
  readonly cloudFront?: MediaCloudFrontProps;
  /**
   * The name of an IAM user that the page makes and that may use this bucket and nothing else. It has no key, since that would stand in Terraform's
   * state: make one with the command of the output `…_key_command`. A change renames the user, who keeps the
   * keys; for some seconds they have no rights.
   * @default - none: the output `…_key_policy` says what to attach to a user of your own
   * @throws at synth if it is not 1 to 64 letters, digits and `+=,.@_-`
   */
  readonly iamUser?: string;
}

/** After how many days the parts of an upload that never ended are removed. */
const UNFINISHED_DAYS = 7;
/**
 * Files of one person, which Mastodon shows to nobody else: the archives that people ask for of their account, which it serves by signed addresses of ten
 * seconds to an hour, and the lists that they import, in versions before 4.2. A folder of the bucket may stand before them (`S3_KEY_PREFIX`).
 */
const PERSONAL = ["*backups/dumps/*", "*imports/data/*"];

/**
 * A bucket and what browsers need of it, in a stack of its own, so that it outlives the servers. It cannot be destroyed while it holds a file, and
 * `terraform destroy` refuses it in any case. The account must not have S3's Block Public Access switched on for all buckets, unless with `cloudFront`.
 */
export class MediaBucket extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: MediaBucketProps,
  ) {
    super(scope, id);
    const { bucket: name, region, domain, cloudFront, iamUser } = props;
    const problems = new Problems(this);
    for (const problem of wrongPlace(props)) problems.add(this, problem);
    problems.add(this, wrongDomain("domain", domain));
    provider(this, region);
    // The stack may be one whose provider is at home in another region.
    const made = new S3Bucket(this, "Bucket", {
      bucket: name,
      region,
      forceDestroy: false,
      tags: { Name: name },
      lifecycle: { preventDestroy: true },
    });
    const bucket = `\${${addressOf(made)}.id}`;
    const arn = `\${${addressOf(made)}.arn}`;
    const closed = cloudFront !== undefined;
    const ready = settled(this, { bucket, region, closed });
    const reads =
      cloudFront === undefined
        ? everyoneReads(arn, new DataAwsCallerIdentity(this, "Account", {}).accountId)
        : new MediaCloudFront(this, "CloudFront", { ...cloudFront, problems, place: props, origin: made, domain }).reads(arn);
    new S3BucketPolicy(this, "Policy", {
      bucket,
      region,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [...reads(PERSONAL.map((keys) => `${arn}/${keys}`)), onlyTls(arn)],
      }),
      // S3 refuses a public policy before it is allowed, and changes of a bucket while another one is under way.
      dependsOn: [...ready],
    });
    // With CloudFront its own headers say the same.
    if (!closed) {
      new S3BucketCorsConfiguration(this, "Cors", {
        bucket,
        region,
        corsRule: [{ allowedMethods: ["GET", "HEAD"], allowedOrigins: [`https://${domain}`], allowedHeaders: ["*"] }],
      });
    }
    this.output("key_policy", "The IAM policy that Mastodon's key needs, and no more.", mediaPolicy(arn));
    if (iamUser !== undefined) {
      problems.add(this, wrongUser(iamUser));
      // Its keys are made by hand, so Terraform does not know them.
      const user = new IamUser(this, "User", { name: iamUser, forceDestroy: true, tags: { Name: iamUser } });
      new IamUserPolicy(this, "UserPolicy", { user: `\${${addressOf(user)}.name}`, name: "media", policy: mediaPolicy(arn) });
      this.output(
        "key_command",
        "Makes Mastodon's key, and shows its secret half this once.",
        `aws iam create-access-key --user-name ${iamUser}`,
      );
    }
  }

  /**
   * Mastodon's access to it: `media.objects({ accessKey, secretKey })`, or `media.objects({ by: "role" })`. It names the bucket by words alone, so that the
   * stack of the servers does not wait for that of the bucket.
   */
  objects(access: MediaAccess): ObjectStore {
    const { bucket, region, cloudFront, domain } = this.props;
    const store = awsObjects({ bucket, region, ...access, ...(cloudFront !== undefined && { aliasHost: cloudFront.host }) });
    return {
      attach: (scope, spec) => {
        if (spec.domain !== domain) Installation.of(scope).problems.add(scope, otherDomain(this.node.path, domain, spec.domain));
        return store.attach(scope, spec);
      },
    };
  }

  private output(name: string, description: string, value: string): void {
    new TerraformOutput(this, name, { description, value }).overrideLogicalId(
      `${hostName(this.node.id).replaceAll("-", "_")}_${name}`,
    );
  }
}

/** What holds for the bucket whoever reads it; returns what must be settled before its policy. */
function settled(
  scope: Construct,
  { bucket, region, closed }: { readonly bucket: string; readonly region: string; readonly closed: boolean },
): readonly TerraformResource[] {
  const access = new S3BucketPublicAccessBlock(scope, "PublicAccess", {
    bucket,
    region,
    blockPublicAcls: true,
    ignorePublicAcls: true,
    blockPublicPolicy: closed,
    restrictPublicBuckets: closed,
  });
  const owned = new S3BucketOwnershipControls(scope, "Owned", {
    bucket,
    region,
    rule: { objectOwnership: "BucketOwnerEnforced" },
  });
  new S3BucketServerSideEncryptionConfigurationA(scope, "Encrypted", {
    bucket,
    region,
    rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  });
  new S3BucketLifecycleConfiguration(scope, "Unfinished", {
    bucket,
    region,
    rule: [
      {
        id: "unfinished-uploads",
        status: "Enabled",
        filter: [{}],
        abortIncompleteMultipartUpload: [{ daysAfterInitiation: UNFINISHED_DAYS }],
      },
    ],
  });
  return [access, owned];
}

/** Whoever is not of the account, as anonymous readers are, reads no personal files. Signed addresses are requests of who signed them. */
function everyoneReads(arn: string, account: string): Reads {
  return (personal) => [
    { Sid: "EveryoneReads", Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `${arn}/*` },
    {
      Sid: "PersonalFilesOnlySigned",
      Effect: "Deny",
      Principal: "*",
      Action: "s3:GetObject",
      Resource: personal,
      Condition: { StringNotEquals: { "aws:PrincipalAccount": account } },
    },
  ];
}

function wrongUser(name: string): Problem | undefined {
  if (new RegExp(`^[\\w+=,.@-]{1,${IAM_NAME_LENGTH}}$`).test(name)) return undefined;
  return { wrong: `iamUser is "${name}"`, value: name, remedy: `give 1 to ${IAM_NAME_LENGTH} letters, digits and +=,.@_-` };
}

function otherDomain(path: string, allowed: string, domain: string): Problem {
  return {
    wrong: `${path} lets pages of ${allowed} load files, and the web interface is at ${domain}`,
    remedy: `give it domain: "${domain}"`,
  };
}
