// Boot texts as local values of the plan: `terraform show` of a plan would print a literal in clear, with its secrets.

import { createHash } from "node:crypto";
import { Fn, Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";

export interface BootText {
  /** The text itself, for clouds that accept nothing else. Sensitive in Terraform if the text is. */
  readonly text: string;
  /** The text compressed by gzip as base64, which cloud-init accepts. Sensitive in Terraform if the text is. */
  readonly packed: string;
  /** A hash of the text that is not sensitive; 32 characters, which fit a label or tag of every cloud. */
  readonly hash: string;
  /** The hash as a part of a Terraform expression. */
  readonly hashName: string;
}

/**
 * The boot text of a host as local values.
 * @param renewed the text to hash for a kept machine: `MachineSpec.renewedText`
 */
export function bootText(scope: Construct, id: string, text: () => string, renewed?: () => string): BootText {
  const whole = new TerraformLocal(scope, id, Lazy.stringValue({ produce: text })).asString;
  const hashed =
    renewed === undefined
      ? whole
      : new TerraformLocal(scope, `${id}Renewed`, Lazy.stringValue({ produce: () => abridged(renewed()) })).asString;
  // If the hash were sensitive, Terraform would hide every name, label and provisioner output that contains it.
  const hash = new TerraformLocal(scope, `${id}Hash`, Fn.substr(notSecret(Fn.sha256(hashed)), 0, HASH_LENGTH));
  return { text: whole, packed: Fn.base64gzip(whole), hash: hash.asString, hashName: `local.${hash.friendlyUniqueId}` };
}

/** The settings of a kept machine as local values. They must be delivered when the hash changes. */
export function settingsText(scope: Construct, id: string, settings: () => string): Pick<BootText, "packed" | "hash"> {
  return bootText(scope, id, settings);
}

// The plan must not hold most of a boot text twice, so this is a hash of the text without tokens, and the tokens.
function abridged(text: string): string {
  const tokens = text.match(TOKEN) ?? [];
  return [createHash("sha256").update(text.replace(TOKEN, "?")).digest("hex"), ...tokens].join(" ");
}

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;
const HASH_LENGTH = 32;

/** The value without Terraform's sensitive mark. Terraform refuses `nonsensitive` of a value without the mark, so it is set first. */
export function notSecret(value: string): string {
  return Fn.nonsensitive(Fn.sensitive(value)) as string;
}
