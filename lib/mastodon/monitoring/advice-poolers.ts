// Advice about PgBouncer, by clients that wait, and by how many of its connections are in use.

import { InventoryTier, InventoryUnit } from "../../core/inventory";
import { hostName } from "../../core/names";
import { withEach } from "./advice-budgets";
import { TOO_HIGH } from "./advice-limits";
import { seriesOf, timeFrom, worst } from "./advice-numbers";
import { fact, keptTiers, nameOf, replaces, told, Watch } from "./advice-page";
import { moment, percent, rounded, several, span, up } from "./advice-words";
import { longer } from "./advice-web";
import { Advice, Change } from "./advised";

const DELIVERED = "is delivered without cutting a client";

interface Pooler {
  readonly tier: InventoryTier;
  /** The label `tier` of its series. */
  readonly name: string;
  /** The name of the clients in the sums of connections: the tier that it runs on. */
  readonly clients: string;
  readonly unit: InventoryUnit;
  readonly cost: string;
}

export function poolerAdvice(watch: Watch): readonly Advice[] {
  return poolersOf(watch).flatMap((of) => {
    const about = of.name;
    const used = seriesOf(watch.numbers, "poolerUsed", { tier: of.name });
    if (used === undefined) return [told({ kind: "unmeasured", about, seen: "there are no numbers of PgBouncer" })];
    const found = [connections(watch, of), ...clients(watch, of)];
    const raised = found.filter(({ kind }) => kind === "raise");
    return raised.length > 0 ? raised : [told({ kind: "fine", about, seen: found.map(({ seen }) => seen).join("; ") })];
  });
}

/** One for each tier of hosts: all of them are alike. */
function poolersOf({ inventory }: Watch): readonly Pooler[] {
  const all = [...inventory.machines, ...inventory.pools].flatMap((host) =>
    host.units
      .filter(({ what }) => what === "pgbouncer")
      .flatMap((unit): readonly Pooler[] => {
        const tier = inventory.tiers.find(({ path }) => path === unit.tier);
        const own = inventory.tiers.find(({ path }) => path === host.tier) ?? tier;
        if (tier === undefined || own === undefined) return [];
        const cost = "number" in host ? DELIVERED : replaces(host);
        return [{ tier, name: nameOf(host), clients: hostName(own.id), unit, cost }];
      }),
  );
  return all.filter((one, n) => all.findIndex(({ name }) => name === one.name) === n);
}

function connections(watch: Watch, of: Pooler): Advice {
  const { tier, name, unit, cost } = of;
  const from = fact(unit, "serverConnections");
  const used = seriesOf(watch.numbers, "poolerUsed", { tier: name })!;
  const waiting = seriesOf(watch.numbers, "poolerWaiting", { tier: name });
  const longest = seriesOf(watch.numbers, "poolerLongest", { tier: name });
  const long = {
    used: timeFrom(used, TOO_HIGH.serverConnections * from),
    waiting: timeFrom(waiting, TOO_HIGH.waitingClients),
  };
  const most = worst(used);
  const seen = [
    `${rounded(most.value)} of ${from} server connections of PgBouncer worked at worst (${moment(most.at)})${longer(long.used, percent(TOO_HIGH.serverConnections))}`,
    long.waiting === 0
      ? "no client waited for long"
      : `${several(worst(waiting!).value, "client")} waited for one (${moment(worst(waiting!).at)}), for ${span(long.waiting)} in all`,
    ...(longest === undefined || long.waiting === 0 ? [] : [`the longest wait was ${span(worst(longest).value)}`]),
  ].join("; ");
  const about = name;
  if (long.used + long.waiting === 0) return told({ kind: "fine", about, seen });
  const database = busyDatabase(watch);
  if (database !== undefined) return told({ kind: "raise", about, seen, notes: [database] });
  const to = up(from * 1.5, 10);
  const change: Change = {
    kind: tier.kind,
    path: tier.path,
    prop: "serverConnections",
    from: String(from),
    to: String(to),
    cost,
  };
  return told({
    ...{
      kind: "raise",
      about,
      seen,
      changes: [change],
      connections: withEach(watch, of.clients, "server connections", to / from),
    },
    notes: ["Look for slow queries first: `pgbouncer-console show servers` and PostgreSQL's `pg_stat_activity` show them"],
  });
}

/** More connections than its processors can work on only move the queue into PostgreSQL. */
function busyDatabase(watch: Watch): string | undefined {
  const busy = keptTiers(watch).find(
    ({ tier, name }) =>
      tier.kind === "Postgres" && timeFrom(seriesOf(watch.numbers, "cpuOfBusiest", { tier: name }), TOO_HIGH.cpuOfMachine) > 0,
  );
  return (
    busy && `The processors of ${busy.name} are busy: more connections would only move the queue into PostgreSQL. See there first`
  );
}

function clients(watch: Watch, { tier, name, unit, cost }: Pooler): readonly Advice[] {
  const points = seriesOf(watch.numbers, "poolerClients", { tier: name });
  if (points === undefined) return [];
  const from = fact(unit, "maxClients");
  const long = timeFrom(points, TOO_HIGH.poolerClients * from);
  const most = worst(points);
  const seen = `${rounded(most.value)} of ${from} client connections of a process were in use (${moment(most.at)})${longer(long, percent(TOO_HIGH.poolerClients))}`;
  const about = name;
  if (long === 0) return [told({ kind: "fine", about, seen })];
  const to = String(up(most.value / 0.6, 500));
  return [
    told({
      kind: "raise",
      about,
      seen,
      changes: [{ kind: tier.kind, path: tier.path, prop: "maxClients", from: String(from), to, cost }],
    }),
  ];
}
