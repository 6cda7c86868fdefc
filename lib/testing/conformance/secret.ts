// Rule: no plan shows a secret. A value may be in sensitive variables, in local values, and in sensitive outputs.

import type { MakeCloud } from ".";
import { Plan, probe, SECRET } from "./page";
import { unhashed } from "./plan";

/** What core shows itself: names of secrets that are missing or malformed, and no values. */
const OF_CORE: readonly string[] = ["secrets_without_value", "secrets_malformed"];

export function tellsNoSecret(make: MakeCloud): readonly string[] {
  const { plan } = probe(make());
  const outputs = Object.entries(plan.output ?? {})
    .filter(([, { value, sensitive }]) => sensitive !== true && holds(plan, value))
    .map(([name]) => `an output shows a secret: ${name}`);
  const variables = Object.entries(plan.variable ?? {})
    .filter(([name, of]) => name === SECRET && (of as { readonly sensitive?: boolean }).sensitive !== true)
    .map(([name]) => `a variable is not sensitive: ${name}`);
  const labels = Object.entries(plan.locals ?? {})
    .filter(([name, value]) => !OF_CORE.includes(name) && typeof value === "string" && shownIn(plan, value))
    .map(([name]) => `a value that Terraform may show is made of a secret: ${name}`);
  return [...outputs, ...variables, ...labels];
}

function holds(plan: Plan, value: unknown): boolean {
  return unhashed(plan, value).includes(`var.${SECRET}`);
}

// Terraform shows what `nonsensitive` returns. A hash does not reveal the value.
function shownIn(plan: Plan, value: string): boolean {
  return /nonsensitive\(/.test(value) && unhashed(plan, value).includes(`var.${SECRET}`);
}
