// A site that the overview page is shown of, with the answers of its Prometheus and its Alertmanager: `serve(HEALTHY)`. The page, its facts and its
// queries are the library's; only the numbers are written down here.

import { createServer, Server } from "node:http";
import { readFileSync } from "node:fs";
import { AddressInfo } from "node:net";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Disk, Etcd, PgBouncer, Postgres, Redis, SidekiqGroup, Site, Size, StreamingPool, WebTier } from "../../lib";
import { overviewFacts, OverviewFacts } from "../../lib/mastodon/monitoring/overview/facts";
import { FakeCloud } from "../../lib/testing";

const FOLDER = join(__dirname, "../../lib/mastodon/monitoring/overview");

/** A sample: its labels, and its value. */
type Sample = readonly [Readonly<Record<string, string>>, number];
type Samples = Readonly<Record<string, readonly Sample[]>>;

export interface Answers {
  /** By the name of the query; a query without an entry has no sample. `undefined` is a Prometheus that does not answer. */
  readonly samples: Samples | undefined;
  /** `undefined` is an Alertmanager that does not answer. */
  readonly alerts: readonly object[] | undefined;
}

export function facts(): OverviewFacts {
  const site = new Site(new TerraformStack(new App(), "stack"), "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
  });
  const size = Size.of({ cpus: 4, gib: 8 });
  const redis = new Redis(site, "Redis", { replicas: 2, size });
  const quorum = new Etcd(site, "Etcd", { on: redis });
  const database = new PgBouncer(site, "Pool", {
    database: new Postgres(site, "Database", { replicas: 1, quorum, size, disk: Disk.gib(500) }),
    machines: 2,
    size,
  });
  const cache = new Redis(site, "Cache", { use: "cache", on: redis, replicas: 2 });
  const jobs = new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 });
  const data = { database, redis, cache, jobs };
  const live = new StreamingPool(site, "Streaming", { machines: 2, processes: 2, size, ...data });
  new WebTier(site, "Web", { machines: 4, processes: 4, streaming: live, size, ...data });
  new SidekiqGroup(site, "Local", { queues: { default: 8, mailers: 2 }, machines: 2, threads: 10, size, ...data });
  new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 }, machines: 3, size, ...data });
  new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, size, ...data });
  return overviewFacts(site.inventory.whole);
}

