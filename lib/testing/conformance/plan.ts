// Helpers to read a plan: its resources by address, and a resource with its local values resolved.

import { Plan } from "./page";

export type Resources = ReadonlyMap<string, unknown>;

/** Each resource by its address, as in `terraform_data.Probe_Kept1`, without cdktf's own notes and how many of it there are. */
export function resources(plan: Plan): Resources {
  return new Map(
    Object.entries(plan.resource ?? {}).flatMap(([type, named]) =>
      Object.entries(named).map(([name, config]) => [`${type}.${name}`, withoutNotes(config)] as const),
    ),
  );
}

/** The resource with references to local values replaced by the values, for comparison with another plan. */
export function resolved(plan: Plan, config: unknown): string {
  return inPlace(plan, config, (text) => text);
}

/** The same without arguments of hash functions: a hash does not reveal them. */
export function unhashed(plan: Plan, config: unknown): string {
  // Removed before local values are inserted, since a script among these may have unbalanced parentheses.
  return inPlace(plan, config, withoutHashes);
}

function inPlace(plan: Plan, config: unknown, change: (text: string) => string): string {
  let text = change(JSON.stringify(config));
  for (let depth = 0; depth < MOST_DEPTH && LOCAL.test(text); depth++) {
    const local = (name: string) => change(JSON.stringify(plan.locals?.[name] ?? name)).replaceAll('"', "'");
    text = text.replace(LOCALS, (_, name: string) => local(name));
  }
  return text;
}

function withoutHashes(text: string): string {
  const at = text.search(/sha(1|256)\(/);
  if (at < 0) return text;
  let depth = 0;
  for (let end = text.indexOf("(", at); end < text.length; end++) {
    if (text[end] === "(") depth++;
    if (text[end] === ")" && --depth === 0) return withoutHashes(text.slice(0, at) + text.slice(end + 1));
  }
  return text.slice(0, at);
}

const MOST_DEPTH = 4;
const LOCAL = /local\.\w+/;
const LOCALS = /local\.(\w+)/g;

function withoutNotes(config: unknown): unknown {
  return Object.fromEntries(Object.entries(config as object).filter(([name]) => name !== "//" && name !== "count"));
}
