// Which /64 of IPv6 a subnet gets: `new Ipv6Plan("10.20.0.0/16").place("10.20.16.0/28", 2)`.
// The number follows from the tier's place in the site's network alone, so one more tier changes no subnet: AWS replaces a subnet whose IPv6 range
// changes, and with it all that is in it. AWS gives a VPC blocks of 256 such ranges, at most five of them (VPC quotas), and plans of a site have
// more places than that; so tiers of a role share numbers, and two tiers of one page that have the same are refused.

import { AddressPlan, Range, Role, ROLE_NAMES } from "../../core/address-plan";

/** A block of the VPC, from which roles have their numbers. Roles that may have many tiers have one of their own. */
export type Ipv6Block = "General" | "Redis" | "Sidekiq" | "Etcd";

/** Each tier has one number for each zone, of which there are at most four. */
const ZONES = 4;

/** From where on and how many tiers of a role have numbers of their own; a block has 64. */
const SHARES: Readonly<Record<Role, { readonly block: Ipv6Block; readonly first: number; readonly tiers: number }>> = {
  cloud: { block: "General", first: 0, tiers: 1 },
  postgres: { block: "General", first: 1, tiers: 12 },
  pgbouncer: { block: "General", first: 13, tiers: 12 },
  web: { block: "General", first: 25, tiers: 14 },
  streaming: { block: "General", first: 39, tiers: 12 },
  own: { block: "General", first: 51, tiers: 13 },
  etcd: { block: "Etcd", first: 0, tiers: 16 },
  monitoring: { block: "Etcd", first: 16, tiers: 16 },
  redis: { block: "Redis", first: 0, tiers: 64 },
  sidekiq: { block: "Sidekiq", first: 0, tiers: 64 },
};

export interface Ipv6Place {
  readonly role: Role;
  /** The tier's slot among those of its role. */
  readonly slot: number;
  readonly block: Ipv6Block;
  /** The number of the /64 in the block. */
  readonly number: number;
}

export class Ipv6Plan {
  private readonly plan: AddressPlan;

  constructor(cidr: string) {
    this.plan = AddressPlan.of(cidr);
  }

  /** The place of a tier's subnet in a zone. */
  place(range: string, zone: number): Ipv6Place {
    const at = addressNumber(range.split("/")[0]!);
    const role = ROLE_NAMES.find((one) => holds(this.plan.role(one), at)) ?? "cloud";
    const { first, size } = this.plan.role(role);
    const slot = Math.floor((at - first) / (size / this.plan.slots(role)));
    return { role, slot, block: SHARES[role].block, number: numberOf(role, slot, zone) };
  }

  /** Whether tiers in two slots have the same numbers. */
  alike(role: Role, one: number, other: number): boolean {
    return numberOf(role, one, 0) === numberOf(role, other, 0);
  }

  /** A slot of the role whose numbers none of these slots has, if there is one. */
  free(role: Role, taken: readonly number[]): number | undefined {
    const all = Array.from({ length: this.plan.slots(role) }, (_, slot) => slot);
    return all.find((slot) => !taken.some((other) => this.alike(role, slot, other)));
  }
}

function numberOf(role: Role, slot: number, zone: number): number {
  const { first, tiers } = SHARES[role];
  return (first + (slot % tiers)) * ZONES + zone;
}

function holds({ first, size }: Range, at: number): boolean {
  return at >= first && at < first + size;
}

/** An IPv4 address as a number. */
export function addressNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The range of so many addresses, a power of two, that begins so many after the beginning of another. */
export function rangeIn(within: string, after: number, size: number): string {
  const at = addressNumber(within.split("/")[0]!) + after;
  const address = [24, 16, 8, 0].map((shift) => Math.floor(at / 2 ** shift) % 256).join(".");
  return `${address}/${32 - Math.log2(size)}`;
}
