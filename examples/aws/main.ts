// A whole Mastodon server at AWS, in three zones of one region, with replicas of PostgreSQL and Redis, and AWS' own DNS and object store.

import { App, TerraformStack } from "cdktf";
import {
  Disk,
  Etcd,
  mail,
  PgBouncer,
  Postgres,
  Redis,
  Secret,
  SidekiqGroup,
  Site,
  Size,
  StreamingPool,
  WebTier,
} from "cdktf-mastodon";
import { aws, MediaBucket, route53 } from "cdktf-mastodon/aws";

const app = new App();
const stack = new TerraformStack(app, "social");

const dns = route53({ zone: "social.example" });
const cloud = aws({
  region: "eu-central-1",
  architecture: "arm64",
  // PostgreSQL may use its processors at any time; all other machines may for a part of the time.
  cpus: { postgres: "steady" },
  dns,
  // The EC2 key pair with which administrators log in; port 22 is closed to everybody else.
  access: { keyName: "admin" },
});

// In a stack of its own, so that people's files outlive the servers. Nobody reads them but through CloudFront.
const media = new MediaBucket(new TerraformStack(app, "media"), "Media", {
  bucket: "social-example-media",
  region: "eu-central-1",
  domain: "social.example",
  cloudFront: { host: "files.social.example", dns },
  iamUser: "social-media",
});
// The user of the bucket has no key, since Terraform would keep it: an output of the stack says how to make one.
const objects = media.objects({
  accessKey: new Secret(stack, "media_access_key", { length: 20, description: "The key of the user of the bucket." }),
  secretKey: new Secret(stack, "media_secret_key", { length: 40, description: "The secret half of that key." }),
});

// For confirmations of addresses and new passwords. AWS lets nobody send on port 25 before support has opened it.
const post = mail({
  server: "smtp.example.net",
  port: 587,
  from: "Social <hello@social.example>",
  login: "social",
  password: new Secret(stack, "mail_password", { length: 64, description: "The mail server's user social." }),
});

const site = new Site(stack, "Social", { cloud, objects, settings: [post], domain: "social.example", version: "4.7.6" });

const redis = new Redis(site, "Redis", { replicas: 2 });
const etcd = new Etcd(site, "Etcd", { on: redis });
const db = new Postgres(site, "Database", { replicas: 1, quorum: etcd, size: Size.of({ cpus: 2, gib: 8 }), disk: Disk.gib(100) });
const pool = new PgBouncer(site, "Pool", { database: db });
const cache = new Redis(site, "Cache", { use: "cache", on: redis, replicas: 2 });
const jobs = new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 });
const data = { database: pool, redis, cache, jobs };

const live = new StreamingPool(site, "Streaming", { machines: 2, ...data });
new WebTier(site, "Web", { machines: 2, streaming: live, ...data });
new SidekiqGroup(site, "Home", { queues: { default: 8, mailers: 2 }, ...data });
new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 }, machines: 2, ...data });
new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...data });

app.synth();
