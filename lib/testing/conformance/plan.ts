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
  let text = JSON.stringify(config);
  for (let depth = 0; depth < MOST_DEPTH && LOCAL.test(text); depth++) {
    text = text.replace(LOCALS, (_, name: string) => JSON.stringify(plan.locals?.[name] ?? name).replaceAll('"', "'"));
  }
  return text;
}

/** The text without arguments of `sha256`: a hash does not reveal them. */
export function withoutHashes(text: string): string {
  const at = text.indexOf("sha256(");
  if (at < 0) return text;
  let depth = 0;
  for (let end = at + "sha256".length; end < text.length; end++) {
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
