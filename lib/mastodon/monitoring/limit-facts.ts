// The limits of a page's alerts in its inventory, where the overview, the dashboards and `advise` find them: `limitFacts(limits)`, `limitsIn(inventory)`.

import { Facts, Inventory } from "../../core/inventory";
import { Limits, limitsOf } from "./alerts";

/** For the unit of Prometheus. */
export function limitFacts({ queueSeconds, objectives, certificateDays }: Limits): Facts {
  return { queueSeconds: listed(queueSeconds), objectives: listed(objectives), certificateDays };
}

/** Those of a page at synth, or as deployed; the defaults where it has no `Monitoring`, or an older version has deployed it. */
export function limitsIn({ machines }: Inventory): Limits {
  const found = machines.flatMap(({ units }) => units).find(({ what }) => what === "prometheus")?.facts ?? {};
  const { queueSeconds, objectives, certificateDays } = found;
  return limitsOf({
    queueSeconds: read(queueSeconds),
    objectives: read(objectives),
    ...(typeof certificateDays === "number" && { certificateDays }),
  });
}

const listed = (numbers: object) => Object.entries(numbers).map(([name, value]) => `${name}=${value}`);

function read(list: Facts[string] | undefined): Readonly<Record<string, number>> {
  const all = Array.isArray(list) ? (list as readonly string[]) : [];
  return Object.fromEntries(all.map((one) => one.split("=")).map(([name, value]) => [name, Number(value)]));
}
