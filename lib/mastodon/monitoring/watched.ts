// The facts of a page that rules are made of: `watched(site, alerts)`. Called at synth, when the whole page is known.

import { Role } from "../../core/address-plan";
import { InventoryMachine, InventoryPool, InventoryUnit } from "../../core/inventory";
import { PATH_OF_STREAMING, PATH_OF_WEB } from "./probes";
import { UsedPool } from "../pools-used";
import { Postgres } from "../postgres";
import { Site } from "../site";
import { Queue, versionOf } from "../version";
import { AlertsProps, Limits, limitsOf } from "./alerts";
import { measuresStreaming } from "./exporters";
import { externalServers, usesElsewhere } from "./external";
import { rubyExporters } from "./ruby-metrics";

export interface Watched {
  /** Kept machines by the name of their tier, which is the label `tier`. */
  readonly tiers: readonly WatchedTier[];
  readonly pools: readonly WatchedPool[];
  /** The public host names that the front door has routes for, with each path that must be answered. */
  readonly hosts: readonly { readonly host: string; readonly path: string }[];
  /** Pools with Puma. */
  readonly web: readonly { readonly pool: string; readonly threads: number }[];
  /** The number of streaming processes on all hosts; none if the version has no metrics of them. */
  readonly streaming: number;
  /** The pools whose number of machines follows how much of them is used. */
  readonly used: readonly UsedPool[];
  readonly queues: readonly WatchedQueue[];
  readonly sidekiq: WatchedSidekiq | undefined;
  readonly redis: readonly WatchedRedis[];
  readonly postgres: readonly WatchedPostgres[];
  readonly external: WatchedExternal;
  readonly etcd: readonly WatchedEtcd[];
  readonly poolers: readonly WatchedPooler[];
  /** The machines with Prometheus and Alertmanager. */
  readonly monitoring: readonly string[];
  /** Whether changed settings are delivered to running machines. */
  readonly delivers: boolean;
  readonly limits: Limits;
  /** The URL of the runbooks, if the page has one. */
  readonly runbooks: string | undefined;
}

export interface WatchedTier {
  readonly tier: string;
  readonly role: Role;
  readonly machines: readonly string[];
}

export interface WatchedPool {
  readonly pool: string;
  readonly role: Role;
  /** The members on the page; the least if their number follows their load. */
  readonly members: number;
  /** Whether a roll-out leaves it without members for a while. */
  readonly stopsFirst: boolean;
}

export interface WatchedQueue {
  readonly queue: string;
  /** The pools that work it off. */
  readonly pools: readonly string[];
  /** How long its oldest job may wait. */
  readonly seconds: number;
}

export interface WatchedSidekiq {
  /** The number of processes on all hosts. */
  readonly processes: number;
  /** The pool with the queue `scheduler`, if any. */
  readonly scheduler: string | undefined;
  /** Whether Prometheus reads metrics of the scheduler's processes. An older version has none, and the page may send them elsewhere. */
  readonly measured: boolean;
}

export interface WatchedRedis {
  readonly name: string;
  readonly use: string;
  readonly tier: string;
  readonly machines: readonly string[];
  /** The number of sentinels. */
  readonly sentinels: number;
  /** Whether it holds Sidekiq's jobs. */
  readonly jobs: boolean;
}

export interface WatchedPostgres {
  readonly tier: string;
  readonly machines: readonly string[];
  readonly maxConnections: number;
}

/** Servers that have no machine on the page, and are read from a monitoring machine. */
export interface WatchedExternal {
  readonly postgres: readonly WatchedExternalPostgres[];
  readonly redis: readonly WatchedExternalRedis[];
}

export interface WatchedExternalPostgres {
  /** The names of its servers, which are the label `instance`. */
  readonly primary: string;
  readonly replicas: readonly string[];
  /** The maximum of connections from the page to each of them; `undefined` if a pooler that the page does not run has some besides. */
  readonly maxConnections: number | undefined;
}

export interface WatchedExternalRedis {
  readonly name: string;
  readonly use: string;
  /** Whether it holds Sidekiq's jobs. */
  readonly jobs: boolean;
}

export interface WatchedEtcd {
  readonly name: string;
  /** The tier of its machines, if all are of one. */
  readonly tier: string | undefined;
  readonly machines: readonly string[];
}

export interface WatchedPooler {
  /** The tier or the pool of the hosts that it runs on. */
  readonly tier: string;
  readonly hosts: number;
  /** Whether each host has one for itself. */
  readonly each: boolean;
  readonly serverConnections: number;
  readonly maxClients: number;
}

type WatchedHost = InventoryMachine | InventoryPool;

interface Running {
  readonly host: WatchedHost;
  readonly unit: InventoryUnit;
}

