// The description of a deployed site for administrators and programs: hosts, what runs on them, how to log in, and the order of renewals.
// It is the output `<site>_inventory`, so Terraform's state has it as deployed. `npx cdktf-mastodon inventory --json` prints it.

import { Role } from "./address-plan";

/** Increased with each incompatible change of the format. Added fields are compatible. */
export const INVENTORY_FORMAT = 1;

export interface Inventory {
  readonly format: number;
  /** The site's name, as in the names of machines. */
  readonly site: string;
  /** The construct path of the site. */
  readonly path: string;
  /** The main public host name. */
  readonly host: string;
  /** Further facts, such as `domain` and `version` of a `Site`. */
  readonly facts: Facts;
  /** The name of the cloud. */
  readonly cloud: string;
  /** The private network. */
  readonly network: string;
  /** The release whose assets browsers get; left out on a page without Mastodon's own image. */
  readonly release?: Release;
  /**
   * The releases deployed before it, latest first, at most two: web pages that are still open in browsers load their assets. After a failed deploy
   * the first is the one that failed, and the second the one that was served. Left out like `release`.
   */
  readonly previous?: readonly Release[];
  /** The public entry; left out on a page without routes. */
  readonly frontDoor?: InventoryFrontDoor;
  /** By construct path. */
  readonly tiers: readonly InventoryTier[];
  /** By name. */
  readonly machines: readonly InventoryMachine[];
  /** By name. */
  readonly pools: readonly InventoryPool[];
  /** The kept machines in the order of renewal, one at a time. Pools are rolled by each deploy that changes them. */
  readonly renewal: readonly string[];
}

export interface Release {
  readonly version: string;
  /** The container image with its assets. */
  readonly image: string;
}

export interface InventoryFrontDoor {
  readonly routes: readonly { readonly host: string; readonly pool: string; readonly port: number; readonly path: string }[];
  /** If the cloud makes a machine for it. */
  readonly machine?: InventoryReached & { readonly name: string; readonly address: string };
}

export interface InventoryTier {
  readonly path: string;
  readonly id: string;
  /** The class of the tier, such as `Postgres` or `WebTier`. */
  readonly kind: string;
  /** Its purpose. */
  readonly why: string;
  /** The names of its own machines and pools; empty for a tier that runs on hosts of another tier. */
  readonly hosts: readonly string[];
}

/** How to reach and renew a host. Each field is optional: a cloud leaves out what it does not have. */
export interface InventoryReached {
  /** Its resource address in Terraform. */
  readonly resource?: string;
  /** The resource address for `terraform apply -replace=`, which replaces the host. */
  readonly renew?: string;
  /**
   * The command that logs in. A command to run on the machine may be appended. Words with blanks in them are in double quotes. Of a pool, the word
   * MEMBER in it stands for what its `list` prints first in each line.
   */
  readonly login?: string;
}

/** What stands for a member in the `login` of a pool. */
export const MEMBER = "MEMBER";

interface InventoryHost extends InventoryReached {
  readonly name: string;
  readonly path: string;
  /** The path of its tier; left out for a host that belongs to none. */
  readonly tier?: string;
  readonly role: Role;
  readonly cpus: number;
  readonly gib: number;
  readonly units: readonly InventoryUnit[];
}

/** A kept machine. */
export interface InventoryMachine extends InventoryHost {
  /** Its number in the tier, from 1. */
  readonly number: number;
  /** The index of its zone, from 0. */
  readonly zone: number;
  readonly address: string;
  /** Its disks, which outlive it. */
  readonly disks: readonly { readonly name: string; readonly gib: number }[];
  /** What happens when the boot text changes: `keep` does not touch the machine until it is renewed, `replace` replaces it. */
  readonly onChange: "keep" | "replace";
  /** Whether its boot text has changed since it was made. */
  readonly older?: boolean;
  /** The machines that are renewed before it. */
  readonly renewAfter: readonly string[];
}

/** A pool of identical members, which every change of the boot text replaces. */
export interface InventoryPool extends InventoryHost {
  /** The number of members; the least if it follows their load. */
  readonly size: number;
  readonly roll: "start-first" | "stop-first";
  /** The members as deployed; left out if Terraform does not manage them individually. */
  readonly members?: readonly InventoryMember[];
  /** The command that lists the current members. */
  readonly list?: string;
}

export interface InventoryMember extends InventoryReached {
  readonly name: string;
  readonly address?: string;
}

/** A systemd unit that runs a service of the site. */
export interface InventoryUnit {
  /** The name of the systemd unit. */
  readonly unit: string;
  /** The kind of service, such as `web` or `redis`. */
  readonly what: string;
  /** The path of its tier. */
  readonly tier: string;
  /** Further facts, such as its port or its queues. */
  readonly facts: Facts;
}

export type Facts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What a cloud adds to the inventory of a machine. */
export interface MadeHost extends InventoryReached {
  /** A Terraform expression, true if the boot text has changed since the machine was made. */
  readonly older?: string;
}
