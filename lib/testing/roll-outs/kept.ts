// Rules on kept machines: a page that removes or renames them loses no data, and a machine is renewed alone.

import type { Variation } from "../conformance/page";
import { Rehearsal } from "./rehearsal";

const KEPT = /_Kept\d/;

export function renamedTier(on: Rehearsal): readonly string[] {
  return refused(on, { kept: "Store" }, "a renamed tier with data");
}

export function removedTier(on: Rehearsal): readonly string[] {
  return [
    ...refused(on, { machines: 1 }, "a removed machine with data"),
    ...refused(on, { machines: 0 }, "a removed tier with data"),
  ];
}

/** The page is refused when the plan is made: it ends with an error, and nothing has changed. */
function refused(on: Rehearsal, page: Variation, what: string): readonly string[] {
  if (!on.apply({}).well) return ["a first page cannot be applied: 2 kept machines"];
  const before = on.instances();
  const { well } = on.apply(page);
  const present = on.instances().map(({ id }) => id);
  const gone = before.filter(({ id }) => !present.includes(id)).map(({ resource }) => resource);
  if (well) return [`${what} is not refused: ${gone.filter((resource) => KEPT.test(resource)).join(", ")}`];
  if (gone.length === 0 && present.length === before.length) return [];
  return [`${what} is refused when other things have changed already: ${gone.join(", ")}`];
}

/** By the option that the output names one machine is made anew; what it waits for and the other machine stay as they are. */
export function renewal(on: Rehearsal): readonly string[] {
  if (!on.apply({}).well) return ["a first page cannot be applied: 2 kept machines"];
  const before = on.instances(KEPT);
  const page = { keptLine: "echo another text" };
  const found: string[] = [];
  if (!on.apply(page).well) found.push("another text of a kept machine cannot be applied: Kept1");
  if (ids(on.instances(KEPT)) !== ids(before)) found.push("another text renews a kept machine by itself: Kept1");
  const older = on.output("probe_machines_older_than_the_page") as Readonly<Record<string, string>> | undefined;
  const option = older?.["kept-1"];
  const resource = /^-replace=(.+)$/.exec(option ?? "")?.[1];
  if (Object.keys(older ?? {}).join() !== "kept-1,kept-2" || resource === undefined)
    return [...found, `the output does not tell which kept machines are older than the page: ${JSON.stringify(older)}`];
  const needed = on.needs(resource);
  const others = () =>
    on
      .instances()
      .filter(
        (one) =>
          needed.includes(one.resource) || (KEPT.test(one.resource) && on.isHost(one.resource) && one.resource !== resource),
      );
  const rest = others();
  const { well, lines } = on.apply(page, option!);
  if (!well) found.push(`a kept machine cannot be renewed: ${resource}`);
  if (ids(others()) !== ids(rest)) found.push(`a renewal changes more than the machine and what waits for it: ${resource}`);
  const [gone, come] = [lines.indexOf(`${resource}: Destruction complete`), lines.indexOf(`${resource}: Creating...`)];
  if (gone < 0 || come < gone) found.push(`a kept machine is renewed while the one before it still has its disks: ${resource}`);
  const still = on.output("probe_machines_older_than_the_page") as typeof older;
  if (Object.keys(still ?? {}).join() !== "kept-2")
    found.push(`the output does not tell that a kept machine is renewed: ${JSON.stringify(still)}`);
  return found;
}

function ids(present: readonly { readonly id: string }[]): string {
  return present.map(({ id }) => id).join();
}
