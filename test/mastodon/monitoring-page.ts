// A page with one of everything, for the tests of rules and alerts: `monitoringPage()`.

import { App, TerraformStack } from "cdktf";
import { Etcd, PgBouncer, Postgres, Redis, Setting, SidekiqGroup, Site, StreamingPool, WebTier } from "../../lib";
import { FakeCloud, FakeCloudOptions } from "../../lib/testing";

export interface MonitoringPage extends FakeCloudOptions {
  /** The settings of the site, such as its mail server. */
  readonly settings?: (stack: TerraformStack) => readonly Setting[];
}

export function monitoringPage({ settings, ...cloud }: MonitoringPage = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", {
    cloud: new FakeCloud(cloud),
    domain: "social.example",
    version: "4.7.6",
    ...(settings && { settings: settings(stack) }),
  });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  const etcd = new Etcd(site, "Etcd", { on: redis });
  const database = new PgBouncer(site, "Pool", {
    database: new Postgres(site, "Database", { replicas: 1, maxConnections: 300 }),
  });
  const cache = new Redis(site, "Cache", { use: "cache" });
  const jobs = new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 });
  const data = { database, redis, cache, jobs };
  const streaming = new StreamingPool(site, "Streaming", { processes: 2, ...data });
  new WebTier(site, "Web", { machines: 3, streaming, ...data });
  new SidekiqGroup(site, "Posts", { machines: 2, queues: { default: 8, push: 6, ingress: 4, mailers: 2 }, ...data });
  new SidekiqGroup(site, "Rest", { queues: ["push", "pull", "fasp"], ...data });
  new SidekiqGroup(site, "Periodic", { queues: ["scheduler"], threads: 5, ...data });
  return { stack, site, redis, etcd };
}
