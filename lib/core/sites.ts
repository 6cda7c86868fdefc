// The sites of a stack: `siteAround(construct)`. Names of variables have the site as a prefix only if there are several.

import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

interface Named extends Construct {
  readonly name: string;
  /** Whether its machines fetch secrets from a store at boot. If not, its boot texts hold their values. */
  readonly fetchesSecrets: boolean;
  /** Whether a text of its machines has this secret. Called at synth. */
  holds(secret: object): boolean;
}

const known = new WeakMap<TerraformStack, Set<Named>>();

/** Registers a site; returns another one with the same name, if there is one. */
export function registerSite(site: Named): Construct | undefined {
  const stack = TerraformStack.of(site);
  const sites = known.get(stack) ?? new Set();
  const same = [...sites].find(({ name }) => name === site.name);
  known.set(stack, sites.add(site));
  return same;
}

/** The site that a construct is part of, or `undefined`. */
export function siteAround(construct: Construct): Named | undefined {
  const sites = known.get(TerraformStack.of(construct));
  return construct.node.scopes.findLast((scope): scope is Named => sites?.has(scope as Named) === true);
}

/** The sites of the construct's stack; final at synth. */
export function sitesBeside(construct: Construct): readonly Named[] {
  return [...(known.get(TerraformStack.of(construct)) ?? [])];
}

/** The number of sites in the construct's stack; final at synth. */
export function siteCount(construct: Construct): number {
  return known.get(TerraformStack.of(construct))?.size ?? 0;
}
