// Which sites a stack has, for names that are short while there is one: `siteAround(construct)`.

import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

interface Named extends Construct {
  readonly name: string;
}

const known = new WeakMap<TerraformStack, Set<Named>>();

/** Has the stack know a site; returns the one that has its name already, if there is one. */
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

/** How many sites the construct's stack has, known once the page is whole. */
export function siteCount(construct: Construct): number {
  return known.get(TerraformStack.of(construct))?.size ?? 0;
}
