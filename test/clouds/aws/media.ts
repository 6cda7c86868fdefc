// A bucket for people's files in a stack of its own, and what Mastodon is told of it: `bucketPlan({ iamUser: "media" }).resource("s3_bucket_policy")`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import { mail, PgBouncer, Postgres, Redis, Secret, SidekiqGroup, Site, StreamingPool, WebTier } from "../../../lib";
import { MediaBucket, MediaBucketProps } from "../../../lib/clouds/aws";
import { Cloud } from "../../../lib/core/cloud";
import { ObjectStore } from "../../../lib/core/objects";
import { readableText } from "../../../lib/core/render/terraform-text";
import { FAKE_CLOUDS, FakeCloud, ProvidersSchema } from "../../../lib/testing";
import { planOf } from "../hetzner/page";

export const schema = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;
export const BUCKET = { bucket: "social-media", region: "eu-central-1", domain: "social.example" } as const;

export function keys(stack: TerraformStack) {
  const key = (name: string, length: number) => new Secret(stack, name, { length, description: "A probe." });
  return { accessKey: key("media_access_key", 20), secretKey: key("media_secret_key", 40) };
}

export function bucketPlan(props: Partial<MediaBucketProps> = {}) {
  const stack = new TerraformStack(new App(), "media");
  const media = new MediaBucket(stack, "Media", { ...BUCKET, ...props });
  const made = () => {
    const { resource, output } = planOf(stack);
    return { resource, output };
  };
  return {
    stack,
    media,
    text: () => Testing.synth(stack),
    types: () => Object.keys(made().resource).sort(),
    output: () => Object.fromEntries(Object.entries(made().output).map(([name, { value }]) => [name, value])),
    /** The only resource of a type, whole. */
    resource: (type: string) => {
      const all = Object.values(made().resource[`aws_${type}`] ?? {});
      expect(all.length).toBe(1);
      const { "//": _, ...config } = all[0]!;
      return config;
    },
    policy: () => JSON.parse(String(Object.values(made().resource["aws_s3_bucket_policy"]!)[0]!["policy"])) as unknown,
  };
}

/** A whole page with these objects. */
export function pageWith(objectsOf: (stack: TerraformStack) => ObjectStore, cloud?: Cloud) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", {
    cloud: cloud ?? new FakeCloud({ ...FAKE_CLOUDS.computed, files: false }),
    domain: "social.example",
    version: "4.7.6",
    objects: objectsOf(stack),
    settings: [mail("none")],
  });
  const data = {
    database: new PgBouncer(site, "Pool", { database: new Postgres(site, "Database") }),
    redis: new Redis(site, "Redis"),
  };
  const streaming = new StreamingPool(site, "Streaming", { ...data, processes: 1 });
  const web = new WebTier(site, "Web", { ...data, streaming });
  const queues = { default: 8, mailers: 2, push: 6, ingress: 4, pull: 1, fasp: 1, scheduler: 1 };
  new SidekiqGroup(site, "Jobs", { ...data, queues: Object.keys(queues) as never, threads: 5 });
  return { stack, site, web };
}

/** What the web process of such a page is told of its object store. */
export function environment(objectsOf: (stack: TerraformStack) => ObjectStore, cloud?: Cloud): Readonly<Record<string, string>> {
  const { web } = pageWith(objectsOf, cloud);
  const all = Object.entries(web.env.all).filter(([name]) => /^(S3|AWS)_/.test(name));
  return Object.fromEntries(all.map(([name, value]) => [name, readableText(value)]));
}
