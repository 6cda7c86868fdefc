// The statement of a bucket's policy that refuses requests without TLS: `onlyTls(arn)`.

import { BucketStatement } from "./media-cloudfront";

/** @param arn the bucket's */
export function onlyTls(arn: string): BucketStatement {
  return {
    Sid: "OnlyTls",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [arn, `${arn}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
}
