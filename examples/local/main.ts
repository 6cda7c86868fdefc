// A whole Mastodon server on this machine, every tier written out. `npm start` deploys it. For another cloud, pass another `cloud`.

import { App, TerraformStack } from "cdktf";
import { Disk, Etcd, PgBouncer, Postgres, Redis, SidekiqGroup, Site, Size, StreamingPool, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "local");
const site = new Site(stack, "Social", { cloud: local(), domain: "social.example", version: "4.7.6" });

const small = Size.of({ cpus: 1, gib: 0.5 });
const redis = new Redis(site, "Redis", { replicas: 2, size: small });
const etcd = new Etcd(site, "Etcd", { on: redis });
const db = new Postgres(site, "Database", { replicas: 1, quorum: etcd, size: small, disk: Disk.gib(5) });
const pool = new PgBouncer(site, "Pool", { database: db, size: small });
const cache = new Redis(site, "Cache", { use: "cache", on: redis, replicas: 2 });
const jobs = new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 });
const data = { database: pool, redis, cache, jobs };

const live = new StreamingPool(site, "Streaming", { machines: 1, processes: 2, size: small, ...data });
new WebTier(site, "Web", { machines: 2, processes: 1, streaming: live, size: small, ...data });
new SidekiqGroup(site, "Jobs-Local", { queues: { default: 8, mailers: 2 }, threads: 10, size: small, ...data });
new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 }, threads: 10, size: small, ...data });
new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, size: small, ...data });

app.synth();
