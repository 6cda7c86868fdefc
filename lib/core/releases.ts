// Remembers in Terraform's state which release was deployed before the one of the page: `new Releases(site, release).previous`.
//
// A plan knows what a resource will be, never what it was, so a value that is to outlive its successor must stay untouched in a place of its own
// (`ignore_changes`). Which places stay untouched is decided when the page is made, by the new release alone: for each of some bits of a hash there
// are two places, and a release is written into the one that its bit names. Two releases differ in some bit, where the older one is still there. Those
// before it are in other places, each with the time since when it was the page's; so the latest that is not the page's is the one before.

import { createHash } from "node:crypto";
import { Construct } from "constructs";
import { Release } from "./inventory";
import { terraformText } from "./render/terraform-text";
import { TerraformData } from "./terraform-data";

// Of two releases in a row one in 4096 pairs has the same bits; the release before them is then taken for the previous one.
const BITS = 12;
const TIME_LENGTH = "2026-11-28T23:00:00Z".length;

export class Releases {
  /** An expression: the release, or null. */
  readonly previous: string;

  constructor(scope: Construct, release: Release) {
    const text = JSON.stringify({ version: release.version, image: release.image });
    // Made anew with each change, also back to one that has been there, and untouched in between.
    const current = new TerraformData(scope, "Release", {
      triggersReplace: { release: terraformText(text) },
      input: { since: "${plantimestamp()}" },
      lifecycle: { ignoreChanges: ["input"] },
    });
    const since = `\${terraform_data.${current.friendlyUniqueId}.output.since}`;
    const bits = bitsOf(text);
    const places = bits.flatMap((bit, n) => [
      { name: `bit_${n}_is_0`, taken: !bit },
      { name: `bit_${n}_is_1`, taken: bit },
    ]);
    const all = new TerraformData(scope, "Releases", {
      input: Object.fromEntries(places.map(({ name, taken }) => [name, taken ? `${since} ${terraformText(text)}` : ""])),
      lifecycle: { ignoreChanges: places.filter(({ taken }) => !taken).map(({ name }) => `input.${name}`) },
    });
    const known = `values(terraform_data.${all.friendlyUniqueId}.output)`;
    const own = `terraform_data.${current.friendlyUniqueId}.triggers_replace.release`;
    const others = `[for one in ${known} : one if one != "" && substr(one, ${TIME_LENGTH + 1}, -1) != ${own}]`;
    this.previous = `\${try(jsondecode(substr(reverse(sort(${others}))[0], ${TIME_LENGTH + 1}, -1)), null)}`;
  }
}

function bitsOf(text: string): readonly boolean[] {
  const hash = createHash("sha256").update(text).digest();
  return Array.from({ length: BITS }, (_, n) => ((hash[Math.floor(n / 8)]! >> n % 8) & 1) === 1);
}
