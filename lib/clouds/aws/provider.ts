// AWS' provider, once a stack, in the version whose schema the plans are held against.

import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

/** The version from which the bindings were made. */
const VERSION = "~> 6.25";
/** From this version on Terraform has ephemeral variables and write-only attributes, which keep secrets out of plan and state. */
const TERRAFORM = ">= 1.11";

/** The stack's provider; the page's own, if it has one. */
export function provider(scope: Construct, region: string): void {
  const stack = TerraformStack.of(scope);
  stack.addOverride("terraform.required_providers.aws.version", VERSION);
  stack.addOverride("terraform.required_version", TERRAFORM);
  if (stack.node.findAll().some((node) => node instanceof AwsProvider)) return;
  new AwsProvider(stack, "aws", { region });
}
