// A host's texts inside the plan, as local values: a literal would stand in clear, secrets and all, in `terraform show` of a plan.

import { createHash } from "node:crypto";
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

/**
 * The boot text of a host, as the spec of the host gives it.
 * @param renewed what of it is hashed, of a kept machine: `MachineSpec.renewedText`
 */
export function bootText(scope: Construct, id: string, text: () => string, renewed?: () => string): BootText {
  const whole = new TerraformLocal(scope, id, Lazy.stringValue({ produce: text })).asString;
  const hashed =
    renewed === undefined
      ? whole
      : new TerraformLocal(scope, `${id}Renewed`, Lazy.stringValue({ produce: () => abridged(renewed()) })).asString;
  // Terraform would hide each name, label and line of a provisioner that holds a secret hash.
  const hash = new TerraformLocal(scope, `${id}Hash`, Fn.substr(notSecret(Fn.sha256(hashed)), 0, HASH_LENGTH));
  return { packed: Fn.base64gzip(whole), hash: hash.asString, hashName: `local.${hash.friendlyUniqueId}` };
}

/** The settings of a kept machine: what its hash changes with is to be delivered. */
export function settingsText(scope: Construct, id: string, settings: () => string): Pick<BootText, "packed" | "hash"> {
  return bootText(scope, id, settings);
}

// A plan need not hold most of a boot text twice, so this is a hash of it, and all that Terraform fills in.
function abridged(text: string): string {
  const tokens = text.match(TOKEN) ?? [];
  return [createHash("sha256").update(text.replace(TOKEN, "?")).digest("hex"), ...tokens].join(" ");
}

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;
const HASH_LENGTH = 32;

/** The value for what Terraform would else hide. Terraform refuses `nonsensitive` of what is not secret, so it is made so before. */
export function notSecret(value: string): string {
  return Fn.nonsensitive(Fn.sensitive(value)) as string;
}
