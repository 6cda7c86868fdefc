// The secrets that a page needs, from its synthesized plan: `pageSecrets("cdktf.out")`.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SECRET_VERSIONS } from "../clouds/shared/secret-versions";
import { SecretFacts } from "../core/secret";

export interface PageSecret extends SecretFacts {
  /** The name of its variable. */
  readonly variable: string;
  readonly description: string;
}

interface Plan {
  readonly variable?: Readonly<Record<string, { readonly "//"?: SecretFacts; readonly description?: string }>>;
}

function plansIn(directory: string): readonly Plan[] | undefined {
  const stacks = join(directory, "stacks");
  if (!existsSync(stacks)) return undefined;
  const files = readdirSync(stacks)
    .sort()
    .map((stack) => join(stacks, stack, "cdk.tf.json"));
  return files.filter((file) => existsSync(file)).map((file) => JSON.parse(readFileSync(file, "utf8")) as Plan);
}

/** Whether any stack in a directory wants a number for each changed secret; `undefined` if `cdktf synth` has not written it. */
export function countsChanges(directory: string): boolean | undefined {
  return plansIn(directory)?.some(({ variable = {} }) => SECRET_VERSIONS in variable);
}

/** The secrets of all stacks in a directory that `cdktf synth` has written, or `undefined` if it is none. */
export function pageSecrets(directory: string): readonly PageSecret[] | undefined {
  const plans = plansIn(directory);
  if (plans === undefined) return undefined;
  const found = new Map<string, PageSecret>();
  for (const { variable: variables = {} } of plans) {
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