/** The facts of a site with what its page says of alerts. */
export function watched(site: Site, alerts: AlertsProps = {}): Watched {
  const { machines, pools, tiers, frontDoor } = site.inventory.whole;
  const limits = limitsOf(alerts);
  const running = [...machines, ...pools].flatMap((host) => host.units.map((unit): Running => ({ host, unit })));
  const of = (what: string) => running.filter(({ unit }) => unit.what === what);
  const nameOf = (path: string) => tiers.find((tier) => tier.path === path)!.id;
  const sidekiq = of("sidekiq");
  const schedulers = sidekiq.filter(({ unit }) => unit.facts["scheduler"] === true);
  const uses = [...of("redis").map(({ unit }) => unit.facts["use"]), ...usesElsewhere(site)];
  const jobs = uses.includes("sidekiq") ? "sidekiq" : "main";
  const postgres = site.node.findAll().filter((node) => node instanceof Postgres);
  return {
    tiers: grouped(machines, tierOf).map(([tier, all]) => ({ tier, role: all[0]!.role, machines: all.map(({ name }) => name) })),
    pools: pools.map(({ name, role, size, roll }) => ({ pool: name, role, members: size, stopsFirst: roll === "stop-first" })),
    hosts: (frontDoor?.routes ?? []).flatMap(({ host, pool }) => {
      const runs = (what: string) => of(what).some((one) => one.host.name === pool);
      return [...(runs("web") ? [PATH_OF_WEB] : []), ...(runs("streaming") ? [PATH_OF_STREAMING] : [])].map((path) => ({
        host,
        path,
      }));
    }),
    web: of("web").map(({ host, unit }) => ({
      pool: host.name,
      threads: Number(unit.facts["processes"]) * Number(unit.facts["threads"]),
    })),
    streaming: measuresStreaming(versionOf(site)) ? of("streaming").reduce((sum, { host }) => sum + count(host), 0) : 0,
    used: site.shared.usedPools,
    queues: queuesOf(sidekiq, limits),
    sidekiq:
      sidekiq.length === 0
        ? undefined
        : {
            processes: sidekiq.reduce((sum, { host }) => sum + count(host), 0),
            scheduler: schedulers[0]?.host.name,
            measured: schedulers.length > 0 && isMeasured(site, schedulers[0]!.host.name),
          },
    redis: grouped(of("redis"), ({ unit }) => String(unit.facts["name"])).map(([name, all]) => ({
      name,
      use: String(all[0]!.unit.facts["use"]),
      tier: tierOf(all[0]!.host),
      machines: all.map(({ host }) => host.name),
      sentinels: (all[0]!.unit.facts["sentinels"] as readonly string[]).length,
      jobs: all[0]!.unit.facts["use"] === jobs,
    })),
    postgres: postgres.map((one) => ({
      tier: tierOfMachine(one.machines[0]!.name),
      machines: one.machines.map(({ name }) => name),
      maxConnections: one.maxConnections,
    })),
    external: externalOf(site),
    etcd: grouped(of("etcd"), ({ unit }) => unit.tier).map(([path, all]) => {
      const on = new Set(all.map(({ host }) => tierOf(host)));
      return { name: nameOf(path), tier: on.size === 1 ? [...on][0] : undefined, machines: all.map(({ host }) => host.name) };
    }),
    poolers: grouped(of("pgbouncer"), ({ host }) => tierOf(host)).map(([tier, all]) => ({
      tier,
      hosts: all.reduce((sum, { host }) => sum + count(host), 0),
      each: !("number" in all[0]!.host),
      serverConnections: Number(all[0]!.unit.facts["serverConnections"]),
      maxClients: Number(all[0]!.unit.facts["maxClients"]),
    })),
    monitoring: machines.filter(({ role }) => String(role) === "monitoring").map(({ name }) => name),
    delivers: site.cloud.can.delivers === true,
    limits,
    runbooks: alerts.runbooks,
  };
}

function externalOf(site: Site): WatchedExternal {
  const { postgres, redis } = externalServers(site);
  return {
    postgres: postgres.map(({ all: [primary, ...replicas] }) => {
      const { name, maxConnections } = primary!;
      return { primary: name, replicas: replicas.map((one) => one.name), maxConnections };
    }),
    redis: redis.map(({ one: { name, use, namespace } }) => ({ name, use, jobs: namespace !== undefined })),
  };
}

/** The names of all external servers of a kind. */
export function namesOf({ postgres, redis }: WatchedExternal, kind: "postgres" | "redis"): readonly string[] {
  return kind === "redis" ? redis.map(({ name }) => name) : postgres.flatMap(({ primary, replicas }) => [primary, ...replicas]);
}

/** Whether Prometheus reads how Sidekiq's queues are. */
export function measuresJobs({ redis, external }: Watched): boolean {
  return [...redis, ...external.redis].some(({ jobs }) => jobs);
}

function isMeasured(site: Site, pool: string): boolean {
  const { program } = site.hosts.find(({ name }) => name === pool)!;
  return rubyExporters(program).some(({ job }) => job === "sidekiq");
}

function queuesOf(sidekiq: readonly Running[], { queueSeconds }: Limits): readonly WatchedQueue[] {
  const all = sidekiq.flatMap(({ host, unit }) =>
    (unit.facts["queues"] as readonly Queue[]).map((queue) => ({ queue, pool: host.name })),
  );
  return grouped(all, ({ queue }) => queue).map(([queue, by]) => ({
    queue,
    pools: [...new Set(by.map(({ pool }) => pool))],
    seconds: queueSeconds[queue as Queue],
  }));
}

/** The label `tier` of a host: a pool's name, or a machine's without its number. */
export function tierOf(host: WatchedHost): string {
  return "number" in host ? tierOfMachine(host.name) : host.name;
}

function tierOfMachine(name: string): string {
  return name.replace(/-\d+$/, "");
}

/** The number of hosts: a pool stands for its members. */
function count(host: WatchedHost): number {
  return "number" in host ? 1 : host.size;
}

function grouped<Of>(all: readonly Of[], by: (one: Of) => string): readonly (readonly [string, readonly Of[]])[] {
  const groups = new Map<string, Of[]>();
  for (const one of all) groups.set(by(one), [...(groups.get(by(one)) ?? []), one]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
