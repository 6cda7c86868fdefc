// People's files in a closed bucket behind CloudFront.

import { Testing } from "cdktf";
import { MediaCloudFrontProps, route53 } from "../../../lib/clouds/aws";
import { Dns, DnsRecord } from "../../../lib/core/dns";
import { schemaCheck } from "../../../lib/testing";
import { pageProblems } from "../../page-problems";
import { planOf } from "../hetzner/page";
import { bucketPlan, environment, keys, schema } from "./media";

const CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
const HOST = "files.social.example";
const ARN = "${aws_s3_bucket.Media_Bucket.arn}";
const DISTRIBUTION = "aws_cloudfront_distribution.Media_CloudFront_Distribution";

const behind = (props: Partial<MediaCloudFrontProps> = {}) =>
  bucketPlan({ cloudFront: { host: HOST, certificateArn: CERTIFICATE, ...props } });
const told = (cloudFront: MediaCloudFrontProps) =>
  pageProblems(() => Testing.synth(bucketPlan({ cloudFront }).stack, true)).join("\n");

test("Mastodon is told exactly this of a bucket behind CloudFront: no ACL, and the host of files", () => {
  expect(environment((stack) => behind().media.objects(keys(stack)))).toEqual({
    S3_ENABLED: "true",
    S3_BUCKET: "social-media",
    S3_REGION: "eu-central-1",
    S3_HOSTNAME: "s3.eu-central-1.amazonaws.com",
    S3_ALIAS_HOST: "files.social.example",
    S3_PERMISSION: "",
    AWS_ACCESS_KEY_ID: "<secret media_access_key>",
    AWS_SECRET_ACCESS_KEY: "<secret media_secret_key>",
  });
});

