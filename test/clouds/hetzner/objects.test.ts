import { App, TerraformStack } from "cdktf";
import { mail, PgBouncer, Postgres, Redis, Secret, SidekiqGroup, Site, StreamingPool, WebTier } from "../../../lib";
import { hetzner, hetznerObjects, HetznerObjectsProps } from "../../../lib/clouds/hetzner";
import { local } from "../../../lib/clouds/local";
import { Cloud } from "../../../lib/core/cloud";
import { readableText } from "../../../lib/core/render/terraform-text";
import { all, planOf } from "./page";

/** The environment of every process of one page on a cloud. */
function environments(cloud: Cloud, objects?: Partial<HetznerObjectsProps>) {
  const stack = new TerraformStack(new App(), "stack");
  const key = (name: string, length: number) => new Secret(stack, name, { length, description: "A probe." });
  const keys = { accessKey: key("media_access_key", 20), secretKey: key("media_secret_key", 40) };
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    queuesElsewhere: ["scheduler"],
    settings: [mail({ server: "smtp.example", from: "hello@social.example" })],
    ...(objects === undefined ? {} : { objects: hetznerObjects({ bucket: "media", ...keys, ...objects }) }),
  });
  const data = {
    database: new PgBouncer(site, "Pool", { database: new Postgres(site, "Database") }),
    redis: new Redis(site, "Redis"),
  };
  const streaming = new StreamingPool(site, "Streaming", { ...data, processes: 1 });
  const web = new WebTier(site, "Web", { ...data, streaming });
  const jobs = new SidekiqGroup(site, "Jobs", {
    ...data,
    queues: { default: 8, mailers: 2, push: 6, ingress: 4, pull: 1, fasp: 1 },
  });
  const processes = { web: web.env, task: web.taskEnv, jobs: jobs.env, streaming: streaming.envs.get(4000)! };
  const read = Object.entries(processes).map(([name, env]) => [
    name,
    Object.fromEntries(Object.entries(env.all).map(([variable, value]) => [variable, readableText(value)])),
  ]);
  return { stack, envs: Object.fromEntries(read) as Record<keyof typeof processes, Record<string, string>> };
}

const media = {
  S3_ENABLED: "true",
  S3_BUCKET: "media",
  S3_REGION: "fsn1",
  S3_ENDPOINT: "https://fsn1.your-objectstorage.com",
  S3_HOSTNAME: "fsn1.your-objectstorage.com",
  S3_ALIAS_HOST: "media.fsn1.your-objectstorage.com",
  S3_PERMISSION: "public-read",
  AWS_ACCESS_KEY_ID: "<secret media_access_key>",
  AWS_SECRET_ACCESS_KEY: "<secret media_secret_key>",
  AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
  AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
};

test("a bucket is called by Amazon's rules, and one with dots needs a host of one's own; a location that is none is told", () => {
  const heard = (objects: Parameters<typeof hetznerObjects>[0]) => {
    const stack = new TerraformStack(new App(), "stack");
    const cloud = hetzner({ location: "fsn1" });
    return new Site(stack, "Social", {
      cloud,
      domain: "social.example",
      version: "4.7.6",
      objects: hetznerObjects(objects),
    }).problems.all();
  };
  const keys = { accessKey: "${var.a}", secretKey: "${var.b}" };
  expect(heard({ ...keys, bucket: "media" })).toEqual([]);
  expect(heard({ ...keys, bucket: "my.media", aliasHost: "files.social.example" })).toEqual([]);
  expect(heard({ ...keys, bucket: "my.media" })).toEqual([
    expect.stringContaining(
      'write aliasHost: "fsn1.your-objectstorage.com/my.media", give a host of your own, or use a bucket without dots',
    ),
  ]);
  expect(heard({ ...keys, bucket: "My_Media" })).toEqual([
    expect.stringContaining('stack/Social: bucket of objects is "My_Media" / '),
  ]);
  expect(heard({ ...keys, bucket: "media", location: "fsn9" as "fsn1" })).toEqual([
    'stack/Social: location of hetznerObjects is "fsn9" / use one of fsn1, nbg1, hel1',
  ]);
});

test("every process has what it has on the local cloud, and Ruby's have the object store besides", () => {
  const here = environments(local()).envs;
  const there = environments(hetzner({ location: "fsn1" }), {}).envs;
  expect(there.web).toEqual({ ...here.web, ...media });
  expect(there.task).toEqual({ ...here.task, ...media });
  expect(there.jobs).toEqual({ ...here.jobs, ...media });
  expect(there.streaming).toEqual(here.streaming);
});

test("the bucket may be elsewhere, and behind a host of one's own", () => {
  const { envs } = environments(hetzner({ location: "ash" }), { location: "hel1", aliasHost: "files.social.example" });
  expect(envs.web).toMatchObject({
    S3_REGION: "hel1",
    S3_ENDPOINT: "https://hel1.your-objectstorage.com",
    S3_ALIAS_HOST: "files.social.example",
  });
});

test("nothing but Hetzner's provider is wanted unless the page asks for the bucket", () => {
  expect(Object.keys(planOf(environments(hetzner({ location: "fsn1" }), {}).stack).provider)).toEqual(["hcloud"]);
});

test("a bucket that the page asks for is made through S3, guarded, and open to the site's pages", () => {
  const { stack } = environments(hetzner({ location: "fsn1" }), { create: true });
  expect(planOf(stack).provider["aws"]).toEqual([
    {
      alias: "objects_social",
      region: "fsn1",
      access_key: "${var.media_access_key}",
      secret_key: "${var.media_secret_key}",
      endpoints: [{ s3: "https://fsn1.your-objectstorage.com" }],
      s3_use_path_style: true,
      skip_credentials_validation: true,
      skip_metadata_api_check: "true",
      skip_region_validation: true,
      skip_requesting_account_id: true,
    },
  ]);
  const provider = "aws.objects_social";
  expect(all(stack, "aws_s3_bucket")).toEqual({ Bucket: { bucket: "media", provider, lifecycle: { prevent_destroy: true } } });
  expect(all(stack, "aws_s3_bucket_cors_configuration")["BucketCors"]).toMatchObject({
    provider,
    bucket: "${aws_s3_bucket.Social_Bucket.id}",
    cors_rule: [{ allowed_origins: ["https://social.example"] }],
  });
});
