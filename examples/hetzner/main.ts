// A whole Mastodon server at Hetzner, in one location, with replicas of PostgreSQL and Redis, and Hetzner's own DNS and object store.

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
import { hetzner, hetznerDns, hetznerObjects } from "cdktf-mastodon/hetzner";

const app = new App();
const stack = new TerraformStack(app, "social");

const cloud = hetzner({
  location: "fsn1",
  // Dedicated CPUs for PostgreSQL; all other servers have shared ones.
  cpus: { postgres: "dedicated" },
  dns: hetznerDns({ zone: "social.example" }),
  ssh: { keys: ["admin"], from: ["203.0.113.0/24", "2001:db8:100::/48"] },
});

const objects = hetznerObjects({
  bucket: "social-example-media",
  accessKey: new Secret(stack, "media_access_key", { length: 20, description: "The key of the object store." }),
  secretKey: new Secret(stack, "media_secret_key", { length: 40, description: "The secret half of the object store's key." }),
});

// It sends the mails by which people confirm their address and set a new password.
const post = mail({
  server: "smtp.example.net",
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
