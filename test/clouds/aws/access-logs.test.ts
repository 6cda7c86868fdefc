import { TerraformStack } from "cdktf";
import { all, page, problems, web } from "./page";

const BUCKET = "${aws_s3_bucket.Social_FrontDoor_AccessLogs_Bucket";

function logged(days = 7) {
  const made = page({ logsWithAccessTokens: { days } });
  web(made.site);
  return made;
}

/** Without the bucket of boot texts. */
function logs(stack: TerraformStack, type: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(all(stack, type)).filter(([name]) => !name.startsWith("BootTexts")));
}

test("there are no access logs unless the page asks for them", () => {
  const { stack, site } = page();
  web(site);
  expect(all(stack, "aws_lb")["FrontDoor_Balancer"]).not.toHaveProperty("access_logs");
  expect(logs(stack, "aws_s3_bucket")).toEqual({});
});

test("they go into a closed and encrypted bucket, which forgets them, and into which nobody else writes", () => {
  const { stack } = logged();
  const bucket = `${BUCKET}.id}`;
  const balancer = all(stack, "aws_lb")["FrontDoor_Balancer"]!;
  expect(balancer["access_logs"]).toEqual({ bucket, enabled: true });
  // AWS tries to write as soon as logs are switched on.
  expect(balancer["depends_on"]).toContain("aws_s3_bucket_policy.Social_FrontDoor_AccessLogs_Policy");
  const name = all(stack, "aws_s3_bucket")["FrontDoor_AccessLogs_Bucket"]!["bucket"] as string;
  const account = name.replace("social-access-logs-eu-central-1-", "");
  expect(account).toMatch(/^(\d{12}|\$\{data\.aws_caller_identity\.[\w-]+\.account_id\})$/);
  expect(all(stack, "aws_s3_bucket")["FrontDoor_AccessLogs_Bucket"]).toEqual({
    bucket: `social-access-logs-eu-central-1-${account}`,
    force_destroy: true,
    tags: { Name: "social-access-logs", "cdktf-mastodon:site": "social" },
    // So it goes after the load balancer has stopped to write.
    lifecycle: { create_before_destroy: true },
  });
  expect(logs(stack, "aws_s3_bucket_public_access_block")).toEqual({
    FrontDoor_AccessLogs_Closed: {
      bucket,
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    },
  });
  expect(logs(stack, "aws_s3_bucket_ownership_controls")).toEqual({
    FrontDoor_AccessLogs_Owned: { bucket, rule: { object_ownership: "BucketOwnerEnforced" } },
  });
  expect(logs(stack, "aws_s3_bucket_server_side_encryption_configuration")).toEqual({
    FrontDoor_AccessLogs_Encrypted: { bucket, rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: "AES256" } }] },
  });
  expect(all(stack, "aws_s3_bucket_lifecycle_configuration")).toEqual({
    FrontDoor_AccessLogs_Forgets: {
      bucket,
      rule: [
        {
          id: "forget",
          status: "Enabled",
          filter: [{}],
          expiration: [{ days: 7 }],
          abort_incomplete_multipart_upload: [{ days_after_initiation: 1 }],
        },
      ],
    },
  });
  const { policy, ...rest } = all(stack, "aws_s3_bucket_policy")["FrontDoor_AccessLogs_Policy"]!;
  expect(rest).toEqual({
    bucket,
    lifecycle: { create_before_destroy: true },
    depends_on: [
      "aws_s3_bucket_public_access_block.Social_FrontDoor_AccessLogs_Closed",
      "aws_s3_bucket_ownership_controls.Social_FrontDoor_AccessLogs_Owned",
    ],
  });
  expect(JSON.parse(policy as string)).toEqual({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "LogDelivery",
        Effect: "Allow",
        Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
        Action: "s3:PutObject",
        Resource: `${BUCKET}.arn}/AWSLogs/${account}/*`,
      },
      {
        Sid: "OnlyTls",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [`${BUCKET}.arn}`, `${BUCKET}.arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
});

test("they are kept for a year at most", () => {
  const where = "stack/Social/FrontDoor/Door/AccessLogs: days of logsWithAccessTokens is";
  expect(problems(logged(0).site)).toEqual([`${where} 0 / use a whole number from 1 to 365`]);
  expect(problems(logged(366).site)).toEqual([`${where} 366 / use a whole number from 1 to 365`]);
});
