// A host's boot text inside the plan, as a local value: a literal would stand in clear, secrets and all, in `terraform show` of a plan.

import { Fn, Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";

export interface BootText {
  /** Compressed, as base64, which cloud-init takes at Hetzner: it allows 32 KiB. */
  readonly packed: string;
  /** Says whether two texts are the same, without saying what they are; fits a label. */
  readonly hash: string;
  /** The hash as part of a larger expression. */
  readonly hashName: string;
}

export function bootText(scope: Construct, id: string, text: () => string): BootText {
  const whole = new TerraformLocal(scope, id, Lazy.stringValue({ produce: text }));
  // Not secret to Terraform: else it would hide the names and labels that contain it.
  const open = Fn.nonsensitive(Fn.sensitive(Fn.sha256(whole.asString))) as string;
  const hash = new TerraformLocal(scope, `${id}Hash`, Fn.substr(open, 0, 32));
  return {
    packed: Fn.base64gzip(whole.asString),
    hash: hash.asString,
    hashName: `local.${hash.friendlyUniqueId}`,
  };
}
