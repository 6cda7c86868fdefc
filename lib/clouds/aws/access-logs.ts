// Access logs of the front door: `aws({ region: "eu-central-1", logsWithAccessTokens: { days: 7 } })`.
// Each line has the address and port of who asked, the whole URL with its query, the user agent, and what became of the request. The query of
// streaming holds the access token of clients that cannot send it as a header, so such a line is as good as the password of an account.

import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { Construct } from "constructs";
import { shortened } from "../../core/names";
import { wholeNumber } from "../../core/whole-number";
import { addressOf } from "../shared/terraform-address";
import { BUCKET_NAME_LENGTH } from "./limits";
import type { AwsNetwork } from "./network";
import { onlyTls } from "./only-tls";

export interface AccessLogs {
  /**
   * After how many days they are deleted.
   * @throws at synth if it is not a whole number from 1 to 365
   */
  readonly days: number;
}

const ACCOUNT_LENGTH = 12;
/**
 * Terraform destroys such resources after it has changed those that depended on them. Otherwise the load balancer would for a while write to a bucket that is
 * gone, whose name anybody may take.
 */
const LAST = { createBeforeDestroy: true } as const;

/** The bucket for the logs, and what must stand before the load balancer may write there. Without `logsWithAccessTokens` it goes, with all logs. */
export function accessLogs(
  scope: Construct,
  network: AwsNetwork,
  logs: AccessLogs,
): { readonly bucket: string; readonly ready: S3BucketPolicy } {
  const { site, settings, problems, found } = network;
  const days = wholeNumber(problems, scope, "days of logsWithAccessTokens", logs.days, { least: 1, most: 365 });
  // Names of buckets are unique in all of AWS.
  const name = shortened(`${site}-access-logs-${settings.region}`, BUCKET_NAME_LENGTH - ACCOUNT_LENGTH - 1);
  const made = new S3Bucket(scope, "Bucket", {
    bucket: `${name}-${found.account}`,
    forceDestroy: true,
    tags: network.tags("access-logs"),
    lifecycle: LAST,
  });
  const bucket = `\${${addressOf(made)}.id}`;
  const closed = new S3BucketPublicAccessBlock(scope, "Closed", {
    bucket,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  const owned = new S3BucketOwnershipControls(scope, "Owned", { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } });
  // Load balancers write with no other encryption than S3's own.
  new S3BucketServerSideEncryptionConfigurationA(scope, "Encrypted", {
    bucket,
    rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  });
  new S3BucketLifecycleConfiguration(scope, "Forgets", {
    bucket,
    rule: [
      {
        id: "forget",
        status: "Enabled",
        filter: [{}],
        expiration: [{ days }],
        abortIncompleteMultipartUpload: [{ daysAfterInitiation: 1 }],
      },
    ],
  });
  const ready = new S3BucketPolicy(scope, "Policy", {
    bucket,
    policy: JSON.stringify(policy(`\${${addressOf(made)}.arn}`, found.account)),
    // S3 refuses changes of a bucket while another one is under way.
    dependsOn: [closed, owned],
    lifecycle: LAST,
  });
  return { bucket, ready };
}

// Log delivery writes below the number of the account whose load balancer it is, so the path keeps all other accounts out. A condition on
// `aws:SourceArn` is not set: AWS' own example has none, and where delivery does not send the key, AWS refuses to switch logs on.
function policy(bucket: string, account: string) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "LogDelivery",
        Effect: "Allow",
        Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
        Action: "s3:PutObject",
        Resource: `${bucket}/AWSLogs/${account}/*`,
      },
      onlyTls(bucket),
    ],
  };
}
