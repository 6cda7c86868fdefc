// Mastodon 4.1 with a replica: one image for all, a single Redis, and through the pooler one name for writes and one for reads.

import { App, TerraformStack } from "cdktf";
import { Disk, Etcd, PgBouncer, Postgres, Redis, SidekiqGroup, Site, Size, StreamingPool, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "makara");
const site = new Site(stack, "Old", {
  cloud: local({ images: "stand-in", memoryGib: 3 }),
  domain: "old.example",
  version: "4.1.22",
  network: "10.67.0.0/16",
});

const size = Size.of({ cpus: 1, gib: 0.5 });
const postgres = new Postgres(site, "Database", { replicas: 1, size, disk: Disk.gib(5) });
const pool = new PgBouncer(site, "Pool", { database: postgres, size });
new Etcd(site, "Etcd", { on: [pool, postgres] });
const data = {
  database: pool,
  redis: new Redis(site, "Redis", { size, disk: Disk.gib(5) }),
};
const live = new StreamingPool(site, "Streaming", { machines: 1, processes: 1, size, ...data });
new WebTier(site, "Web", { machines: 1, processes: 1, streaming: live, size, ...data });
new SidekiqGroup(site, "Everything", {
  queues: { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, scheduler: 1 },
  threads: 5,
  size,
  ...data,
});

app.synth();
