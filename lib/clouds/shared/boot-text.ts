// A host's boot text inside the plan, as a local value: a literal would stand in clear, secrets and all, in `terraform show` of a plan.

import { Fn, Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";

export interface BootText {
  /** Compressed, as base64, which cloud-init takes as well. Secret to Terraform, if the text is. */
  readonly packed: string;
  /** Says whether two texts are the same, without saying what they are; 32 characters, which fit a label and a tag of every cloud. */
  readonly hash: string;
  /** The hash as part of a larger expression. */
  readonly hashName: string;
}

export function bootText(scope: Construct, id: string, text: () => string): BootText {
  const whole = new TerraformLocal(scope, id, Lazy.stringValue({ produce: text })).asString;
  // Terraform would hide each name, label and line of a provisioner that holds a secret hash.
  const hash = new TerraformLocal(scope, `${id}Hash`, Fn.substr(notSecret(Fn.sha256(whole)), 0, HASH_LENGTH));
  return { packed: Fn.base64gzip(whole), hash: hash.asString, hashName: `local.${hash.friendlyUniqueId}` };
}

const HASH_LENGTH = 32;

/** The value for what Terraform would else hide. Terraform refuses `nonsensitive` of what is not secret, so it is made so before. */
export function notSecret(value: string): string {
  return Fn.nonsensitive(Fn.sensitive(value)) as string;
}
