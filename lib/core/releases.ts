// Keeps in Terraform's state which releases were deployed before the one of the page: `new Releases(site, release).previous`.
//
// A Terraform configuration cannot refer to the previous value of a resource, so an old release must be stored in a field that does not change
// (`ignore_changes`). Which fields do not change must follow from the new release alone. So there are rows of fields, called places; in each row a
// digit of a hash of the release selects the place where the release is written. Two releases differ in some digit, and in that row the older one is
// still stored. Each is written with the time of its first deploy, by which they are sorted.

import { createHash } from "node:crypto";
import { Construct } from "constructs";
import { Release } from "./inventory";
import { terraformText } from "./render/terraform-text";
import { TerraformData } from "./terraform-data";

/**
 * How many previous releases the inventory has. The second matters after a failed deploy: then the first is the release that failed, and the second
 * is the one that browsers were served.
 */
const TOLD = 2;
// The last release before the page's is lost if all digits of the two are the same: one of 17 million pairs (4^12). The one before the last is lost if
// each row's place is taken by one of the two that came later: one of 20,000 ((7/16)^12).
const ROWS = 12;
const PLACES = 4;
const TIME_LENGTH = "2026-11-28T23:00:00Z".length;

export class Releases {
  /** A Terraform expression for the list of previous releases, latest first. */
  readonly previous: string;

  constructor(scope: Construct, release: Release) {
    const text = JSON.stringify({ version: release.version, image: release.image });
    // Replaced with each change of the release, also with a change back to an earlier one, and unchanged in between.
    const current = new TerraformData(scope, "Release", {
      triggersReplace: { release: terraformText(text) },
      input: { since: "${plantimestamp()}" },
      lifecycle: { ignoreChanges: ["input"] },
    });
    const since = `\${terraform_data.${current.friendlyUniqueId}.output.since}`;
    const places = digitsOf(text).flatMap((digit, row) =>
      Array.from({ length: PLACES }, (_, place) => ({ name: `row_${row}_place_${place}`, taken: place === digit })),
    );
    const all = new TerraformData(scope, "Releases", {
      input: Object.fromEntries(places.map(({ name, taken }) => [name, taken ? `${since} ${terraformText(text)}` : ""])),
      lifecycle: { ignoreChanges: places.filter(({ taken }) => !taken).map(({ name }) => `input.${name}`) },
    });
    const known = `distinct(values(terraform_data.${all.friendlyUniqueId}.output))`;
    const own = `terraform_data.${current.friendlyUniqueId}.triggers_replace.release`;
    const others = `[for one in ${known} : one if one != "" && substr(one, ${TIME_LENGTH + 1}, -1) != ${own}]`;
    this.previous = `\${[for n, one in reverse(sort(${others})) : jsondecode(substr(one, ${TIME_LENGTH + 1}, -1)) if n < ${TOLD}]}`;
  }
}

function digitsOf(text: string): readonly number[] {
  const hash = createHash("sha256").update(text).digest();
  return Array.from({ length: ROWS }, (_, row) => hash[row]! % PLACES);
}
