// AWS' provider, once a stack, in the version whose schema the plans are held against.

import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { Problem } from "../../core/problems";

/** The version from which the bindings were made. */
const VERSION = "~> 6.25";
/** From this version on Terraform has ephemeral variables and write-only attributes, which keep secrets out of plan and state. */
const TERRAFORM = ">= 1.11";

/** The stack's provider; the page's own, if it has one. A problem if that is at home in another region, where machines would then be made. */
export function provider(scope: Construct, region: string): Problem | undefined {
  const stack = TerraformStack.of(scope);
  stack.addOverride("terraform.required_providers.aws.version", VERSION);
  stack.addOverride("terraform.required_version", TERRAFORM);
  // A provider with an alias is for resources that name it.
  const found = stack.node.findAll().find((node) => node instanceof AwsProvider && node.alias === undefined) as
    | AwsProvider
    | undefined;
  if (found === undefined) {
    new AwsProvider(stack, "aws", { region });
    return undefined;
  }
  if (found.region === undefined || Token.isUnresolved(found.region) || found.region === region) return undefined;
  return {
    wrong: `its region is ${region}, and the stack has a provider of AWS in ${found.region}`,
    remedy: "give the sites of one stack one region, or each region a stack of its own",
  };
}
