// A page with every kind of tier, for the tests of the overview and of the dashboards: `monitoringSite()`.

import { App, TerraformStack } from "cdktf";
import { Disk, Etcd, PgBouncer, Postgres, Redis, SidekiqGroup, Site, Size, StreamingPool, WebTier } from "../../lib";
import { FakeCloud } from "../../lib/testing";

/** A site without tiers. */
export function emptySite(): Site {
  const stack = new TerraformStack(new App(), "stack");
  return new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
}

export function monitoringSite(): Site {
  const site = emptySite();
  const redis = new Redis(site, "Redis", { replicas: 2 });
  const quorum = new Etcd(site, "Etcd", { on: redis });
  const database = new Postgres(site, "Database", { replicas: 1, quorum, disk: Disk.gib(5) });
  const pooler = new PgBouncer(site, "Pool", { database, serverConnections: 40 });
  const cache = new Redis(site, "Cache", { use: "cache", on: redis, replicas: 2 });
  const jobs = new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 });
  const data = { database: pooler, redis, cache, jobs };
  const live = new StreamingPool(site, "Streaming", { machines: 1, processes: 2, ...data });
  new WebTier(site, "Web", { machines: 2, size: Size.of({ cpus: 2, gib: 4 }), streaming: live, ...data });
  new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 }, ...data });
  new SidekiqGroup(site, "Others", { queues: { mailers: 1, default: 2 }, machines: 3, ...data });
  new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], ...data });
  return site;
}
