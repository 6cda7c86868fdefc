// Which private addresses each role and tier of a site gets: `plan.tier("redis", plan.slotOf("redis", "cache"))`.
// A tier's block depends only on its role and name, so reordering a page or adding a tier changes no address.

import { Problem } from "./problems";

export type Role = "cloud" | "postgres" | "pgbouncer" | "redis" | "web" | "streaming" | "sidekiq" | "own" | "etcd" | "monitoring";

/** A range of IPv4 addresses. */
export interface Range {
  /** As in `10.20.16.0/20`. */
  readonly cidr: string;
  readonly first: number;
  readonly size: number;
}

// Offset and prefix of each role inside the /16, and the prefix of a tier's block. Blocks of kept machines are small; those of pools are larger,
// since a pool doubles during a roll-out.
const ROLES: Readonly<Record<Role, { readonly offset: number; readonly prefix: number; readonly block: number }>> = {
  cloud: { offset: 0, prefix: 20, block: 26 },
  postgres: { offset: 4096, prefix: 20, block: 26 },
  pgbouncer: { offset: 8192, prefix: 20, block: 26 },
  redis: { offset: 12288, prefix: 20, block: 26 },
  web: { offset: 16384, prefix: 19, block: 25 },
  streaming: { offset: 24576, prefix: 19, block: 25 },
  sidekiq: { offset: 32768, prefix: 18, block: 25 },
  own: { offset: 49152, prefix: 19, block: 25 },
  etcd: { offset: 57344, prefix: 22, block: 26 },
  monitoring: { offset: 58368, prefix: 22, block: 26 },
  // From 59392 on the range is unused: reserved for later roles, such as backups, so that no address has to change.
};

/** All roles. */
export const ROLE_NAMES = Object.keys(ROLES) as readonly Role[];

export class AddressPlan {
  private constructor(readonly network: Range) {}

  /**
   * The plan of a private /16.
   * @throws if `cidr` is not a /16 of a private range
   */
  static of(cidr: string): AddressPlan {
    const wrong = AddressPlan.wrong(cidr);
    if (wrong !== undefined) throw new Error(`${wrong.wrong} / ${wrong.remedy}`);
    const [a, b] = cidr.split(".").map(Number);
    return new AddressPlan(range(a! * 2 ** 24 + b! * 2 ** 16, 16));
  }

  /** A problem if `cidr` is not a private /16. */
  static wrong(cidr: string): Problem | undefined {
    const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.0\.0\/16$/.exec(cidr);
    const [a, b] = [Number(match?.[1]), Number(match?.[2])];
    const isPrivate = (a === 10 && b <= 255) || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
    if (isPrivate) return undefined;
    return {
      wrong: `network is "${cidr}"`,
      remedy: "give a private /16 such as 10.20.0.0/16, 172.16.0.0/16 or 192.168.0.0/16",
    };
  }

  /** All addresses that tiers of a role may have. Host firewalls use this range. */
  role(role: Role): Range {
    const { offset, prefix } = ROLES[role];
    return range(this.network.first + offset, prefix);
  }

  /** The number of blocks that a role has for tiers. */
  slots(role: Role): number {
    const { prefix, block } = ROLES[role];
    return 2 ** (block - prefix);
  }

  /** The default slot of a tier, from a hash of its name. */
  slotOf(role: Role, tier: string): number {
    return fnv1a(tier) % this.slots(role);
  }

  /** The addresses of one tier. */
  tier(role: Role, slot: number): Range {
    const { offset, block } = ROLES[role];
    return range(this.network.first + offset + slot * 2 ** (32 - block), block);
  }

  /** Divides a tier's block into one range for each zone. */
  zones(tier: Range, count: number): readonly Range[] {
    if (count === 1) return [tier];
    const bits = Math.ceil(Math.log2(count));
    const size = tier.size / 2 ** bits;
    return Array.from({ length: count }, (_, zone) => range(tier.first + zone * size, 32 - Math.log2(size)));
  }

  /** Zone and address of the n-th kept machine of a tier, counted from 1. Machines are spread over the zones in turn. */
  place(tier: Range, n: number, zones = 1): { readonly zone: number; readonly range: Range; readonly address: string } {
    if (n < 1 || n > this.capacity(tier, zones)) throw new Error(`machine ${n} does not fit ${tier.cidr}`);
    const zone = (n - 1) % zones;
    const range = this.zones(tier, zones)[zone]!;
    return { zone, range, address: dotted(range.first + first(zones) + Math.floor((n - 1) / zones)) };
  }

  /** How many machines a tier's block has addresses for. The first addresses of a block and the last are reserved for the cloud. */
  capacity(tier: Range, zones = 1): number {
    return zones * (this.zones(tier, zones)[0]!.size - first(zones) - 1);
  }
}

// AWS reserves the first four addresses of a subnet, and the range of one zone may have only sixteen. An undivided block has room for ten.
function first(zones: number): number {
  return zones === 1 ? 10 : 4;
}

function range(first: number, prefix: number): Range {
  return { cidr: `${dotted(first)}/${prefix}`, first, size: 2 ** (32 - prefix) };
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

// FNV-1a: distributes short names evenly, and gives the same result in every version of Node.
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
