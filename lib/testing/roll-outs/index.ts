// Checks the order of changes in roll-outs and failed deploys: `await rollOuts(() => ownCloud())` must be empty. Each rule is a function in the table
// below. Terraform applies the pages, so it must be installed; the cloud's commands are not run, so nothing is made. Only for clouds whose resources
// are all `terraform_data`.

import type { MakeCloud } from "../conformance";
import { ConformanceOptions, withoutExcused } from "../conformance/excused";
import { failedThenSmaller, renamedPool, smaller } from "./pools";
import { removedTier, renamedTier, renewal } from "./kept";
import { cutOff, halfMade } from "./interrupted";
import { changedSetting } from "./settings";
import { Rehearsal } from "./rehearsal";

export type RollOut = (on: Rehearsal) => readonly string[] | Promise<readonly string[]>;

/** The rules, by what may happen in the life of a site. */
export const ROLL_OUTS: Readonly<Record<string, RollOut>> = {
  "a smaller page: members leave when the gate has seen the others serve": smaller,
  "a failed roll-out, then a smaller page: nothing that serves goes before the new ones serve": failedThenSmaller,
  "a renamed pool: its old members leave when the gate has seen the new ones serve, or the plan is refused": renamedPool,
  "a renamed tier with data is refused when the plan is made": renamedTier,
  "a removed tier or machine with data is refused when the plan is made": removedTier,
  "an apply that is told to end ends its gates, and the next one goes on": cutOff,
  "what could not be made is told at once, and the next apply makes the rest": halfMade,
  "a kept machine is renewed alone, over the same disks, when the one before has gone": renewal,
  "a changed setting is delivered once to each kept machine, and renews none": changedSetting,
};

/**
 * Everything that breaks a rule, as `what: where`; takes about a minute.
 * @throws if Terraform is not there, or the plan has resources other than `terraform_data`
 */
export async function rollOuts(make: MakeCloud, options: ConformanceOptions = {}): Promise<readonly string[]> {
  const found: string[] = [];
  for (const rollOut of Object.values(ROLL_OUTS)) {
    const on = new Rehearsal(make);
    try {
      found.push(...(await rollOut(on)));
    } finally {
      on.remove();
    }
  }
  return withoutExcused([...new Set(found)], options);
}