test("this distribution alone reads the bucket, but for archives of people's accounts, and nobody else may be let in", () => {
  const { policy, resource, types, text } = behind();
  const cloudFront = { Principal: { Service: "cloudfront.amazonaws.com" }, Action: "s3:GetObject" };
  expect(policy()).toEqual({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "CloudFrontReads",
        Effect: "Allow",
        ...cloudFront,
        Resource: `${ARN}/*`,
        Condition: { StringEquals: { "AWS:SourceArn": `\${${DISTRIBUTION}.arn}` } },
      },
      {
        Sid: "PersonalFilesOnlySigned",
        Effect: "Deny",
        ...cloudFront,
        Resource: [`${ARN}/*backups/dumps/*`, `${ARN}/*imports/data/*`],
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
  expect(resource("s3_bucket_public_access_block")).toEqual({
    bucket: "${aws_s3_bucket.Media_Bucket.id}",
    region: "eu-central-1",
    block_public_acls: true,
    ignore_public_acls: true,
    block_public_policy: true,
    restrict_public_buckets: true,
  });
  expect(resource("s3_bucket_ownership_controls")).toMatchObject({ rule: { object_ownership: "BucketOwnerEnforced" } });
  expect(types()).not.toContain("aws_s3_bucket_cors_configuration");
  expect(schemaCheck(text(), schema)).toEqual([]);
});

test("the distribution, whole", () => {
  const { resource } = behind();
  expect(resource("cloudfront_distribution")).toEqual({
    enabled: true,
    comment: "Files of social.example",
    aliases: [HOST],
    is_ipv6_enabled: true,
    http_version: "http2and3",
    price_class: "PriceClass_All",
    origin: [
      {
        origin_id: "bucket",
        domain_name: "${aws_s3_bucket.Media_Bucket.bucket_regional_domain_name}",
        origin_access_control_id: "${aws_cloudfront_origin_access_control.Media_CloudFront_AccessControl.id}",
      },
    ],
    default_cache_behavior: {
      target_origin_id: "bucket",
      viewer_protocol_policy: "redirect-to-https",
      allowed_methods: ["GET", "HEAD"],
      cached_methods: ["GET", "HEAD"],
      compress: false,
      cache_policy_id: "${aws_cloudfront_cache_policy.Media_CloudFront_CachePolicy.id}",
      response_headers_policy_id: "${aws_cloudfront_response_headers_policy.Media_CloudFront_HeadersPolicy.id}",
    },
    restrictions: { geo_restriction: { restriction_type: "none" } },
    viewer_certificate: {
      acm_certificate_arn: CERTIFICATE,
      minimum_protocol_version: "TLSv1.2_2021",
      ssl_support_method: "sni-only",
    },
    tags: { Name: "social-media" },
  });
  expect(resource("cloudfront_origin_access_control")).toEqual({
    name: "social-media",
    description: "Signs what CloudFront asks of the bucket",
    origin_access_control_origin_type: "s3",
    signing_behavior: "always",
    signing_protocol: "sigv4",
  });
});

test("pages of the site may load files, which run nothing and are what they say", () => {
  expect(behind().resource("cloudfront_response_headers_policy")).toEqual({
    name: "social-media",
    comment: "Pages of the site may load files, and files run nothing",
    cors_config: {
      access_control_allow_credentials: false,
      access_control_allow_headers: { items: ["*"] },
      access_control_allow_methods: { items: ["GET", "HEAD"] },
      access_control_allow_origins: { items: ["https://social.example"] },
      origin_override: true,
    },
    security_headers_config: {
      content_type_options: { override: true },
      content_security_policy: { content_security_policy: "default-src 'none'; form-action 'none'", override: true },
      strict_transport_security: { access_control_max_age_sec: 63072000, override: true },
    },
  });
});

test("a deleted file is served for an hour at most, or as long as the page says, whatever Mastodon marks files with", () => {
  const parameters = {
    cookies_config: { cookie_behavior: "none" },
    headers_config: { header_behavior: "none" },
    query_strings_config: { query_string_behavior: "none" },
    enable_accept_encoding_brotli: false,
    enable_accept_encoding_gzip: false,
  };
  const policy = (seconds: number) => ({
    name: "social-media",
    comment: "A deleted file is not served for longer than this",
    min_ttl: 0,
    default_ttl: seconds,
    max_ttl: seconds,
    parameters_in_cache_key_and_forwarded_to_origin: parameters,
  });
  expect(behind().resource("cloudfront_cache_policy")).toEqual(policy(3600));
  expect(behind({ cacheSeconds: 60, priceClass: "PriceClass_100" }).resource("cloudfront_cache_policy")).toEqual(policy(60));
});

describe("the host of files", () => {
  test("with Route 53 it has a certificate in us-east-1, and alias records for both families", () => {
    const made = bucketPlan({ cloudFront: { host: HOST, dns: route53({ zone: "social.example" }) } });
    expect(made.resource("acm_certificate")).toEqual({
      domain_name: HOST,
      validation_method: "DNS",
      region: "us-east-1",
      tags: { Name: HOST },
      lifecycle: { create_before_destroy: true },
    });
    expect(made.resource("acm_certificate_validation")).toMatchObject({ region: "us-east-1", timeouts: { create: "30m" } });
    expect(made.resource("cloudfront_distribution")).toMatchObject({
      viewer_certificate: {
        acm_certificate_arn:
          "${aws_acm_certificate_validation.Media_CloudFront_Certificate-files-social-example-Issued.certificate_arn}",
      },
    });
    const records = planOf(made.stack).resource["aws_route53_record"]!;
    const alias = (type: string) => ({
      zone_id: "${data.aws_route53_zone.Zone-social-example.zone_id}",
      name: HOST,
      type,
      alias: {
        name: `\${${DISTRIBUTION}.domain_name}`,
        zone_id: `\${${DISTRIBUTION}.hosted_zone_id}`,
        evaluate_target_health: false,
      },
    });
    expect(records["Media_CloudFront_Record-A"]).toMatchObject(alias("A"));
    expect(records["Media_CloudFront_Record-AAAA"]).toMatchObject(alias("AAAA"));
    expect(made.output()).not.toHaveProperty("media_dns_records");
    expect(schemaCheck(made.text(), schema)).toEqual([]);
  });

  test("another DNS gets a CNAME, beside a certificate that is given", () => {
    const records: DnsRecord[] = [];
    const dns: Dns = { record: (_scope, _id, record) => records.push(record) };
    behind({ dns });
    expect(records).toEqual([{ host: HOST, type: "CNAME", values: [expect.stringMatching(/^\$\{TfToken\[.*\]\}\.$/)] }]);
  });

  test("without a DNS an output says which record to make", () => {
    expect(behind().output()["media_dns_records"]).toEqual([
      { name: HOST, type: "CNAME", value: `\${${DISTRIBUTION}.domain_name}` },
    ]);
  });

  test.each<[string, Partial<MediaCloudFrontProps>, string]>([
    ["no certificate", { dns: { record: () => undefined } }, `nobody issues a certificate for ${HOST}`],
    ["no certificate and no DNS", {}, "give certificateArn, which Certificate makes in us-east-1"],
    [
      "a certificate where CloudFront does not find it",
      { certificateArn: CERTIFICATE.replace("us-east-1", "eu-central-1") },
      "give the ARN of a certificate in us-east-1, where alone CloudFront finds them",
    ],
    ["a zone that has not the host", { dns: route53({ zone: "other.example" }) }, "which is not in the zone other.example"],
    [
      "a host with a path",
      { host: "social.example/files", certificateArn: CERTIFICATE },
      'host of cloudFront is "social.example/files"',
    ],
    [
      "the host of the web interface",
      { host: "social.example", certificateArn: CERTIFICATE },
      'host of cloudFront is "social.example", which is that of the web interface / give another host name, such as files.social.example',
    ],
    ["a time", { certificateArn: CERTIFICATE, cacheSeconds: 30 }, "cacheSeconds is 30 / use a whole number from 60 to 31536000"],
    ["a price class", { certificateArn: CERTIFICATE, priceClass: "100" as "PriceClass_100" }, 'priceClass is "100"'],
  ])("a page is told of %s", (_, wrong, message) => {
    expect(told({ host: HOST, ...wrong })).toContain(message);
  });
});