/** Serves the page; `answers` may be changed between two requests. */
export async function serve(answers: () => Answers): Promise<Server & { readonly url: string }> {
  const page = facts();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://localhost");
    const end = (status: number, type: string, body: string | Buffer) => {
      const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";
      response.writeHead(status, { "Content-Type": type, "Content-Security-Policy": policy }).end(body);
    };
    const json = (value: unknown) => end(200, "application/json", JSON.stringify(value));
    const { samples, alerts } = answers();
    if (pathname === "/prometheus/api/v1/query") {
      if (samples === undefined) return end(502, "text/html", "Bad Gateway");
      const name = Object.entries(page.queries).find(([, expression]) => expression === searchParams.get("query"))?.[0];
      if (name === undefined) return end(400, "application/json", "{}");
      const result = (samples[name] ?? []).map(([metric, value]) => ({ metric, value: [1_790_000_000, `${value}`] }));
      return json({ status: "success", data: { resultType: "vector", result } });
    }
    if (pathname === "/alertmanager/api/v2/alerts")
      return alerts === undefined ? end(502, "text/html", "Bad Gateway") : json(alerts);
    if (pathname === "/site.json") return json(page);
    const [, file, type] = /^\/((?:index|overview|sections|words)\.(html|css|js))$/.exec(
      pathname === "/" ? "/index.html" : pathname,
    ) ?? [null, undefined, ""];
    if (file === undefined) return end(404, "text/plain", "");
    return end(200, type === "js" ? "text/javascript" : `text/${type}`, readFileSync(join(FOLDER, file)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return Object.assign(server, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
}

const numbers = (count: number) => [...Array(count).keys()].map((n) => n + 1);
const MEMBERS = {
  web: ["web-1-b64500", "web-2-b64500", "web-3-b64500", "web-4-b64500"],
  streaming: ["streaming-1-91ad02", "streaming-2-91ad02"],
  local: ["local-1-77c01e", "local-2-77c01e"],
  federated: ["federated-1-0c5d12", "federated-2-0c5d12", "federated-3-0c5d12"],
  scheduler: ["scheduler-1-5e0aa1"],
};
const KEPT = { database: 2, pool: 2, redis: 3 };
const PROCESSES = MEMBERS.streaming.flatMap((instance) => ["4000", "4001"].map((process) => ({ instance, process })));
const REDIS = ["main", "cache", "sidekiq"].flatMap((use) => numbers(3).map((n) => ({ instance: `redis-${n}`, use })));
const DOORS = [
  { host: "social.example", path: "/health" },
  { host: "streaming.social.example", path: "/api/v1/streaming/health" },
];
const POOLERS = ["pool-1", "pool-2"];
const DISKS: readonly (readonly [string, string, number, number])[] = [
  ["database-1", "/var/lib/postgresql", 0.64, 180],
  ["database-2", "/var/lib/postgresql", 0.63, 185],
  ["web-1-b64500", "/", 0.41, 24],
  ["redis-2", "/var/lib/redis", 0.22, 16],
  ["redis-1", "/var/lib/redis", 0.21, 16],
];
const GIB = 1024 ** 3;
const DAY = 86400;
const each = <Labels extends Readonly<Record<string, string>>>(all: readonly Labels[], value: (n: number) => number): Sample[] =>
  all.map((labels, n) => [labels, value(n)]);
const one = (value: number): Sample[] => [[{}, value]];
const queues = (values: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(values).map(([queue, value]) => [{ queue }, value]);

const SAMPLES: Samples = {
  age: one(4),
  machines: [
    ...Object.entries(MEMBERS).flatMap(([pool, names]) =>
      names.map((instance): Sample => [{ instance, tier: pool, pool, role: pool }, 1]),
    ),
    ...Object.entries(KEPT).flatMap(([tier, count]) =>
      numbers(count).map((n): Sample => [{ instance: `${tier}-${n}`, tier, role: tier }, 1]),
    ),
  ],
  cpu: Object.entries({
    web: 0.46,
    streaming: 0.18,
    local: 0.31,
    federated: 0.57,
    scheduler: 0.04,
    pool: 0.12,
    database: 0.38,
    redis: 0.09,
  }).map(([tier, value]) => [{ tier }, value]),
  memory: Object.entries({
    web: 0.61,
    streaming: 0.33,
    local: 0.52,
    federated: 0.55,
    scheduler: 0.28,
    pool: 0.07,
    database: 0.71,
    redis: 0.44,
  }).map(([tier, value]) => [{ tier }, value]),
  disks: DISKS.map(([instance, mountpoint, used]) => [{ instance, mountpoint }, used]),
  diskFree: DISKS.map(([instance, mountpoint, , free]) => [{ instance, mountpoint }, free * GIB]),
  doors: each(DOORS, () => 1),
  doorSeconds: each(DOORS, (n) => [0.083, 0.021][n]!),
  certificates: each(DOORS, () => 61.4 * DAY),
  webRequests: [[{ pool: "web" }, 412.6]],
  webErrors: [[{ pool: "web" }, 0.2]],
  webWaiting: [[{ pool: "web" }, 0]],
  webBusy: [[{ pool: "web" }, 23]],
  webThreads: [[{ pool: "web" }, 76]],
  clients: one(6184),
  channels: one(9021),
  sent: one(842.4),
  received: one(1266),
  processClients: each(PROCESSES, (n) => [1551, 1540, 1547, 1546][n]!),
  processChannels: each(PROCESSES, (n) => [2260, 2251, 2254, 2256][n]!),
  processSent: each(PROCESSES, (n) => [211.2, 209.7, 210.9, 210.6][n]!),
  processReceived: each(PROCESSES, (n) => [317, 316, 316, 317][n]!),
  queueLatency: queues({ default: 0.4, mailers: 0, push: 1.8, ingress: 2.6, pull: 14, fasp: 0, scheduler: 0 }),
  queueSize: queues({ default: 11, mailers: 0, push: 86, ingress: 143, pull: 402, fasp: 0, scheduler: 0 }),
  retries: one(1874),
  dead: one(37),
  jobProcesses: one(16),
  jobsBusy: one(64),
  primary: [[{ instance: "database-1" }, 1]],
  follows: [
    [{ instance: "database-1" }, 0],
    [{ instance: "database-2" }, 1],
  ],
  lag: [[{ instance: "database-2" }, 0.03]],
  connections: [
    [{ instance: "database-1" }, 0.43],
    [{ instance: "database-2" }, 0.06],
  ],
  poolClients: each(
    POOLERS.map((instance) => ({ instance, tier: "pool" })),
    (n) => [212, 205][n]!,
  ),
  poolWaiting: each(
    POOLERS.map((instance) => ({ instance })),
    () => 0,
  ),
  poolWait: each(
    POOLERS.map((instance) => ({ instance })),
    () => 0,
  ),
  poolBusy: each(
    POOLERS.map((instance) => ({ instance })),
    (n) => [14, 11][n]!,
  ),
  master: ["main", "cache", "sidekiq"].map((use) => [{ instance: "redis-1", use }, 1]),
  redisMemory: each(REDIS, (n) => [1.9, 0.8, 0.4][Math.floor(n / 3)]! * GIB),
  redisLimit: each(REDIS, (n) => [4, 1, 1][Math.floor(n / 3)]! * GIB),
  redisClients: each(REDIS, (n) => [96, 64, 148][Math.floor(n / 3)]! / (n % 3 === 0 ? 1 : 4)),
  replicaLink: each(
    REDIS.filter(({ instance }) => instance !== "redis-1"),
    () => 1,
  ),
};

/** Nothing is wrong; one alert is silenced, and the one that only shows that alerts arrive fires. */
export const HEALTHY: Answers = {
  samples: SAMPLES,
  alerts: [
    alert("Watchdog", "none", {}, "Always fires"),
    {
      ...alert("DiskFillsSoon", "warning", { instance: "redis-2" }, "The disk of redis-2 fills"),
      status: { state: "suppressed" },
    },
  ],
};

/** The primary's machine is away, the standby has taken over, and a queue is late. */
export const TROUBLED: Answers = {
  samples: {
    ...SAMPLES,
    machines: SAMPLES["machines"]!.map(([labels, value]) => [labels, labels["instance"] === "database-1" ? 0 : value]),
    down: [[{ job: "redis", use: "cache", instance: "redis-3" }, 0]],
    primary: [[{ instance: "database-2" }, 1]],
    follows: [[{ instance: "database-2" }, 0]],
    lag: [],
    connections: [[{ instance: "database-2" }, 0.88]],
    disks: [[{ instance: "database-2", mountpoint: "/var/lib/postgresql" }, 0.92], ...SAMPLES["disks"]!.slice(2)],
    diskFree: [[{ instance: "database-2", mountpoint: "/var/lib/postgresql" }, 40 * GIB], ...SAMPLES["diskFree"]!.slice(2)],
    queueLatency: queues({ default: 75, mailers: 0, push: 1410, ingress: 2.6, pull: 14, fasp: 0, scheduler: 0 }),
    queueSize: queues({ default: 1811, mailers: 0, push: 48120, ingress: 143, pull: 402, fasp: 0, scheduler: 0 }),
    webWaiting: [[{ pool: "web" }, 31]],
    webBusy: [[{ pool: "web" }, 76]],
    webErrors: [[{ pool: "web" }, 9.9]],
    certificates: each(DOORS, (n) => [61.4, 5.2][n]! * DAY),
    backup: one(-4 * 3600),
    restore: one(-12 * DAY),
  },
  alerts: [
    ...HEALTHY.alerts!,
    alert(
      "MachineDown",
      "warning",
      { instance: "database-1" },
      "A machine of database is away; the others serve",
      "database-1 has not answered for 30 s.",
    ),
    alert(
      "SidekiqQueueLate",
      "critical",
      { queue: "push" },
      "Posts come late to other servers",
      "The oldest job of `push` waits for 23m 30s, the limit is 60 s.",
    ),
  ],
};

/** Prometheus does not answer. */
export const AWAY: Answers = { samples: undefined, alerts: undefined };

/** An alert as Alertmanager has it. */
export function alert(alertname: string, severity: string, labels: object, summary: string, description?: string): object {
  return {
    labels: { alertname, severity, ...labels },
    annotations: {
      summary,
      ...(description !== undefined && { description }),
    },
    startsAt: "2026-11-28T09:41:00.000Z",
    status: { state: "active" },
  };
}
