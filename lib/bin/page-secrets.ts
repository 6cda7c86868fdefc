// The secrets that a page needs, from its synthesized plan: `pageSecrets("cdktf.out")`.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SecretFacts } from "../core/secret";

export interface PageSecret extends SecretFacts {
  /** The name of its variable. */
  readonly variable: string;
  readonly description: string;
}

interface Plan {
  readonly variable?: Readonly<Record<string, { readonly "//"?: SecretFacts; readonly description?: string }>>;
}

/** The secrets of all stacks in a directory that `cdktf synth` has written, or `undefined` if it is none. */
export function pageSecrets(directory: string): readonly PageSecret[] | undefined {
  const stacks = join(directory, "stacks");
  if (!existsSync(stacks)) return undefined;
  const found = new Map<string, PageSecret>();
  for (const stack of readdirSync(stacks).sort()) {
    const file = join(stacks, stack, "cdk.tf.json");
    if (!existsSync(file)) continue;
    const { variable: variables = {} } = JSON.parse(readFileSync(file, "utf8")) as Plan;
    for (const [variable, { "//": facts, description = "" }] of Object.entries(variables)) {
      if (facts?.rules === undefined) continue;
      const other = found.get(variable);
      // Two stacks may be given the same value; what either wants counts.
      const rules = [...(other?.wanted ? other.rules : []), ...(facts.wanted || !other?.wanted ? facts.rules : [])];
      found.set(variable, { ...facts, variable, description, rules, wanted: facts.wanted || other?.wanted === true });
    }
  }
  return [...found.values()];
}

/** The sites in the names of variables, or `undefined` alone where a page has one. */
export function sitesOf(secrets: readonly PageSecret[]): readonly (string | undefined)[] {
  const sites = [...new Set(secrets.map(({ site }) => site))].filter((site) => site !== undefined).sort();
  return sites.length === 0 ? [undefined] : sites;
}
