// What a cloud gets of every host, a kept machine or a pool. Fields that depend on the whole page are functions, to be called at synth.

import { Role } from "./address-plan";
import { Flow } from "./flow";
import { Secret } from "./secret";
import { Size } from "./size";

export interface HostSpec {
  /** The host name of a machine, unique in the site; the prefix of the names of a pool's members. */
  readonly name: string;
  readonly role: Role;
  readonly size: Size;
  /** Debian packages that the program installs. */
  readonly packages: () => readonly string[];
  /** Container images that it runs, for a cloud that provides images itself. */
  readonly images: () => readonly string[];
  /** The finished boot text, escaped for Terraform. */
  readonly bootText: () => string;
  /** Incoming connections that it accepts. */
  readonly openings: () => readonly Flow[];
  /**
   * Outgoing connections to anything but hosts of the site (those are in the `openings` of the other host): managed services, external servers, and
   * what every Debian needs. A cloud can close everything else.
   */
  readonly calls: () => readonly Flow[];
  /** The hosts that it connects to by name. An address is a token if the cloud computes it. */
  readonly names: () => readonly HostName[];
  /** The secrets in its boot text; only their names are in it if they come from a store. */
  readonly secrets: () => readonly Secret[];
  /** Users besides root that may request the machine's identity from the cloud's metadata service. */
  readonly identity: () => readonly IdentityUse[];
  /**
   * The path of a program on it that prints how much of each pool with `PoolSpec.scale.usedPercent` is used, as lines like `web 61.5`: the pool's name, and
   * percent of what the members that serve can carry; nothing of a pool of which it does not know. Run as root, at any time. If two hosts have one, both
   * print the same. `undefined` for other hosts; left out for all on a cloud that does not scale by it.
   */
  readonly poolsUsed?: () => string | undefined;
}

export interface HostName {
  readonly name: string;
  readonly address: string;
}

export interface IdentityUse {
  /** The UID on the machine. */
  readonly user: number;
  readonly why: string;
}

export interface DiskSpec {
  /** Unique on its machine. */
  readonly name: string;
  readonly gib: number;
}
