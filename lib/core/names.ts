// Names of machines and resources, made from construct ids: `hostName("StreamingPool")` is `streaming-pool`. Also the checks of such names.

import { createHash } from "node:crypto";
import { Problem } from "./problems";

/** The longest label of DNS, and the longest host name of Linux. Lower limits of a cloud are in the cloud's `limits.ts`. */
export const LABEL_LENGTH = 63;
/** The longest name of a site, so that enough is left for names of machines. */
export const SITE_LENGTH = 40;
/** The longest suffix of a tier's name: `-NN-xxxxxx` for members of a pool, `-N-data` for a disk. */
export const SUFFIX_LENGTH = 10;
/** Names that a site must not have, since commands use them in the place of a site's name: `clean all` removed every site of a host. */
export const RESERVED: readonly string[] = ["all"];

/** The id in lower case with dashes, as host names and labels of every cloud allow. */
export function hostName(id: string): string {
  return id
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

/**
 * Shortens a name to at most `most` characters: the end is replaced by a hash of the whole name. A name that is short enough is returned unchanged.
 */
export function shortened(name: string, most: number): string {
  if (name.length <= most) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, most - 9).replace(/-+$/, "")}-${hash}`;
}

/** A placeholder for a name that cannot be made, used until the problems are reported. */
export function standIn(path: string): string {
  return `unnamed-${createHash("sha256").update(path).digest("hex").slice(0, 8)}`;
}

/** What is wrong with a site's id. Its name is a prefix of Terraform's outputs and of the names of all machines. */
export function wrongSiteId(id: string): Problem | undefined {
  const name = hostName(id);
  if (RESERVED.includes(name)) return { wrong: `its id is "${id}", which is a word of commands`, remedy: "give another id" };
  return wrongId(id, /^[a-z][a-z0-9-]*$/, SITE_LENGTH, "a letter");
}

/** What is wrong with a tier's id, in the site named `site`. */
export function wrongTierId(id: string, site: string): Problem | undefined {
  return wrongId(id, /^(?!\d+$)[a-z0-9-]+$/, LABEL_LENGTH - SUFFIX_LENGTH - site.length - 1, "a letter or digit");
}

function wrongId(id: string, form: RegExp, most: number, first: string): Problem | undefined {
  const name = hostName(id);
  if (form.test(name) && name.length <= most) return undefined;
  return {
    wrong: name === "" ? `its id is "${id}", of which no name can be made` : `its id is "${id}", which makes the name "${name}"`,
    remedy:
      `give an id of which the letters a to z, digits and dashes make a name of at most ${most} characters, ` +
      `${first} first and not digits alone: host names take no others, and ${LABEL_LENGTH} characters with all that is put around it`,
  };
}

/** What is wrong with the name of a machine, a pool or a disk, in the site named `site`. `suffix` is the length of what will be appended. */
export function wrongName(prop: string, name: string, site: string, suffix: number): Problem | undefined {
  const most = LABEL_LENGTH - site.length - 1 - suffix;
  if (/^(?!\d+$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= most) return undefined;
  const meant = hostName(name);
  return {
    wrong: `${prop} is "${name}"`,
    remedy:
      `use a host name of at most ${most} characters: lower-case letters, digits and dashes, ` +
      `neither first nor last a dash, not digits alone${/^[a-z]/.test(meant) && meant !== name && meant.length <= most ? `, such as "${meant}"` : ""}`,
  };
}
