// People's files at DigitalOcean.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import { mail, PgBouncer, Postgres, Redis, Secret, SidekiqGroup, Site, StreamingPool, WebTier } from "../../../lib";
import { spaces, SpacesBucket, SpacesBucketProps, SpacesProps } from "../../../lib/clouds/digitalocean/spaces";
import { secretsInState } from "../../../lib/clouds/digitalocean/state-secrets";
import { ObjectStore } from "../../../lib/core/objects";
import { readableText } from "../../../lib/core/render/terraform-text";
import { FAKE_CLOUDS, FakeCloud, ProvidersSchema, schemaCheck } from "../../../lib/testing";
import { pageProblems } from "../../page-problems";

const schema = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;
const BUCKET = { bucket: "social-media", region: "fra1", domain: "social.example" } as const;

function keys(stack: TerraformStack) {
  const key = (name: string, length: number) => new Secret(stack, name, { length, description: "A probe." });
  return { accessKey: key("media_access_key", 20), secretKey: key("media_secret_key", 43) };
}

/** The environment of the web process of a page with these objects. */
function environment(objectsOf: (stack: TerraformStack) => ObjectStore): Readonly<Record<string, string>> {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud({ ...FAKE_CLOUDS.computed, files: false });
  const settings = [mail("none")];
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    objects: objectsOf(stack),
    settings,
  });
  const data = {
    database: new PgBouncer(site, "Pool", { database: new Postgres(site, "Database") }),
    redis: new Redis(site, "Redis"),
  };
  const streaming = new StreamingPool(site, "Streaming", { ...data, processes: 1 });
  const web = new WebTier(site, "Web", { ...data, streaming });
  const queues = { default: 8, mailers: 2, push: 6, ingress: 4, pull: 1, fasp: 1, scheduler: 1 };
  new SidekiqGroup(site, "Jobs", { ...data, queues: Object.keys(queues) as never, threads: 5 });
  return Object.fromEntries(Object.entries(web.env.all).map(([name, value]) => [name, readableText(value)]));
}

function bucketPlan(props: Partial<SpacesBucketProps> = {}) {
  const stack = new TerraformStack(new App(), "media");
  const media = new SpacesBucket(stack, "Media", { ...BUCKET, ...props });
  const text = Testing.synth(stack);
  const plan = JSON.parse(text) as { resource: Record<string, Record<string, Record<string, unknown>>> };
  return { stack, media, text, resource: (kind: string) => Object.values(plan.resource[`digitalocean_${kind}`] ?? {})[0]! };
}

test("Mastodon is told exactly this of a bucket in Spaces, with files in the CDN", () => {
  const env = environment((stack) => spaces({ ...BUCKET, ...keys(stack) }));
  expect(Object.fromEntries(Object.entries(env).filter(([name]) => /^(S3|AWS)_/.test(name)))).toEqual({
    S3_ENABLED: "true",
    S3_BUCKET: "social-media",
    S3_REGION: "fra1",
    S3_ENDPOINT: "https://fra1.digitaloceanspaces.com",
    S3_HOSTNAME: "fra1.digitaloceanspaces.com",
    S3_ALIAS_HOST: "social-media.fra1.cdn.digitaloceanspaces.com",
    S3_PERMISSION: "public-read",
    AWS_ACCESS_KEY_ID: "<secret media_access_key>",
    AWS_SECRET_ACCESS_KEY: "<secret media_secret_key>",
    AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
    AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
  });
});

test("a bucket that another stack makes is told by the same words, so that neither stack waits for the other", () => {
  const own = { host: { name: "files.social.example", certificate: "files" } };
  const words = environment((stack) => bucketPlan(own).media.objects(keys(stack)));
  expect(words["S3_ALIAS_HOST"]).toBe("files.social.example");
  expect([words["S3_BUCKET"], words["S3_REGION"]]).toEqual(["social-media", "fra1"]);
});

test("the bucket keeps its list to itself, is guarded, and lets pages of the site load files", () => {
  const { resource, text } = bucketPlan();
  expect(resource("spaces_bucket")).toMatchObject({
    name: "social-media",
    region: "fra1",
    acl: "private",
    lifecycle: { prevent_destroy: true },
  });
  expect(resource("spaces_bucket_cors_configuration")).toMatchObject({
    region: "fra1",
    cors_rule: [{ allowed_headers: ["*"], allowed_methods: ["GET", "HEAD"], allowed_origins: ["https://social.example"] }],
  });
  expect(resource("cdn")["origin"]).toMatch(/^\$\{digitalocean_spaces_bucket\..*\.bucket_domain_name\}$/);
  expect(resource("cdn")["ttl"]).toBe(3600);
  expect(schemaCheck(text, schema)).toEqual([]);
  // Neither Terraform's key nor Mastodon's.
  expect(secretsInState(text)).toEqual([]);
  expect(text).not.toMatch(/secret_key|access_key/);
});

test("a host of one's own needs a certificate at DigitalOcean, which the CDN gets by its name", () => {
  const { resource, text } = bucketPlan({ host: { name: "files.social.example", certificate: "files" }, cdnSeconds: 60 });
  expect(resource("cdn")).toMatchObject({ custom_domain: "files.social.example", certificate_name: "files", ttl: 60 });
  expect(schemaCheck(text, schema)).toEqual([]);
});

test("where there are droplets there may be no object store, which is told with what is wrong besides", () => {
  const stack = new TerraformStack(new App(), "media");
  new SpacesBucket(stack, "Media", {
    bucket: "Social",
    region: "nyc1" as "nyc3",
    domain: "https://social.example",
    cdnSeconds: 100,
  });
  const problems = pageProblems(() => Testing.synth(stack, true)).join("\n");
  expect(problems).toContain(
    'media/Media: region of objects is "nyc1" / use one of ams3, atl1, blr1, fra1, lon1, nyc3, sfo2, sfo3, sgp1, syd1, tor1',
  );
  expect(problems).toContain('bucket of objects is "Social"');
  expect(problems).toContain('domain is "https://social.example"');
  expect(problems).toContain("cdnSeconds is 100 / use one of 60, 600, 3600, 86400, 604800");
});

test.each<[string, Partial<SpacesProps>, string]>([
  ["a region", { region: "fra2" as "fra1" }, 'region of objects is "fra2"'],
  [
    "a name with dots, which the CDN's certificate does not cover",
    { bucket: "social.media" },
    "no certificate of fra1.cdn.digitaloceanspaces.com covers a bucket with dots",
  ],
  [
    "a host with a scheme",
    { aliasHost: "https://files.social.example" },
    'aliasHost of objects is "https://files.social.example"',
  ],
])("a page is told of %s", (_, wrong, message) => {
  const stack = new TerraformStack(new App(), "stack");
  const objects = spaces({ ...BUCKET, ...keys(stack), ...wrong });
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6", objects });
  expect(site.problems.all().join("\n")).toContain(message);
});
