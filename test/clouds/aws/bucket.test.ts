// People's files in a bucket that everyone may read from, the key that Mastodon needs, and roles in the place of keys.

import { App, TerraformStack, Testing } from "cdktf";
import { Site } from "../../../lib";
import { aws, AwsObjectsProps, awsObjects, MediaBucket } from "../../../lib/clouds/aws";
import { ObjectStore } from "../../../lib/core/objects";
import { FAKE_CLOUDS, FakeCloud, schemaCheck } from "../../../lib/testing";
import { pageProblems } from "../../page-problems";
import { BUCKET, bucketPlan, environment, keys, pageWith, schema } from "./media";
import { all, CERTIFICATE } from "./page";

const ARN = "${aws_s3_bucket.Media_Bucket.arn}";
const AT = { bucket: "${aws_s3_bucket.Media_Bucket.id}", region: "eu-central-1" };

const RIGHTS = (arn: string) => [
  {
    Sid: "MediaFiles",
    Effect: "Allow",
    Action: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
    Resource: [`${arn}/*`],
  },
  { Sid: "MediaList", Effect: "Allow", Action: ["s3:ListBucket"], Resource: [arn] },
];
const KEY_POLICY = { Version: "2012-10-17", Statement: RIGHTS(ARN) };

test("Mastodon is told exactly this of a bucket that everyone may read from: no ACL, and the bucket's own host", () => {
  expect(environment((stack) => bucketPlan().media.objects(keys(stack)))).toEqual({
    S3_ENABLED: "true",
    S3_BUCKET: "social-media",
    S3_REGION: "eu-central-1",
    S3_HOSTNAME: "s3.eu-central-1.amazonaws.com",
    S3_ALIAS_HOST: "social-media.s3.eu-central-1.amazonaws.com",
    S3_PERMISSION: "",
    AWS_ACCESS_KEY_ID: "<secret media_access_key>",
    AWS_SECRET_ACCESS_KEY: "<secret media_secret_key>",
  });
});

test("a bucket that stands already is told the same way, with a host of one's own before it", () => {
  const env = environment((stack) =>
    awsObjects({ bucket: "old-media", region: "us-east-1", aliasHost: "files.social.example", ...keys(stack) }),
  );
  expect(env).toMatchObject({
    S3_BUCKET: "old-media",
    S3_HOSTNAME: "s3.us-east-1.amazonaws.com",
    S3_ALIAS_HOST: "files.social.example",
    S3_PERMISSION: "",
  });
});

test("the bucket refuses ACLs and deletion, encrypts, forgets unfinished uploads, and lets pages of the site load files", () => {
  const { resource, types, text } = bucketPlan();
  expect(types()).toEqual([
    "aws_s3_bucket",
    "aws_s3_bucket_cors_configuration",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
  ]);
  expect(resource("s3_bucket")).toEqual({
    bucket: "social-media",
    region: "eu-central-1",
    force_destroy: false,
    tags: { Name: "social-media" },
    lifecycle: { prevent_destroy: true },
  });
  expect(resource("s3_bucket_ownership_controls")).toEqual({ ...AT, rule: { object_ownership: "BucketOwnerEnforced" } });
  expect(resource("s3_bucket_public_access_block")).toEqual({
    ...AT,
    block_public_acls: true,
    ignore_public_acls: true,
    block_public_policy: false,
    restrict_public_buckets: false,
  });
  expect(resource("s3_bucket_server_side_encryption_configuration")).toEqual({
    ...AT,
    rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: "AES256" } }],
  });
  expect(resource("s3_bucket_lifecycle_configuration")).toEqual({
    ...AT,
    rule: [
      {
        id: "unfinished-uploads",
        status: "Enabled",
        filter: [{}],
        abort_incomplete_multipart_upload: [{ days_after_initiation: 7 }],
      },
    ],
  });
  expect(resource("s3_bucket_cors_configuration")).toEqual({
    ...AT,
    cors_rule: [{ allowed_methods: ["GET", "HEAD"], allowed_origins: ["https://social.example"], allowed_headers: ["*"] }],
  });
  expect(schemaCheck(text(), schema)).toEqual([]);
});

