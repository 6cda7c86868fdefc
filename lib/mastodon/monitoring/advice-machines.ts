// Advice about the memory of all hosts, and the processors of kept machines other than the databases'.

import { InventoryMachine, InventoryPool, InventoryTier } from "../../core/inventory";
import { TOO_HIGH } from "./advice-limits";
import { seriesOf, timeFrom, worst } from "./advice-numbers";
import { keptTiers, RENEWAL, replaces, size, told, Watch } from "./advice-page";
import { longer } from "./advice-web";
import { moment, percent, several } from "./advice-words";
import { Advice } from "./advised";

interface Hosts {
  readonly tier: InventoryTier;
  readonly name: string;
  readonly host: InventoryMachine | InventoryPool;
}

export function machineAdvice(watch: Watch): readonly Advice[] {
  const kept = keptTiers(watch).map(({ tier, name, machines }): Hosts => ({ tier, name, host: machines[0]! }));
  const pools = watch.inventory.pools.flatMap((pool): readonly Hosts[] => {
    const tier = watch.inventory.tiers.find(({ path }) => path === pool.tier);
    return tier === undefined ? [] : [{ tier, name: pool.name, host: pool }];
  });
  return [...kept, ...pools].flatMap((of) => {
    const found = [memory(watch, of), cpu(watch, of)].filter((one) => one !== undefined);
    const raised = found.filter(({ kind }) => kind === "raise");
    if (raised.length > 0) return raised;
    return found.length === 0 ? [] : [told({ kind: "fine", about: aboutOf(of), seen: found.map(({ seen }) => seen).join("; ") })];
  });
}

const aboutOf = ({ name }: Hosts) => `${name}, machines`;

function memory(watch: Watch, of: Hosts): Advice | undefined {
  const points = seriesOf(watch.numbers, "memory", { tier: of.name });
  if (points === undefined) return undefined;
  const killed = (seriesOf(watch.numbers, "outOfMemory", { tier: of.name }) ?? []).filter(([, value]) => value > 0);
  const long = timeFrom(points, TOO_HIGH.memory);
  const most = worst(points);
  const kills =
    killed.length === 0
      ? []
      : [
          `the kernel ended ${several(Math.round(killed.reduce((sum, [, value]) => sum + value, 0)), "process", "processes")} for lack of it (${moment(killed[0]![0])})`,
        ];
  const seen = [
    `${percent(most.value)} of the memory was in use at worst (${moment(most.at)})${longer(long, percent(TOO_HIGH.memory))}`,
    ...kills,
  ].join("; ");
  if (long === 0 && killed.length === 0) return told({ kind: "fine", about: aboutOf(of), seen });
  const fewer = of.tier.kind === "WebTier" || of.tier.kind === "SidekiqGroup" ? ["Or lower `threads` or `processes`"] : [];
  return told({ kind: "raise", about: aboutOf(of), seen, changes: [size(of.tier, of.host, "gib", costOf(of))], notes: fewer });
}

/** Those of pools and of PostgreSQL are told with what they work on. */
function cpu(watch: Watch, of: Hosts): Advice | undefined {
  if (!("number" in of.host) || of.tier.kind === "Postgres") return undefined;
  const points = seriesOf(watch.numbers, "cpuOfBusiest", { tier: of.name });
  if (points === undefined) return undefined;
  const long = timeFrom(points, TOO_HIGH.cpuOfMachine);
  const most = worst(points);
  const seen = `the processors of the busiest one were ${percent(most.value)} busy (${moment(most.at)})${longer(long, percent(TOO_HIGH.cpuOfMachine))}`;
  if (long === 0) return told({ kind: "fine", about: aboutOf(of), seen });
  return told({
    kind: "raise",
    about: aboutOf(of),
    seen,
    changes: [size(of.tier, of.host, "cpus", costOf(of))],
    notes: notesOf(of),
  });
}

const costOf = ({ host }: Hosts) => ("number" in host ? RENEWAL : replaces(host));

function notesOf({ tier, host }: Hosts): readonly string[] {
  if (tier.kind === "Redis")
    return [
      "A Redis works on one processor. With two and more, a faster type of machine helps, or machines of its own for each instance",
    ];
  if (tier.kind === "PgBouncer" && host.cpus >= 2)
    return ["Its two processes use two processors at most: beyond, raise `machines`"];
  return [];
}
