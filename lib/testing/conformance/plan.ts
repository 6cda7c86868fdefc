// A plan as rules read it: its resources by address, and the texts that a resource holds by way of local values.

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

/** The resource with the local values that it names in their place, so that it can be compared with that of another plan. */
export function resolved(plan: Plan, config: unknown): string {
  let text = JSON.stringify(config);
  for (let depth = 0; depth < MOST_DEPTH && LOCAL.test(text); depth++) {
    text = text.replace(LOCALS, (_, name: string) => JSON.stringify(plan.locals?.[name] ?? name).replaceAll('"', "'"));
  }
  return text;
}

/** The text without what Terraform hashes: a hash tells that something has changed, and not what it is. */
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
