// A whole Mastodon server at DigitalOcean, in one region, with replicas of PostgreSQL and Redis, and DigitalOcean's own DNS and object store.

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
import { digitalocean, digitalOceanDns, SpacesBucket } from "cdktf-mastodon/digitalocean";

const app = new App();
const stack = new TerraformStack(app, "social");

const cloud = digitalocean({
  region: "fra1",
  // Dedicated CPUs for PostgreSQL; all other droplets have shared ones.
  cpus: { postgres: "dedicated" },
  dns: digitalOceanDns({ zone: "social.example" }),
  ssh: { keys: ["admin"], from: ["203.0.113.0/24", "2001:db8:100::/48"] },
});

// In a stack of its own: the limited key for Mastodon can only be made for a bucket that exists.
const media = new SpacesBucket(new TerraformStack(app, "media"), "Media", {
  bucket: "social-example-media",
  region: "fra1",
  domain: "social.example",
});
const objects = media.objects({
  accessKey: new Secret(stack, "media_access_key", { length: 20, description: "The key of the object store." }),
  secretKey: new Secret(stack, "media_secret_key", { length: 43, description: "The secret half of the object store's key." }),
});

// For confirmations of addresses and new passwords. New accounts of DigitalOcean cannot send on the usual port.
const post = mail({
  server: "smtp.example.net",
  port: 2525,
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
