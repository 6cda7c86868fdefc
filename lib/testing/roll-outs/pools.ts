// Rules on pools: members that serve are removed only after others serve.

import { Done, Rehearsal, WEB } from "./rehearsal";

/** Members that are still on the page are kept, and the others are removed after the gate of the smaller pool. */
export function smaller(on: Rehearsal): readonly string[] {
  if (!on.apply({ members: 4 }).well) return ["a first page cannot be applied: 4 members"];
  const before = on.instances(WEB).map(({ id }) => id);
  const done = on.apply({ members: 2 });
  const after = on.instances(WEB).map(({ id }) => id);
  return [
    ...(done.well ? [] : ["a smaller page cannot be applied: 2 members"]),
    ...(after.length === 2 && after.every((id) => before.includes(id))
      ? []
      : ["a smaller page changes members that it still has: pool Web"]),
    ...early(on, done),
    ...unsettled(on, "a smaller page"),
  ];
}

/** However often a roll-out fails, also with a smaller page in between, members that serve are kept until new ones serve. */
export function failedThenSmaller(on: Rehearsal): readonly string[] {
  if (!on.apply({ members: 4 }).well) return ["a first page cannot be applied: 4 members"];
  const serving = on.instances(WEB);
  const found = new Set<string>();
  on.fail(on.gates);
  for (const members of [4, 2, 2]) {
    on.forget();
    const what = members === 4 ? "a failed roll-out" : "a smaller page after a failed roll-out";
    const done = on.apply({ members, line: "echo another text" });
    if (done.well) found.add(`${what} passes, though no new member serves: pool Web`);
    const present = on.instances(WEB).map(({ id }) => id);
    const gone = serving.filter(({ id }) => !present.includes(id));
    for (const { resource } of gone) found.add(`${what} ends members that serve: ${resource}`);
  }
  on.fail([]);
  const done = on.apply({ members: 2, line: "echo another text" });
  if (!done.well) found.add("a roll-out that failed cannot be ended well: pool Web");
  const left = on.instances(WEB);
  if (left.length !== 2 || left.some(({ id, replaced }) => replaced || serving.some((one) => one.id === id)))
    found.add("a roll-out that failed leaves old members behind: pool Web");
  return [...found, ...early(on, done), ...unsettled(on, "a roll-out that failed")];
}

/**
 * A pool with another name is another pool of the same role. Its members serve before the others leave, however often that fails; or the page is
 * refused when the plan is made.
 */
export function renamedPool(on: Rehearsal): readonly string[] {
  if (!on.apply({}).well) return ["a first page cannot be applied: 2 members"];
  const before = on.instances();
  const page = { web: "Front" };
  const isWhole = () => {
    const present = on.instances().map(({ id }) => id);
    return before.every(({ id }) => present.includes(id));
  };
  on.plans(page);
  const gates = on.gatesOf(FRONT);
  on.fail(gates);
  const found = new Set<string>();
  for (const _ of [1, 2]) {
    if (on.apply(page).well) found.add("a renamed pool passes, though no new member serves: pool Front");
    const present = on.instances(WEB).map(({ id }) => id);
    const gone = before.filter(({ id, resource }) => WEB.test(resource) && on.isHost(resource) && !present.includes(id));
    for (const { resource } of gone) found.add(`a renamed pool ends members that serve: ${resource}`);
  }
  on.fail([]);
  const done = on.apply(page);
  if (!done.well && isWhole() && on.instances().length === before.length) return [...found];
  if (!done.well) found.add("a renamed pool cannot be applied once its members serve: pool Front");
  if (on.instances(WEB).length > 0) found.add("a renamed pool leaves old members behind: pool Front");
  return [...found, ...early(on, done, gates), ...unsettled(on, "a renamed pool")];
}

const FRONT = /_Front_/;

/** Members that Terraform ended before the gates were through. */
function early(on: Rehearsal, { lines }: Done, gates = on.gates): readonly string[] {
  const done = lines
    .split("\n")
    .map((line) => /^(terraform_data\.[\w-]+)\S*(?: \(deposed object \w+\))?: (\w+ complete|Destroying)/.exec(line));
  const last = done.findLastIndex((line) => line?.[2] === "Creation complete" && gates.includes(line[1]!));
  if (last < 0) return ["no gate is asked before members leave: pool Web"];
  const ended = done.slice(0, last).flatMap((line) => (line?.[2] === "Destroying" && WEB.test(line[1]!) ? [line[1]!] : []));
  return [...new Set(ended)]
    .filter((resource) => on.isHost(resource))
    .map((resource) => `a member is ended before the gate has passed: ${resource}`);
}

/** A page that was applied has nothing more to do. */
export function unsettled(on: Rehearsal, what: string): readonly string[] {
  return on.isSettled ? [] : [`${what} leaves something to be done: pool Web`];
}
