// Rule on settings: a changed setting is delivered once to each running kept machine, which is not replaced.

import { unsettled } from "./pools";
import { Rehearsal } from "./rehearsal";

const KEPT = /_Kept\d/;

/** On a cloud that delivers, there is one delivery to each kept machine; on another, the output names the machines. In both cases they are kept. */
export function changedSetting(on: Rehearsal): readonly string[] {
  if (!on.apply({ setting: "one" }).well) return ["a first page cannot be applied: 2 kept machines"];
  const before = on.instances(KEPT);
  on.forget();
  const page = { setting: "two" };
  const found: string[] = [];
  if (!on.apply(page).well) found.push("another setting of a kept machine cannot be applied: Kept1");
  const present = on.instances(KEPT).filter(({ resource }) => on.isHost(resource));
  if (present.map(({ id }) => id).join() !== before.map(({ id }) => id).join())
    found.push("another setting renews a kept machine: Kept1");
  const called = on.calls().map(({ act, resource }) => `${act} ${resource}`);
  const deliveries = on.deliveries.map((resource) => `create ${resource}`);
  const older = Object.keys((on.output("probe_machines_older_than_the_page") as object | undefined) ?? {}).join();
  if (on.delivers) {
    if (deliveries.length !== 2 || called.sort().join() !== deliveries.sort().join())
      found.push(`another setting is not delivered once to each kept machine, and nothing else done: ${called.join(", ")}`);
    if (older !== "") found.push(`a setting that is delivered makes machines older than the page: ${older}`);
  } else if (older !== "kept-1,kept-2") found.push(`the output does not tell which kept machines lack a setting: ${older}`);
  return [...found, ...unsettled(on, "another setting")];
}
