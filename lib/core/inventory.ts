// The one description of a site for all who look after it: hosts, what runs on them, how each is reached, and in which order they are renewed.
// The output `<site>_inventory` holds it, so the state has that of what was deployed. `npx cdktf-mastodon inventory --json` prints it.

import { Role } from "./address-plan";

/** Counts changes after which a reader of the older form would go wrong. What is only added does not count. */
export const INVENTORY_FORMAT = 1;

export interface Inventory {
  readonly format: number;
  /** The site's name, as in the names of machines. */
  readonly site: string;
  /** The construct path of the site. */
  readonly path: string;
  /** The host name that the world asks for first. */
  readonly host: string;
  /** What else those who work with it must know, such as `domain` and `version` of a `Site`. */
  readonly facts: Facts;
  /** The name that the cloud gives itself. */
  readonly cloud: string;
  /** The private network. */
  readonly network: string;
  /** What browsers are served; left out on a page without Mastodon's own image. */
  readonly release?: Release;
  /**
   * What was deployed before it, the last one first, at most two: pages that are open in browsers still ask for their assets. After a deploy that
   * failed, the last one is what failed, and the second what was served. Left out like `release`.
   */
  readonly previous?: readonly Release[];
  /** What the world reaches; left out on a page without routes. */
  readonly frontDoor?: InventoryFrontDoor;
  /** By construct path. */
  readonly tiers: readonly InventoryTier[];
  /** By name. */
  readonly machines: readonly InventoryMachine[];
  /** By name. */
  readonly pools: readonly InventoryPool[];
  /** The kept machines in the order in which they are renewed, one at a time. Pools are rolled by each deploy that changes them. */
  readonly renewal: readonly string[];
}

export interface Release {
  readonly version: string;
  /** The container image that has its assets. */
  readonly image: string;
}

export interface InventoryFrontDoor {
  readonly routes: readonly { readonly host: string; readonly pool: string; readonly port: number; readonly path: string }[];
  /** Where the cloud makes a machine for it. */
  readonly machine?: InventoryReached & { readonly name: string; readonly address: string };
}

export interface InventoryTier {
  readonly path: string;
  readonly id: string;
  /** The class of the tier, such as `Postgres` or `WebTier`. */
  readonly kind: string;
  /** What the site has it for. */
  readonly why: string;
  /** The names of the machines and pools that it has for itself; none for one on the hosts of others. */
  readonly hosts: readonly string[];
}

/** How those who look after a host find it. The cloud says so, and leaves out what it does not have. */
export interface InventoryReached {
  /** What Terraform calls it. */
  readonly resource?: string;
  /** What `-replace=` of `terraform apply` takes so that it is made anew. */
  readonly renew?: string;
  /** The command that logs in, to which a command for the machine may be added. */
  readonly login?: string;
}

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
  /** Which of its tier's machines it is, from 1. */
  readonly number: number;
  /** In which of the cloud's zones it stands, from 0. */
  readonly zone: number;
  readonly address: string;
  /** Its disks, which outlive it. */
  readonly disks: readonly { readonly name: string; readonly gib: number }[];
  /** What a changed boot text does: `keep` leaves it alone until it is renewed, `replace` makes it anew. */
  readonly onChange: "keep" | "replace";
  /** Whether its boot text has changed since it was made. */
  readonly older?: boolean;
  /** The machines that are renewed before it. */
  readonly renewAfter: readonly string[];
}

/** Alike members, which each change of the boot text replaces. */
export interface InventoryPool extends InventoryHost {
  /** How many members. */
  readonly size: number;
  readonly roll: "start-first" | "stop-first";
  /** The members as they were deployed; left out where the cloud alone knows them. */
  readonly members?: readonly InventoryMember[];
  /** The command that lists the machines as they are now. */
  readonly list?: string;
}

export interface InventoryMember extends InventoryReached {
  readonly name: string;
  readonly address?: string;
}

/** A systemd unit that does some of what the host is for. */
export interface InventoryUnit {
  /** As systemd calls it. */
  readonly unit: string;
  /** What it is, in one word, such as `web` or `redis`. */
  readonly what: string;
  /** The path of the tier that has it there. */
  readonly tier: string;
  /** What else those who work with it must know, such as its port or its queues. */
  readonly facts: Facts;
}

export type Facts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What a cloud says of a host for the inventory. */
export interface MadeHost extends InventoryReached {
  /** An expression of Terraform's, true if the boot text has changed since the machine was made. */
  readonly older?: string;
}
