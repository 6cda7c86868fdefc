// Names on machines and in clouds, from constructs' ids: `hostName("StreamingPool")` is `streaming-pool`. And what such a name may be.

import { createHash } from "node:crypto";
import { Problem } from "./problems";

/** What DNS allows a part of a name and Linux a host's name. What a cloud allows for less stands in its own limits. */
export const LABEL_LENGTH = 63;
/** The longest name of a site: enough is left for those of its machines. */
export const SITE_LENGTH = 40;
/** What is put behind the name of a tier: `-NN-xxxxxx` at the members of a pool, `-N-data` at a disk. */
export const SUFFIX_LENGTH = 10;
/** Words of commands that stand where a site's name may stand, or once stood there: `clean all` removed every site of a host. */
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
 * A name of at most so many characters, with a hash in the place of what is cut off; a shorter one stays as it is. `most` is the limit of whoever
 * takes the name: a cloud's stand in the cloud's own limits.
 */
export function shortened(name: string, most: number): string {
  if (name.length <= most) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, most - 9).replace(/-+$/, "")}-${hash}`;
}

/** A name to go on with where none can be made, until all that is wrong is told. */
export function standIn(path: string): string {
  return `unnamed-${createHash("sha256").update(path).digest("hex").slice(0, 8)}`;
}

/** What is wrong with a site's id, whose name stands in Terraform's outputs and before the names of all machines. */
export function wrongSiteId(id: string): Problem | undefined {
  const name = hostName(id);
  if (RESERVED.includes(name)) return { wrong: `its id is "${id}", which is a word of commands`, remedy: "give another id" };
  return wrongId(id, /^[a-z][a-z0-9-]*$/, SITE_LENGTH, "a letter");
}

/** What is wrong with a tier's id in a site of that name. */
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

/** What is wrong with a name that a page gives a machine, a pool or a disk of a site of that name; `suffix` will be put behind it. */
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
