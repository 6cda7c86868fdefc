// Rules on applies that are interrupted or fail.

import { setTimeout } from "node:timers/promises";
import { unsettled } from "./pools";
import { Rehearsal, WEB } from "./rehearsal";

/** Terraform gets SIGTERM while a gate waits. If the gate continued to run, it would remove members later, during another deploy. */
export async function cutOff(on: Rehearsal): Promise<readonly string[]> {
  if (!on.apply({}).well) return ["a first page cannot be applied: 2 members"];
  const serving = on.instances(WEB);
  const found: string[] = [];
  on.forget();
  const page = { line: "echo another text" };
  const processes = await on.cut(page);
  if (processes.length === 0) found.push("no gate is asked when a pool has another text: pool Web");
  await setTimeout(SETTLED_MILLISECONDS);
  const alive = processes.filter(runs);
  if (alive.length > 0) found.push("a gate goes on when its Terraform has ended: its command does not begin with exec");
  for (const id of alive) process.kill(id);
  const present = on.instances(WEB).map(({ id }) => id);
  if (serving.some(({ id }) => !present.includes(id)))
    found.push("an apply that is told to end has ended members that serve: pool Web");
  on.forget();
  if (!on.apply(page).well) found.push("an apply that was told to end cannot be done again: pool Web");
  if (!on.calls().some(({ resource }) => on.gates.includes(resource)))
    found.push("no gate is asked when an apply goes on after it was told to end: pool Web");
  const left = on.instances(WEB);
  if (left.length !== 2 || left.some(({ id, replaced }) => replaced || serving.some((one) => one.id === id)))
    found.push("an apply that goes on leaves old members behind: pool Web");
  return [...found, ...unsettled(on, "an apply that was told to end")];
}

/** A kept machine that cannot be made. Members wait for it, so gates must not wait for members. */
export function halfMade(on: Rehearsal): readonly string[] {
  const found: string[] = [];
  on.plans({});
  const first = on.hostsOf(/_Kept1_/);
  on.fail(first);
  if (on.apply({}).well) found.push(`a kept machine that is not made is no error: ${first.join(", ")}`);
  const asked = on.calls().filter(({ resource }) => on.gates.includes(resource));
  if (asked.length > 0) found.push(`a gate waits for members whose kept machine could not be made: ${asked[0]!.resource}`);
  on.fail([]);
  if (!on.apply({}).well) found.push(`what could not be made is not made by the next apply: ${first.join(", ")}`);
  return [...found, ...unsettled(on, "an apply that failed")];
}

/** A process that was told to end may need a moment. */
const SETTLED_MILLISECONDS = 500;

function runs(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}
