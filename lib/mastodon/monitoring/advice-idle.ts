// What is larger than needed, by the highest load of at least a day. A lost machine must not make the others too busy.

import { withMachines } from "./advice-budgets";
import { AIM, TOO_LOW } from "./advice-limits";
import { Point, seriesOf, worst } from "./advice-numbers";
import { keptTiers, mostOf, poolsWith, RENEWAL, told, Watch, WatchedPool } from "./advice-page";
import { moment, percent } from "./advice-words";
import { Advice, Change } from "./advised";

const DAY = 86_400;
/** Each tier has two, so that one may be lost. */
const LEAST_MACHINES = 2;
const CAUTION =
  "Weekends and holidays differ: look at a week (--hours 168) before you do it, and keep what a lost machine, a roll-out and growth need";

export function idleAdvice(watch: Watch): readonly Advice[] {
  const pools = ["web", "streaming", "sidekiq"].flatMap((what) =>
    poolsWith(watch, what).filter(({ tier }) => !(what === "streaming" && tier.kind === "WebTier")),
  );
  return [...pools.flatMap((of) => idlePool(watch, of)), ...idleDatabases(watch)];
}

function idlePool(watch: Watch, of: WatchedPool): readonly Advice[] {
  const { tier, pool, name } = of;
  // Their number follows the load already.
  if (mostOf(watch, of) > pool.size) return [];
  const loads = [
    ["of the processors", seriesOf(watch.numbers, "cpu", { tier: pool.name })],
    ["of the threads", seriesOf(watch.numbers, "webBusy", { pool: pool.name })],
    ["of the threads", seriesOf(watch.numbers, "sidekiqBusy", { pool: pool.name })],
    ["of a processor by a process", seriesOf(watch.numbers, "streamingCpu", { pool: pool.name })],
  ] as const;
  const known = loads.flatMap(([of, points]) => (points === undefined ? [] : [{ of, points, most: worst(points) }]));
  const cpu = loads[0][1];
  if (cpu === undefined || !wholeDay(cpu) || known.some(({ most }) => most.value > TOO_LOW.idle)) return [];
  const load = Math.max(...known.map(({ most }) => most.value));
  // One more than the load needs.
  const to = Math.max(LEAST_MACHINES, Math.ceil((pool.size * load) / AIM - 1e-9) + 1);
  if (to >= pool.size) return [];
  const change: Change = {
    ...{ kind: tier.kind, path: tier.path, prop: "machines", from: String(pool.size), to: String(to) },
    cost: "removes machines in order",
  };
  const seen = known.map(({ of, most }) => `at most ${percent(most.value)} ${of} were busy (${moment(most.at)})`).join("; ");
  const connections = withMachines(watch, name, { from: pool.size, to });
  return [told({ kind: "lower", about: pool.name, seen, changes: [change], connections, notes: [CAUTION] })];
}

/** Their memory is a cache and is always full, so that only processors can be seen to be idle. */
function idleDatabases(watch: Watch): readonly Advice[] {
  return keptTiers(watch)
    .filter(({ tier, machines }) => tier.kind === "Postgres" && machines[0]!.cpus > 2)
    .flatMap(({ tier, name, machines }) => {
      const points = seriesOf(watch.numbers, "cpuOfBusiest", { tier: name });
      const { cpus, gib } = machines[0]!;
      const most = points === undefined || !wholeDay(points) ? undefined : worst(points);
      if (most === undefined || most.value > TOO_LOW.idle / 2) return [];
      const words = (cpus: number) => `{ cpus: ${cpus}, gib: ${gib} }`;
      const change = {
        kind: tier.kind,
        path: tier.path,
        prop: "size",
        from: words(cpus),
        to: words(Math.ceil(cpus / 2)),
        cost: RENEWAL,
      };
      const seen = `the processors of its busiest machine were at most ${percent(most.value)} busy (${moment(most.at)})`;
      return [
        told({ kind: "lower", about: name, seen, changes: [change], notes: [CAUTION, "Leave its memory: it is the cache"] }),
      ];
    });
}

function wholeDay(points: readonly Point[]): boolean {
  return points[points.length - 1]![0] - points[0]![0] >= DAY - 1800;
}
