// What a cloud is told of every host, kept machine or member of a pool. What depends on the whole page is asked for at synth.

import { Role } from "./address-plan";
import { Flow } from "./flow";
import { Secret } from "./secret";
import { Size } from "./size";

export interface HostSpec {
  /** The host name of a machine, unique in the site; members of a pool are called after it. */
  readonly name: string;
  readonly role: Role;
  readonly size: Size;
  /** Debian packages that the program names. */
  readonly packages: () => readonly string[];
  /** Container images that it runs, for a cloud that brings them itself. */
  readonly images: () => readonly string[];
  /** The finished boot text, escaped for Terraform. */
  readonly bootText: () => string;
  /** Who may come in. */
  readonly openings: () => readonly Flow[];
  /**
   * Whom it calls besides hosts of the site, whose `openings` say so: what the cloud manages, what stands outside, and what every Debian needs, so
   * that a cloud can let out nothing else.
   */
  readonly calls: () => readonly Flow[];
  /** The hosts that it is to reach by their names, with the address of each, which is a token where the cloud computes it. */
  readonly names: () => readonly HostName[];
  /** The secrets that its boot text holds, or names where they come from a store. */
  readonly secrets: () => readonly Secret[];
  /** Which users besides root ask the cloud about the machine, and what for. */
  readonly identity: () => readonly IdentityUse[];
}

export interface HostName {
  readonly name: string;
  readonly address: string;
}

export interface IdentityUse {
  /** The number of the user on the machine. */
  readonly user: number;
  readonly why: string;
}

export interface DiskSpec {
  /** Unique on its machine. */
  readonly name: string;
  readonly gib: number;
}
