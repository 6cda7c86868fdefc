// Advice about PostgreSQL and Redis that run elsewhere, by connections and memory. What to change is not on the page, but for `maxConnections`, and not even
// that if a pooler elsewhere has some of the connections: then it is the share of all.

import { InventoryUnit } from "../../core/inventory";
import { TOO_HIGH } from "./advice-limits";
import { last, seriesOf, timeFrom, worst } from "./advice-numbers";
import { told, Watch } from "./advice-page";
import { longer } from "./advice-web";
import { moment, percent } from "./advice-words";
import { Advice } from "./advised";
import { EXPORTER_UNIT } from "./external";

const MIB = 2 ** 20;

export function externalAdvice(watch: Watch): readonly Advice[] {
  const all = watch.inventory.machines.flatMap(({ units }) => units.filter(({ what }) => what === EXPORTER_UNIT));
  // Each monitoring machine has all of them.
  const once = all.filter(({ unit }, n) => all.findIndex((one) => one.unit === unit) === n);
  return once.map(({ facts }) => (facts["of"] === "postgres" ? postgres(watch, facts) : redis(watch, facts)));
}

function postgres({ numbers }: Watch, facts: InventoryUnit["facts"]): Advice {
  const about = String(facts["server"]);
  const points = seriesOf(numbers, "postgresConnections", { instance: about });
  if (points === undefined) return told({ kind: "unmeasured", about, seen: "there are no numbers of PostgreSQL" });
  const long = timeFrom(points, TOO_HIGH.connections);
  const most = worst(points);
  const { maxConnections } = facts;
  const limit =
    maxConnections === undefined ? "all its connections" : `${String(maxConnections)} connections that the page may open`;
  const seen = `${percent(most.value)} of ${limit} were in use at worst (${moment(most.at)})${longer(long, percent(TOO_HIGH.connections))}`;
  if (long === 0) return told({ kind: "fine", about, seen });
  return told({
    ...{ kind: "raise", about, seen },
    notes: [
      maxConnections === undefined
        ? "Give it more connections where it runs, or its pooler fewer"
        : "Give it more connections where it runs, and then raise maxConnections on the page. Connections that do nothing are better held by a PgBouncer in front",
    ],
  });
}

function redis({ numbers }: Watch, facts: InventoryUnit["facts"]): Advice {
  const [about, use] = [String(facts["server"]), String(facts["use"])];
  const [memory, limit] = [seriesOf(numbers, "redisMemory", { use }), seriesOf(numbers, "redisMost", { use })];
  if (memory === undefined || limit === undefined || last(limit) === 0)
    return told({ kind: "unmeasured", about, seen: "there are no numbers of its memory, or it has no limit" });
  const most = worst(memory);
  const all = last(limit);
  const used = `it used ${percent(most.value / all)} of its ${Math.round(all / MIB)} MiB at worst (${moment(most.at)})`;
  // A cache is full on purpose.
  const long = use === "cache" ? 0 : timeFrom(memory, TOO_HIGH.redisMemory * all);
  const seen = `${used}${longer(long, percent(TOO_HIGH.redisMemory))}`;
  if (long === 0) return told({ kind: "fine", about, seen });
  return told({ ...{ kind: "raise", about, seen }, notes: ["Give it more memory where it runs"] });
}
