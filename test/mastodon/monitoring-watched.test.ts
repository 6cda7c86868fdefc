import { App, TerraformStack } from "cdktf";
import { PgBouncer, Postgres, prometheus, Redis, SidekiqGroup, Site, WebTier } from "../../lib";
import { limitsOf } from "../../lib/mastodon/monitoring/alerts";
import { rules } from "../../lib/mastodon/monitoring/rules";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { FakeCloud } from "../../lib/testing";
import { monitoringPage } from "./monitoring-page";

test("the facts of a page with one of everything", () => {
  const { site } = monitoringPage();
  const redis = ["redis-1", "redis-2", "redis-3"];
  expect(watched(site)).toEqual({
    tiers: [
      { tier: "cache", role: "redis", machines: ["cache-1"] },
      { tier: "database", role: "postgres", machines: ["database-1", "database-2"] },
      { tier: "pool", role: "pgbouncer", machines: ["pool-1"] },
      { tier: "redis", role: "redis", machines: redis },
    ],
    pools: [
      { pool: "periodic", role: "sidekiq", members: 1, stopsFirst: true },
      { pool: "posts", role: "sidekiq", members: 2, stopsFirst: false },
      { pool: "rest", role: "sidekiq", members: 1, stopsFirst: false },
      { pool: "streaming", role: "streaming", members: 2, stopsFirst: false },
      { pool: "web", role: "web", members: 3, stopsFirst: false },
    ],
    hosts: [
      { host: "social.example", path: "/health" },
      { host: "streaming.social.example", path: "/api/v1/streaming/health" },
    ],
    web: [{ pool: "web", threads: 10 }],
    streaming: 4,
    used: [],
    queues: [
      { queue: "default", pools: ["posts"], seconds: 15 },
      { queue: "fasp", pools: ["rest"], seconds: 600 },
      { queue: "ingress", pools: ["posts"], seconds: 60 },
      { queue: "mailers", pools: ["posts"], seconds: 300 },
      { queue: "pull", pools: ["rest"], seconds: 600 },
      { queue: "push", pools: ["posts", "rest"], seconds: 60 },
      { queue: "scheduler", pools: ["periodic"], seconds: 600 },
    ],
    sidekiq: { processes: 4, scheduler: "periodic", measured: true },
    redis: [
      { name: "cache", use: "cache", tier: "cache", machines: ["cache-1"], sentinels: 0, jobs: false },
      { name: "jobs", use: "sidekiq", tier: "redis", machines: redis, sentinels: 3, jobs: true },
      { name: "redis", use: "main", tier: "redis", machines: redis, sentinels: 3, jobs: false },
    ],
    postgres: [{ tier: "database", machines: ["database-1", "database-2"], maxConnections: 300 }],
    external: { postgres: [], redis: [] },
    etcd: [{ name: "Etcd", tier: "redis", machines: redis }],
    poolers: [{ tier: "pool", hosts: 1, each: false, serverConnections: 50, maxClients: 5000 }],
    monitoring: [],
    delivers: true,
    limits: limitsOf({}),
  });
});

test("a small page: one Redis for all, a pooler on each machine, streaming on the web machines, an older version", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.3.9" });
  const redis = new Redis(site, "Redis");
  const database = new PgBouncer(site, "Pool", { database: new Postgres(site, "Database"), on: "each" });
  new WebTier(site, "Web", { machines: 2, streaming: { processes: 2 }, database, redis, cache: redis, jobs: redis });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler"] as const;
  new SidekiqGroup(site, "Jobs", { queues, database, redis, cache: redis, jobs: redis });
  const { hosts, streaming, sidekiq, poolers, redis: all, queues: known, limits } = watched(site, { queueSeconds: { push: 20 } });
  expect({ hosts, streaming, sidekiq, poolers, all, push: known.find(({ queue }) => queue === "push"), limits }).toEqual({
    hosts: [
      { host: "social.example", path: "/health" },
      { host: "social.example", path: "/api/v1/streaming/health" },
    ],
    streaming: 4,
    sidekiq: { processes: 1, scheduler: "jobs", measured: false },
    poolers: [
      { tier: "jobs", hosts: 1, each: true, serverConnections: 10, maxClients: 5000 },
      { tier: "web", hosts: 2, each: true, serverConnections: 10, maxClients: 5000 },
    ],
    all: [{ name: "redis", use: "main", tier: "redis", machines: ["redis-1"], sentinels: 0, jobs: true }],
    push: { queue: "push", pools: ["jobs"], seconds: 20 },
    limits: {
      queueSeconds: { default: 15, push: 20, ingress: 60, mailers: 300, pull: 600, scheduler: 600, fasp: 600 },
      objectives: { pages: 99.5, posts: 99.5, streaming: 99.5 },
      certificateDays: 14,
    },
  });
});

test("streaming before 4.2 has no metrics, so nothing is said of its processes", () => {
  const streaming = (version: string) => {
    const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
      cloud: new FakeCloud(),
      domain: "social.example",
      version,
    });
    const redis = new Redis(site, "Redis");
    const data = { database: new Postgres(site, "Database"), redis, cache: redis, jobs: redis };
    new WebTier(site, "Web", { machines: 2, streaming: { processes: 2 }, ...data });
    return { processes: watched(site).streaming, rule: rules(watched(site)).includes("alert: StreamingDown\n") };
  };
  expect(streaming("4.1.25")).toEqual({ processes: 0, rule: false });
  expect(streaming("4.2.0")).toEqual({ processes: 4, rule: true });
});

test.each([
  ["nothing about metrics", {}, "sidekiq"],
  ["a port for metrics", { settings: [prometheus({ port: 9555 })] }, "sidekiq"],
  ["a collector", { settings: [prometheus({ collector: { host: "collector.example" } })] }, "node"],
  ["a variable of its own", { extraEnv: { MASTODON_PROMETHEUS_EXPORTER_ENABLED: "false" } }, "node"],
])("with %s on the page the scheduler is watched by what Prometheus reads of it", (_, props, job) => {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
    ...props,
  });
  const redis = new Redis(site, "Redis");
  const data = { database: new Postgres(site, "Database"), redis, cache: redis, jobs: redis };
  new SidekiqGroup(site, "Jobs", { queues: ["default", "push", "ingress", "mailers", "pull"], ...data });
  new SidekiqGroup(site, "Periodic", { queues: ["scheduler"], ...data });
  expect(watched(site).sidekiq).toEqual({ processes: 2, scheduler: "periodic", measured: job === "sidekiq" });
  expect(rules(watched(site))).toContain(
    `expr: (count(up{job="${job}",pool="periodic"} == 1) or vector(0)) == 0 and on () max_over_time(up{job="${job}",pool="periodic"}[1d]) > 0\n`,
  );
});
