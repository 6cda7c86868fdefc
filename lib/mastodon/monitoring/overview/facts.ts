// What the overview page and the dashboards know of a site without asking it: `overviewFacts(site.inventory.whole)`. Names and numbers only: other
// strings of an inventory at synth may be Terraform expressions, and nothing of these belongs into a file for browsers.

import { Inventory, InventoryMachine, InventoryPool, InventoryUnit } from "../../../core/inventory";
import { Objectives } from "../alerts";
import { EXPORTER_UNIT } from "../external";
import { limitsIn } from "../limit-facts";
import { overviewQueries } from "./queries";

export interface OverviewFacts {
  readonly site: string;
  /** The main public host name. */
  readonly host: string;
  /** In the order in which a request passes them, then by name. */
  readonly tiers: readonly OverviewTier[];
  /** Servers that run elsewhere, as far as monitoring reads them; left out without any. */
  readonly external?: readonly OverviewExternal[];
  /** The uses of Redis, such as `main`; empty if nothing reads them. */
  readonly redis: readonly string[];
  /** Sidekiq's queues on this page; first those whose jobs people wait for. */
  readonly queues: readonly string[];
  /** How many seconds the oldest job of each queue may wait; five times as many are critical, as for alerts. */
  readonly queueSeconds: Readonly<Record<string, number>>;
  /** How many days before its end a certificate is shown as one that was not renewed. */
  readonly certificateDays: number;
  /** The share of good events that is promised, in percent. */
  readonly objectives: Objectives;
  /** The connections that a PgBouncer may open for each database, by the tier of its host; empty without a PgBouncer of the page. */
  readonly serverConnections: Readonly<Record<string, number>>;
  /** What the page asks Prometheus, by name. */
  readonly queries: Readonly<Record<string, string>>;
}

export interface OverviewTier {
  /** The name of its hosts without their number, which is the label `tier` of its targets. */
  readonly name: string;
  readonly role: string;
  /** The kinds of services on it, such as `redis`, sorted. */
  readonly runs: readonly string[];
  /** The names of kept machines; left out for a pool. */
  readonly machines?: readonly string[];
  /** How many members a pool has, the least if their number follows the load; left out for kept machines. */
  readonly size?: number;
}

/** A PostgreSQL with its replicas, or a Redis. */
export type OverviewExternal = Required<Pick<OverviewTier, "name" | "runs" | "machines">>;

/** The limit of a queue that none is known for. */
const OTHER_QUEUE_SECONDS = 600;

// People wait for what these do. The other queues may take their time.
const PEOPLE_WAIT: readonly string[] = ["default", "push", "ingress", "mailers"];

function urgency(queue: string): number {
  const index = PEOPLE_WAIT.indexOf(queue);
  return index === -1 ? PEOPLE_WAIT.length : index;
}

/** A request's way, then what keeps data, then the rest. */
const ORDER: readonly string[] = ["web", "streaming", "sidekiq", "pgbouncer", "postgres", "redis", "etcd", "own", "monitoring"];

/** @param inventory of a page at synth, or as deployed */
export function overviewFacts(inventory: Inventory): OverviewFacts {
  const limits = limitsIn(inventory);
  const queueSeconds: Readonly<Record<string, number>> = limits.queueSeconds;
  const { machines, pools } = inventory;
  const hosts = [...machines, ...pools];
  const units = hosts.flatMap((host) => host.units);
  const kept = [...new Set(machines.map(tierOf))].map((name) => keptTier(name, machines));
  const queues = distinct(namesIn(units, "sidekiq", "queues")).sort((a, b) => urgency(a) - urgency(b) || (a < b ? -1 : 1));
  const tiers = [...kept, ...pools.map(poolTier)].sort((a, b) => order(a) - order(b) || (a.name < b.name ? -1 : 1));
  const external = externalTiers(units);
  return {
    site: plain(inventory.site),
    host: plain(inventory.host),
    tiers,
    ...(external.length > 0 && { external }),
    redis: distinct([...namesIn(units, "redis", "use"), ...namesIn(units, EXPORTER_UNIT, "use")]).sort(),
    queues,
    queueSeconds: Object.fromEntries(queues.map((queue) => [queue, queueSeconds[queue] ?? OTHER_QUEUE_SECONDS])),
    certificateDays: limits.certificateDays,
    objectives: limits.objectives,
    serverConnections: Object.fromEntries([
      ...machines.flatMap((machine) => connections(tierOf(machine), machine)),
      ...pools.flatMap((pool) => connections(plain(pool.name), pool)),
    ]),
    queries: overviewQueries(),
  };
}

/** Whether a tier of the page, or an external server, runs a kind of service. */
export function runs({ tiers, external = [] }: OverviewFacts, what: string): boolean {
  return [...tiers, ...external].some((tier) => tier.runs.includes(what));
}

/** Whether a tier of the page itself does. */
export function runsItself({ tiers }: OverviewFacts, what: string): boolean {
  return tiers.some((tier) => tier.runs.includes(what));
}

/** Each monitoring machine has an exporter of each. */
function externalTiers(units: readonly InventoryUnit[]): readonly OverviewExternal[] {
  const all = units.flatMap(({ what, facts }) => {
    const { of, server, primary = server } = facts;
    return what === EXPORTER_UNIT ? [{ name: plain(String(primary)), of: plain(String(of)), server: plain(String(server)) }] : [];
  });
  return distinct(all.map(({ of, name }) => `${of} ${name}`))
    .sort()
    .map((key) => {
      const own = all.filter(({ of, name }) => `${of} ${name}` === key);
      const [{ name, of }] = own as [(typeof own)[0]];
      return { name, runs: [of], machines: distinct(own.map(({ server }) => server)) };
    });
}

/** The name of a kept machine without its number. */
function tierOf({ name }: InventoryMachine): string {
  return plain(name).replace(/-\d+$/, "");
}

function keptTier(name: string, machines: readonly InventoryMachine[]): OverviewTier {
  const own = machines.filter((machine) => tierOf(machine) === name).sort((a, b) => a.number - b.number);
  return { name, role: own[0]!.role, runs: kinds(own), machines: own.map((machine) => plain(machine.name)) };
}

function poolTier(pool: InventoryPool): OverviewTier {
  return { name: plain(pool.name), role: pool.role, runs: kinds([pool]), size: pool.size };
}

function connections(tier: string, { units }: InventoryMachine | InventoryPool): readonly (readonly [string, number])[] {
  const most = units.find(({ what }) => what === "pgbouncer")?.facts["serverConnections"];
  return typeof most === "number" ? [[tier, most]] : [];
}

function kinds(hosts: readonly (InventoryMachine | InventoryPool)[]): readonly string[] {
  return distinct(hosts.flatMap(({ units }) => units.map(({ what }) => plain(what)))).sort();
}

function namesIn(units: readonly InventoryUnit[], what: string, fact: string): readonly string[] {
  return units
    .filter((unit) => unit.what === what)
    .flatMap(({ facts }) => [facts[fact]].flat())
    .flatMap((value) => (typeof value === "string" ? [plain(value)] : []));
}

function order({ role }: OverviewTier): number {
  const index = ORDER.indexOf(role);
  return index === -1 ? ORDER.length : index;
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)];

/** A name as it is; anything else, such as an expression, is not shown. */
function plain(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : "?";
}
