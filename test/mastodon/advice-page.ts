// A page and its numbers for tests of advice: a whole day in which all is well, but for what a test gives.

import { App, TerraformStack, Testing } from "cdktf";
import { Disk, Etcd, Monitoring, PgBouncer, Postgres, Redis, SidekiqGroup, Site, Size, StreamingPool, WebTier } from "../../lib";
import type { AlertsProps, PgBouncerProps, PostgresProps, SidekiqGroupProps, StreamingPoolProps, WebTierProps } from "../../lib";
import { Inventory } from "../../lib/core/inventory";
import { Budget, budgetsIn } from "../../lib/mastodon/connections";
import { advice, Advice } from "../../lib/mastodon/monitoring/advice";
import { Numbers, Point, Series } from "../../lib/mastodon/monitoring/advice-numbers";
import { adviceText } from "../../lib/mastodon/monitoring/advice-text";
import { QUERIES, QueryName, STEP_SECONDS } from "../../lib/mastodon/monitoring/advice-queries";
import { FakeCloud } from "../../lib/testing";

export interface Page {
  readonly inventory: Inventory;
  readonly budgets: readonly Budget[];
  /** The local value of the plan. */
  readonly connections: unknown;
}

interface Props {
  readonly web?: Partial<WebTierProps>;
  readonly streaming?: Partial<StreamingPoolProps>;
  readonly federated?: Partial<SidekiqGroupProps>;
  readonly scheduler?: Partial<SidekiqGroupProps>;
  readonly pool?: Partial<PgBouncerProps>;
  readonly database?: Partial<PostgresProps>;
  /** Without them the page has no `Monitoring`. */
  readonly alerts?: AlertsProps;
}

export function page({ web, streaming, federated, scheduler, pool, database, alerts }: Props = {}): Page {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud({ scales: true }), domain: "social.example", version: "4.7.6" });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  const etcd = new Etcd(site, "Etcd", { on: redis });
  const db = new Postgres(site, "Database", { replicas: 1, quorum: etcd, disk: Disk.gib(100), ...database });
  const pooler = new PgBouncer(site, "Pool", { database: db, ...pool });
  const cache = new Redis(site, "Cache", { use: "cache", on: redis });
  const jobs = new Redis(site, "Jobs", { use: "sidekiq", on: redis });
  const data = { database: pooler, redis, cache, jobs };
  const live = new StreamingPool(site, "Streaming", { processes: 1, size: Size.of({ cpus: 2, gib: 2 }), ...streaming, ...data });
  new WebTier(site, "Web", { machines: 4, streaming: live, ...web, ...data });
  new SidekiqGroup(site, "Jobs-Local", { queues: { default: 8, mailers: 2 }, machines: 2, threads: 10, ...data });
  const queues = { push: 6, ingress: 4, pull: 1, fasp: 1 };
  new SidekiqGroup(site, "Federated", { queues, machines: 2, ...federated, ...data });
  new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...scheduler, ...data });
  if (alerts !== undefined) new Monitoring(site, "Monitoring", { alerts });
  const { output, locals } = JSON.parse(Testing.synth(stack, true)) as {
    readonly output: { readonly social_inventory: { readonly value: Inventory } };
    readonly locals: { readonly social_database_connections: unknown };
  };
  const connections = locals.social_database_connections;
  return { inventory: output.social_inventory.value, connections, budgets: budgetsIn(connections) };
}

const seconds = (time: string) => Date.parse(time) / 1000;
export const FROM = seconds("2026-11-28T08:00:00Z");
const VALUES = (24 * 3600) / STEP_SECONDS + 1;
const EVENING = seconds("2026-11-28T20:15:00Z");

/** A day of one value; with a peak, that one for `values` times five minutes from 20:15 on. */
export function day(labels: Series["labels"], value: number, peak?: { readonly value: number; readonly values: number }): Series {
  const at = (n: number) => FROM + n * STEP_SECONDS;
  const in_ = (time: number) => peak !== undefined && time >= EVENING && time < EVENING + peak.values * STEP_SECONDS;
  return { labels, points: Array.from({ length: VALUES }, (_, n): Point => [at(n), in_(at(n)) ? peak!.value : value]) };
}

