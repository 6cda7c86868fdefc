// Rules of security groups, each a resource of its own: `rules.add("in", database, { protocol: "tcp", from: 5432, to: 5432 }, peer, "why")`.
// The name of a rule is made of its group, port and peer alone, so one more tier adds rules and changes none.

import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { VpcSecurityGroupEgressRule } from "@cdktf/provider-aws/lib/vpc-security-group-egress-rule";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { AwsNetwork } from "./network";
import { idOf } from "./own-network";

/** A security group of the page. */
export interface Group {
  /** Unique in the site. */
  readonly name: string;
  /** Where its problems are told. */
  readonly scope: Construct;
  readonly made: SecurityGroup;
}

/** The other side of a rule. */
export interface Peer {
  /** For the rule's name. */
  readonly name: string;
  /** Which families it counts for. */
  readonly families: readonly Family[];
  readonly side: { readonly referencedSecurityGroupId: string } | { readonly cidrIpv4: string } | { readonly cidrIpv6: string };
}

export interface Ports {
  readonly protocol: "tcp" | "udp" | "icmp" | "icmpv6";
  /** The first port, or the type of ICMP. */
  readonly from: number;
  /** The last port, or the code of ICMP. */
  readonly to: number;
}

export type Family = "IPv4" | "IPv6";
type Direction = "in" | "out";

interface Rule {
  readonly direction: Direction;
  readonly group: Group;
  readonly ports: Ports;
  readonly peer: Peer;
  readonly whys: Set<string>;
}

/** The most that AWS takes as a rule's description. */
const DESCRIPTION_LENGTH = 255;

/** Everybody, in both families. */
export const WORLD: readonly Peer[] = [
  { name: "world-ipv4", families: ["IPv4"], side: { cidrIpv4: "0.0.0.0/0" } },
  { name: "world-ipv6", families: ["IPv6"], side: { cidrIpv6: "::/0" } },
];

export class Rules {
  private readonly rules = new Map<string, Rule>();

  add(direction: Direction, group: Group, ports: Ports, peer: Peer, why: string): void {
    const { protocol, from } = ports;
    const id = [direction === "in" ? "Inbound" : "Outbound", group.name, protocol, from, peer.name].join("-");
    const known = this.rules.get(id);
    if (known !== undefined) known.whys.add(why);
    else this.rules.set(id, { direction, group, ports, peer, whys: new Set([why]) });
  }

  /** How many rules a group has, as AWS counts them: a rule for a group counts for both families. */
  count(group: Group, direction: Direction, family: Family): number {
    const own = [...this.rules.values()].filter((rule) => rule.group === group && rule.direction === direction);
    return own.filter(({ peer }) => peer.families.includes(family)).length;
  }

  make(network: AwsNetwork): readonly TerraformResource[] {
    return [...this.rules]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, { direction, group, ports, peer, whys }]) => {
        const config = {
          securityGroupId: idOf(group.made),
          ipProtocol: ports.protocol,
          fromPort: ports.from,
          toPort: ports.to,
          ...peer.side,
          description: description([...whys].sort()),
          tags: network.tags(group.name),
        };
        const { scope } = network;
        return direction === "in"
          ? new VpcSecurityGroupIngressRule(scope, id, config)
          : new VpcSecurityGroupEgressRule(scope, id, config);
      });
  }
}

export function port(number: number, protocol: "tcp" | "udp" = "tcp"): Ports {
  return { protocol, from: number, to: number };
}

export function groupPeer(group: Group): Peer {
  return {
    name: group.name,
    families: ["IPv4", "IPv6"],
    side: { referencedSecurityGroupId: idOf(group.made) },
  };
}

/** A range of addresses, in CIDR notation. */
export function rangePeer(range: string): Peer {
  const name = range.replace(/[^0-9a-f]/gi, "-");
  if (range.includes(":")) return { name, families: ["IPv6"], side: { cidrIpv6: range } };
  return { name, families: ["IPv4"], side: { cidrIpv4: range } };
}

/** AWS takes letters without accents, digits, blanks and a few signs. */
function description(whys: readonly string[]): string {
  const text = whys.join("; ").replace(/[^A-Za-z0-9 ._:/()#,@[\]+=&;!*-]/g, "");
  return text.slice(0, DESCRIPTION_LENGTH);
}
