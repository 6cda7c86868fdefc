// Advice about PostgreSQL, by its connections, its processors, and whether what is used often fits its memory.

import { TOO_HIGH, TOO_LOW } from "./advice-limits";
import { last, least, Point, seriesOf, timeBelow, timeFrom, worst } from "./advice-numbers";
import { keptTiers, RENEWAL, size, told, Watch, WatchedMachines } from "./advice-page";
import { moment, percent, span, up } from "./advice-words";
import { longer } from "./advice-web";
import { Advice, Change } from "./advised";

const MOST_CONNECTIONS = 1000;

export function postgresAdvice(watch: Watch): readonly Advice[] {
  return keptTiers(watch)
    .filter(({ tier }) => tier.kind === "Postgres")
    .flatMap((of) => {
      const found = [connections(watch, of), cpu(watch, of), memory(watch, of)].filter((one) => one !== undefined);
      if (found.length === 0) return [told({ kind: "unmeasured", about: of.name, seen: "there are no numbers of PostgreSQL" })];
      const raised = found.filter(({ kind }) => kind === "raise");
      return raised.length > 0
        ? raised
        : [told({ kind: "fine", about: of.name, seen: found.map(({ seen }) => seen).join("; ") })];
    });
}

function connections(watch: Watch, { tier, name, machines }: WatchedMachines): Advice | undefined {
  const all = machines.flatMap((machine) => {
    const points = seriesOf(watch.numbers, "postgresConnections", { instance: machine.name });
    return points === undefined ? [] : [{ instance: machine.name, points }];
  });
  if (all.length === 0) return undefined;
  const { instance, points } = all.reduce((most, one) => (worst(one.points).value > worst(most.points).value ? one : most));
  const long = timeFrom(points, TOO_HIGH.connections);
  const most = worst(points);
  const seen = `${percent(most.value)} of the connections of ${instance} were in use at worst (${moment(most.at)})${longer(long, percent(TOO_HIGH.connections))}`;
  const limit = seriesOf(watch.numbers, "postgresMost", { instance });
  if (long === 0) return told({ kind: "fine", about: name, seen });
  const from = limit === undefined ? undefined : last(limit);
  const to = from === undefined ? undefined : Math.min(MOST_CONNECTIONS, up((from * most.value) / 0.6, 10));
  const change: Change = {
    ...{ kind: tier.kind, path: tier.path, prop: "maxConnections", from: String(from ?? "what it is"), to: String(to ?? "more") },
    cost: "is delivered, and takes effect when you restart PostgreSQL, which interrupts the site for some seconds",
  };
  return told({
    ...{ kind: "raise", about: name, seen, changes: [change] },
    notes: ["Each connection takes memory. Many that do nothing are better held by a PgBouncer in front"],
  });
}

function cpu(watch: Watch, { tier, name, machines }: WatchedMachines): Advice | undefined {
  const points = seriesOf(watch.numbers, "cpuOfBusiest", { tier: name });
  if (points === undefined) return undefined;
  const long = timeFrom(points, TOO_HIGH.cpuOfMachine);
  const most = worst(points);
  const seen = `the processors of its busiest machine were ${percent(most.value)} busy (${moment(most.at)})${longer(long, percent(TOO_HIGH.cpuOfMachine))}`;
  if (long === 0) return told({ kind: "fine", about: name, seen });
  const replicas = machines.length - 1;
  const reads =
    replicas === 0
      ? "Or raise `replicas`: the first one needs an Etcd, and takes a part of the web machines' reads"
      : `Or raise \`replicas\` from ${replicas} to ${replicas + 1}, if the busiest machine is a standby: writes are the primary's alone`;
  return told({
    ...{ kind: "raise", about: name, seen, changes: [size(tier, machines[0]!, "cpus", RENEWAL)] },
    notes: ["Look for slow queries first", reads],
  });
}

function memory(watch: Watch, { tier, name, machines }: WatchedMachines): Advice | undefined {
  const hits = seriesOf(watch.numbers, "postgresHits", { tier: name });
  if (hits === undefined) return undefined;
  const wait = seriesOf(watch.numbers, "diskWait", { tier: name });
  const long = Math.min(timeBelow(hits, TOO_LOW.cacheHits), timeFrom(wait, TOO_HIGH.diskWait));
  const fewest = least(hits);
  const seen = `it found ${percent(fewest.value)} of the blocks in its memory at worst (${moment(fewest.at)})${waited(wait, long)}`;
  if (long === 0) return told({ kind: "fine", about: name, seen });
  return told({ kind: "raise", about: name, seen, changes: [size(tier, machines[0]!, "gib", RENEWAL)] });
}

function waited(wait: readonly Point[] | undefined, long: number): string {
  if (wait === undefined) return "";
  const most = worst(wait);
  const time = long === 0 ? "" : `, and both were so for ${span(long)}`;
  return `, and something waited for the disk in ${percent(most.value)} of the time (${moment(most.at)})${time}`;
}
