// What advice knows of the page: its deployed inventory, the numbers, and how many connections of databases its tiers may open.

import { hostName } from "../../core/names";
import { Inventory, InventoryMachine, InventoryPool, InventoryTier, InventoryUnit } from "../../core/inventory";
import { Budget, withEach, withMachines } from "./advice-budgets";
import { AIM } from "./advice-limits";
import { Numbers, seriesOf, valueAt } from "./advice-numbers";
import { Advice, Change } from "./advised";

export interface Watch {
  readonly inventory: Inventory;
  readonly numbers: Numbers;
  /** Of each server; none if the plan is not known. */
  readonly budgets: readonly Budget[];
}

/** A tier that is a pool. */
export interface WatchedPool {
  readonly tier: InventoryTier;
  /** Its name in the sums of connections. */
  readonly name: string;
  readonly pool: InventoryPool;
  /** The units of the kind, on each member. */
  readonly units: readonly InventoryUnit[];
}

/** The pools with units of a kind, such as `web`. */
export function poolsWith({ inventory }: Watch, what: string): readonly WatchedPool[] {
  return inventory.pools.flatMap((pool) => {
    const units = pool.units.filter((unit) => unit.what === what);
    const tier = inventory.tiers.find(({ path }) => path === units[0]?.tier);
    return tier === undefined ? [] : [{ tier, name: hostName(tier.id), pool, units }];
  });
}

/** The kept machines of a tier; they are of one size. */
export interface WatchedMachines {
  readonly tier: InventoryTier;
  /** The label `tier` of its series. */
  readonly name: string;
  readonly machines: readonly InventoryMachine[];
}

/** The tiers with kept machines of their own. */
export function keptTiers({ inventory }: Watch): readonly WatchedMachines[] {
  return inventory.tiers.flatMap((tier) => {
    const machines = inventory.machines.filter((machine) => machine.tier === tier.path);
    return machines.length === 0 ? [] : [{ tier, name: nameOf(machines[0]!), machines }];
  });
}

/** The label `tier` of a host: a pool's name, or a machine's without its number. */
export function nameOf(host: InventoryMachine | InventoryPool): string {
  return "number" in host ? host.name.replace(/-\d+$/, "") : host.name;
}

export function fact(unit: InventoryUnit, name: string): number {
  return Number(unit.facts[name]);
}

/** Advice without what it does not have. */
export function told(advice: Pick<Advice, "kind" | "about" | "seen"> & Partial<Advice>): Advice {
  return { changes: [], connections: [], notes: [], ...advice };
}

export const NEW_MACHINES = "adds machines, and leaves the others as they are";
export const replaces = (pool: InventoryPool): string =>
  pool.roll === "start-first"
    ? "replaces all machines; new ones work before old ones stop"
    : "replaces all machines one after the other, each stops before its new one starts";
export const RENEWAL = "waits for the renewal of each machine, which stops it for a while";

/** A larger size of a machine: twice the processors or the memory, or more. */
export function size(
  tier: InventoryTier,
  host: { readonly cpus: number; readonly gib: number },
  more: "cpus" | "gib",
  cost: string,
  times = 2,
): Change {
  const to = more === "cpus" ? { cpus: times * host.cpus, gib: host.gib } : { cpus: host.cpus, gib: times * host.gib };
  const words = ({ cpus, gib }: typeof to) => `{ cpus: ${cpus}, gib: ${gib} }`;
  return { kind: tier.kind, path: tier.path, prop: "size", from: words(host), to: words(to), cost };
}

/**
 * More machines of a pool, as many as bring its load back to what `scale` aims at.
 * @param load how busy it was at worst, of 1
 * @param at when
 */
export function moreMachines(watch: Watch, of: WatchedPool, load: number, at: number): Pick<Advice, "changes" | "connections"> {
  const { tier, pool, name } = of;
  const here = valueAt(seriesOf(watch.numbers, "hosts", { tier: pool.name }), at) ?? pool.size;
  const most = mostOf(watch, of);
  const scaled = most > pool.size && here >= most;
  const from = scaled ? most : pool.size;
  const to = Math.max(from + 1, Math.ceil((here * load) / AIM - 1e-9));
  const prop = scaled ? "most of scale" : "machines";
  const change = (prop: string, from: number): Change => ({
    ...{ kind: tier.kind, path: tier.path, prop, from: String(from), to: String(to) },
    cost: NEW_MACHINES,
  });
  const counted = Math.max(from, most);
  return {
    changes: [change(prop, from), ...(to > most && most > pool.size && !scaled ? [change("most of scale", most)] : [])],
    connections: to <= counted ? [] : withMachines(watch, name, { from: counted, to }),
  };
}

/** The most machines that connections are counted for: more than the page's if their number follows the load. */
export function mostOf({ budgets }: Watch, { name, pool, units }: WatchedPool): number {
  const each = units[0]?.what === "web" ? fact(units[0], "processes") : units.length;
  const rows = budgets.flatMap(({ rows }) => rows.filter((row) => row.tier === name && row.what === undefined));
  return Math.max(pool.size, ...rows.map(({ processes }) => Math.floor(processes / each)));
}

/** What other connections of each process do: the factor by which there are more. */
export function moreEach(watch: Watch, of: WatchedPool, factor: number): readonly string[] {
  return withEach(watch, of.name, undefined, factor);
}
