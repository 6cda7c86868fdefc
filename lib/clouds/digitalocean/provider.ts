// DigitalOcean's provider, once a stack, in the version whose schema the plans are held against.

import { DigitaloceanProvider } from "@cdktf/provider-digitalocean/lib/provider";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

/** The bindings ask for exactly the version that they were made from, 2.71. Whatever they lack of a newer one belongs here, as an override. */
const VERSION = "~> 2.99";

/** The stack's provider; the page's own, if it has one. */
export function provider(scope: Construct, requestsPerSecond: number): void {
  const stack = TerraformStack.of(scope);
  stack.addOverride("terraform.required_providers.digitalocean.version", VERSION);
  if (stack.node.findAll().some((node) => node instanceof DigitaloceanProvider)) return;
  new DigitaloceanProvider(stack, "digitalocean", { requestsPerSecond });
}
