// Advice about Redis, by its memory, and by keys that a cache evicted.

import { InventoryMachine, InventoryTier, InventoryUnit } from "../../core/inventory";
import { TOO_HIGH, TOO_LOW } from "./advice-limits";
import { last, least, seriesOf, timeBelow, timeFrom, worst } from "./advice-numbers";
import { RENEWAL, size, told, Watch } from "./advice-page";
import { longer } from "./advice-web";
import { moment, percent, rounded, span, up } from "./advice-words";
import { Advice, Change } from "./advised";

const MIB = 2 ** 20;
/** All instances of a machine together, of its memory: a copy is written to the disk at times, and what changes meanwhile is there twice. */
const MOST_OF_A_MACHINE = 0.7;
/** How full the memory is to be once the advice is taken. */
const AIM = 0.5;
const DELIVERED = "is delivered and takes effect at once";

interface Instance {
  readonly tier: InventoryTier;
  readonly name: string;
  readonly use: string;
  readonly machine: InventoryMachine;
  /** The tier of its machines, which is another one if it shares them. */
  readonly home: InventoryTier;
}

export function redisAdvice(watch: Watch): readonly Advice[] {
  return instancesOf(watch).map((of) => one(watch, of));
}

/** Each with its first machine: all of them are alike. */
function instancesOf({ inventory }: Watch): readonly Instance[] {
  const all = inventory.machines.flatMap((machine) =>
    machine.units.flatMap((unit): readonly Instance[] => {
      const tierAt = (path: string | undefined) => inventory.tiers.find((tier) => tier.path === path);
      const [tier, home] = [tierAt(unit.tier), tierAt(machine.tier)];
      if (unit.what !== "redis" || tier === undefined || home === undefined) return [];
      return [{ tier, home, machine, name: text(unit, "name"), use: text(unit, "use") }];
    }),
  );
  return all.filter((one, n) => all.findIndex(({ name }) => name === one.name) === n);
}

const text = (unit: InventoryUnit, name: string) => String(unit.facts[name]);

function one(watch: Watch, of: Instance): Advice {
  const about = of.name;
  const series = (query: "redisMemory" | "redisMost" | "redisEvicted" | "redisFound" | "redisRefused") =>
    seriesOf(watch.numbers, query, { use: of.use });
  const [memory, limit] = [series("redisMemory"), series("redisMost")];
  if (memory === undefined || limit === undefined || last(limit) === 0)
    return told({ kind: "unmeasured", about, seen: "there are no numbers of its memory" });
  const maxmemory = last(limit);
  const most = worst(memory);
  const full = `it used ${percent(most.value / maxmemory)} of its ${Math.round(maxmemory / MIB)} MiB at worst (${moment(most.at)})`;
  if (of.use === "cache") {
    const [evicted, found] = [series("redisEvicted"), series("redisFound")];
    const evictions = evicted === undefined ? 0 : worst(evicted).value;
    const long = Math.min(timeBelow(found, TOO_LOW.keysFound), timeFrom(evicted, Number.MIN_VALUE));
    const hits =
      found === undefined ? [] : [`${percent(least(found).value)} of the keys were found at worst (${moment(least(found).at)})`];
    const evictedWords = evictions === 0 ? "it evicted nothing" : `it evicted ${rounded(evictions)} keys a second at most`;
    const seen = [full, evictedWords, ...hits, ...(long === 0 ? [] : [`both for ${span(long)}`])].join("; ");
    return long === 0 ? told({ kind: "fine", about, seen }) : raise(watch, of, seen, maxmemory, 2 * maxmemory);
  }
  const refused = (series("redisRefused") ?? []).filter(([, value]) => value > 0);
  const long = timeFrom(memory, TOO_HIGH.redisMemory * maxmemory);
  const writes = refused.length === 0 ? [] : [`it refused writes for lack of memory (${moment(refused[0]![0])})`];
  const seen = [`${full}${longer(long, percent(TOO_HIGH.redisMemory))}`, ...writes].join("; ");
  if (long === 0 && refused.length === 0) return told({ kind: "fine", about, seen });
  return raise(watch, of, seen, maxmemory, Math.max(most.value / AIM, maxmemory * 1.25));
}

/** More memory for it, and a larger machine if its instances would leave too little. */
function raise(watch: Watch, of: Instance, seen: string, from: number, bytes: number): Advice {
  const { tier, home, machine } = of;
  const to = up(bytes / MIB, 64);
  const others = instancesOn(machine).filter(({ name }) => name !== of.name);
  const rest = others.reduce((sum, { use }) => {
    const limit = seriesOf(watch.numbers, "redisMost", { use });
    return sum + (limit === undefined ? 0 : last(limit) / MIB);
  }, 0);
  const change: Change = {
    ...{ kind: tier.kind, path: tier.path, prop: "maxMemoryMib", from: String(Math.round(from / MIB)), to: String(to) },
    cost: DELIVERED,
  };
  if (to + rest <= MOST_OF_A_MACHINE * machine.gib * 1024)
    return told({ kind: "raise", about: of.name, seen, changes: [change] });
  let times = 2;
  while (to + rest > MOST_OF_A_MACHINE * machine.gib * 1024 * times) times *= 2;
  return told({
    ...{ kind: "raise", about: of.name, seen },
    changes: [
      size(home, machine, "gib", RENEWAL, times),
      { ...change, cost: `${DELIVERED}: first renew the machines with the larger size` },
    ],
    notes: ["The machines have too little memory for it, with what their other instances may take"],
  });
}

function instancesOn(machine: InventoryMachine): readonly { readonly name: string; readonly use: string }[] {
  return machine.units
    .filter(({ what }) => what === "redis")
    .map((unit) => ({ name: text(unit, "name"), use: text(unit, "use") }));
}
