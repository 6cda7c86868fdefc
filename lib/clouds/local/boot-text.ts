// A host's boot text inside the plan: once, as a local value, from which machines take the text and its hash.

import { Fn, Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";

export interface BootText {
  /** Compressed, for the driver. */
  readonly packed: string;
  /** Says whether two texts are the same, without saying what they are. */
  readonly hash: string;
  /** The hash as part of a larger expression. */
  readonly hashName: string;
}

export function bootText(scope: Construct, id: string, text: () => string): BootText {
  // Not secret to Terraform: else it would hide every line that the driver prints. The text itself is printed nowhere.
  const open = (value: string) => Fn.nonsensitive(Fn.sensitive(value)) as string;
  const whole = new TerraformLocal(scope, id, Lazy.stringValue({ produce: text })).asString;
  const hash = new TerraformLocal(scope, `${id}Hash`, open(Fn.sha256(whole)));
  return { packed: open(Fn.base64gzip(whole)), hash: hash.asString, hashName: `local.${hash.friendlyUniqueId}` };
}
