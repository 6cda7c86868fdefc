// Which sites a stack has, for names that are short while there is one: `siteAround(construct)`.

import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

interface Named extends Construct {
  readonly name: string;
}

const known = new WeakMap<TerraformStack, Set<Named>>();

/** Has the stack know a site. */
export function registerSite(site: Named): void {
  const stack = TerraformStack.of(site);
  known.set(stack, (known.get(stack) ?? new Set()).add(site));
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