/** A day in which it grows evenly. */
export function rising(labels: Series["labels"], from: number, to: number): Series {
  const { points } = day(labels, from);
  return { labels, points: points.map(([at], n): Point => [at, from + ((to - from) * n) / (VALUES - 1)]) };
}

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const TIERS = ["redis", "database", "pool", "web", "streaming", "jobs-local", "federated", "scheduler"] as const;
const POOLS = ["jobs-local", "federated", "scheduler"] as const;
const QUEUES = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
const USES = { main: 1024, cache: 256, sidekiq: 256 } as const;
const uses = (value: (mib: number) => number) => Object.entries(USES).map(([use, mib]) => day({ use }, value(mib)));
const tiers = (value: number) => TIERS.map((tier) => day({ tier }, value));
const DISKS = [
  { tier: "redis", mountpoint: "/var/lib/redis" },
  { tier: "database", mountpoint: "/var/lib/postgresql" },
];

/** All is well. */
export const QUIET: Numbers = {
  hosts: [...tiers(2).filter(({ labels }) => labels["tier"] !== "web"), day({ tier: "web" }, 4)],
  cpu: tiers(0.4),
  cpuOfBusiest: tiers(0.5),
  memory: tiers(0.6),
  outOfMemory: tiers(0),
  diskWait: tiers(0.02),
  diskUsed: DISKS.map((labels) => day(labels, 5 * GIB)),
  diskSize: [day(DISKS[0]!, 20 * GIB), day(DISKS[1]!, 100 * GIB)],
  webBusy: [day({ pool: "web" }, 0.4)],
  webWaiting: [day({ pool: "web" }, 0)],
  webRefused: [day({ pool: "web" }, 0)],
  queueLatency: QUEUES.map((queue) => day({ queue }, 1)),
  sidekiqBusy: POOLS.map((pool) => day({ pool }, 0.5)),
  streamingClients: [day({ pool: "streaming" }, 150)],
  streamingCpu: [day({ pool: "streaming" }, 0.4)],
  streamingLag: [day({ pool: "streaming" }, 0.012)],
  poolerWaiting: [day({ tier: "pool" }, 0)],
  poolerLongest: [day({ tier: "pool" }, 0)],
  poolerUsed: [day({ tier: "pool" }, 20)],
  poolerClients: [day({ tier: "pool" }, 200)],
  postgresConnections: [day({ instance: "database-1" }, 0.4), day({ instance: "database-2" }, 0.2)],
  postgresMost: [day({ instance: "database-1" }, 200), day({ instance: "database-2" }, 200)],
  postgresHits: [day({ tier: "database" }, 0.995)],
  redisMemory: uses((mib) => 0.3 * mib * MIB),
  redisMost: uses((mib) => mib * MIB),
  redisEvicted: uses(() => 0),
  redisFound: uses(() => 0.9),
  redisRefused: [],
};

/** Another series in the place of the quiet one with the same labels. */
export function quietBut(others: Readonly<Partial<Record<QueryName, Series>>>): Numbers {
  const same = (a: Series["labels"], b: Series["labels"]) => JSON.stringify(a) === JSON.stringify(b);
  const changed = Object.entries(others).map(([query, series]) => {
    const rest = QUIET[query as QueryName]!.filter(({ labels }) => !same(labels, series.labels));
    return [query, [...rest, series]];
  });
  return { ...QUIET, ...Object.fromEntries(changed) };
}

/** The advice other than that all is well. */
export function todo(numbers: Numbers, { inventory, budgets }: Page): readonly Advice[] {
  return advice({ inventory, numbers, budgets }).filter(({ kind }) => kind !== "fine");
}

/** The same as lines for people. */
export function shown(numbers: Numbers, of: Page): readonly string[] {
  return adviceText(todo(numbers, of));
}

/** The answers of Prometheus, as curl prints them. */
export function answers(numbers: Numbers, since = day({}, 9)): string {
  const answer = (all: readonly Series[]) => {
    const result = all.map(({ labels, points }) => ({
      metric: labels,
      values: points.map(([at, value]) => [at, String(value)]),
    }));
    return JSON.stringify({ status: "success", data: { resultType: "matrix", result } });
  };
  const names = Object.keys(QUERIES) as readonly QueryName[];
  return [[since], ...names.map((name) => numbers[name] ?? [])].map((all) => `${answer(all)}\n`).join("");
}