test("everyone reads files, nobody lists them, archives of people's accounts need a signature, and all of it TLS", () => {
  const { policy, resource } = bucketPlan();
  expect(policy()).toEqual({
    Version: "2012-10-17",
    Statement: [
      { Sid: "EveryoneReads", Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `${ARN}/*` },
      {
        Sid: "PersonalFilesOnlySigned",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:GetObject",
        Resource: [`${ARN}/*backups/dumps/*`, `${ARN}/*imports/data/*`],
        Condition: { StringNotEquals: { "aws:PrincipalAccount": "${data.aws_caller_identity.Media_Account.account_id}" } },
      },
      {
        Sid: "OnlyTls",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [ARN, `${ARN}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
  // S3 refuses the policy while the bucket still blocks public ones.
  expect(resource("s3_bucket_policy")).toMatchObject({
    ...AT,
    depends_on: ["aws_s3_bucket_public_access_block.Media_PublicAccess", "aws_s3_bucket_ownership_controls.Media_Owned"],
  });
});

test("what Mastodon's key needs stands in an output, as a policy to attach", () => {
  const output = bucketPlan().output();
  expect(Object.keys(output)).toEqual(["media_key_policy"]);
  expect(JSON.parse(String(output["media_key_policy"]))).toEqual(KEY_POLICY);
});

test("a user for the key is made when asked for, and no key, which would stand in the state", () => {
  const { resource, types, output, text } = bucketPlan({ iamUser: "social-media" });
  expect(resource("iam_user")).toEqual({ name: "social-media", force_destroy: true, tags: { Name: "social-media" } });
  const { policy, ...more } = resource("iam_user_policy");
  expect(JSON.parse(String(policy))).toEqual(KEY_POLICY);
  expect(more).toEqual({ user: "${aws_iam_user.Media_User.name}", name: "media" });
  expect(types()).not.toContain("aws_iam_access_key");
  expect(output()["media_key_command"]).toBe("aws iam create-access-key --user-name social-media");
  expect(schemaCheck(text(), schema)).toEqual([]);
});

describe("by the role of machines", () => {
  const cloud = () => aws({ region: "eu-central-1", certificateArn: CERTIFICATE });

  test("there are no keys, and Mastodon's user may ask the metadata service", () => {
    const env = environment(() => bucketPlan().media.objects({ by: "role" }), cloud());
    expect(env).toEqual({
      S3_ENABLED: "true",
      S3_BUCKET: "social-media",
      S3_REGION: "eu-central-1",
      S3_HOSTNAME: "s3.eu-central-1.amazonaws.com",
      S3_ALIAS_HOST: "social-media.s3.eu-central-1.amazonaws.com",
      S3_PERMISSION: "",
    });
  });

  /** What a page allows the roles of its tiers of a bucket, by the tier. */
  function allowed(objectsOf: (stack: TerraformStack) => ObjectStore): Readonly<Record<string, readonly unknown[]>> {
    const { stack } = pageWith(objectsOf, cloud());
    const policies = Object.entries(all(stack, "aws_iam_role_policy"));
    expect(policies.length).toBeGreaterThan(4);
    return Object.fromEntries(
      policies.flatMap(([name, { policy }]) => {
        const { Statement } = JSON.parse(String(policy)) as { readonly Statement: readonly { readonly Sid: string }[] };
        const media = Statement.filter(({ Sid }) => Sid.startsWith("Media"));
        return media.length === 0 ? [] : [[name, media]];
      }),
    );
  }

  test("the roles of web and Sidekiq get the rights of this bucket, and no other role does; with keys none does", () => {
    const rights = RIGHTS("arn:${data.aws_partition.Social_Partition.partition}:s3:::social-media");
    expect(allowed(() => bucketPlan().media.objects({ by: "role" }))).toEqual({
      "Rights-pool-web": rights,
      "Rights-pool-jobs": rights,
    });
    expect(allowed((stack) => bucketPlan().media.objects(keys(stack)))).toEqual({});
  });

  test.each<[string, string, FakeCloud]>([
    [
      "has no roles",
      "needs the machine's own role at the cloud",
      new FakeCloud({ ...FAKE_CLOUDS.computed, files: false, identity: false }),
    ],
    ["has others", "objects are opened by the role of machines at AWS", new FakeCloud({ ...FAKE_CLOUDS.computed, files: false })],
  ])("a cloud that %s is refused", (_, message, other) => {
    const { site } = pageWith(() => awsObjects({ bucket: "social-media", region: "eu-central-1", by: "role" }), other);
    expect(site.problems.all().join("\n")).toContain(message);
  });
});

test("a bucket for another domain is refused, since browsers would not load its files", () => {
  const { site } = pageWith((stack) => bucketPlan({ domain: "other.example" }).media.objects(keys(stack)));
  expect(site.problems.all()).toEqual([
    "stack/Social: media/Media lets pages of other.example load files, and the web interface is at social.example" +
      ' / give it domain: "social.example"',
  ]);
});

test("all that is wrong with a bucket is told together", () => {
  const stack = new TerraformStack(new App(), "media");
  new MediaBucket(stack, "Media", {
    bucket: "social.media",
    region: "Frankfurt",
    domain: "https://social.example",
    iamUser: "a b",
  });
  const problems = pageProblems(() => Testing.synth(stack, true)).join("\n");
  expect(problems).toContain('media/Media: bucket of objects is "social.media", which has dots');
  expect(problems).toContain('region of objects is "Frankfurt"');
  expect(problems).toContain('domain is "https://social.example"');
  expect(problems).toContain('iamUser is "a b"');
});

test.each<[string, Partial<AwsObjectsProps>, string]>([
  ["a name that S3 takes from nobody", { bucket: "Social" }, 'bucket of objects is "Social"'],
  ["a name with dots", { bucket: "social.media" }, "which has dots / use a name without dots"],
  ["a region", { region: "eu" }, 'region of objects is "eu"'],
  ["a host with a scheme", { aliasHost: "https://files.example" }, 'aliasHost of objects is "https://files.example"'],
])("a page is told of %s", (_, wrong, message) => {
  const stack = new TerraformStack(new App(), "stack");
  const { bucket, region } = BUCKET;
  const objects = awsObjects({ bucket, region, ...keys(stack), ...wrong } as AwsObjectsProps);
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6", objects });
  expect(site.problems.all().join("\n")).toContain(message);
});
