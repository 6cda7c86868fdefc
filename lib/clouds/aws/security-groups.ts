// Security groups: one a tier, with inbound rules from the table of flows and outbound rules to what the tier calls.
// Without a rule AWS lets pass what VPCs provide at addresses of their own: names, metadata, the time at 169.254.169.123. It also lets in ICMP that
// answers what a machine has sent, so a host learns without a rule that a packet was too large on its way. (VPC and EC2 user guides.)

import { isIP } from "node:net";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Construct } from "constructs";
import { Caller, Flow } from "../../core/flow";
import { HostSpec } from "../../core/host-spec";
import { hostName, shortened } from "../../core/names";
import { DNS_PORT, HTTP_PORT, HTTPS_PORT } from "../../core/ports";
import { ADMINISTRATORS, accessEndpoint } from "./access";
import { GROUP_NAME_LENGTH, RULES_OF_A_GROUP } from "./limits";
import type { AwsNetwork } from "./network";
import { idOf } from "./own-network";
import { Family, Group, groupPeer, port, Ports, rangePeer, Rules, WORLD } from "./rules";

/** What may open a connection to a group. */
interface Opening extends Pick<Flow, "from" | "sources" | "port" | "protocol" | "why"> {
  readonly to: Group;
}

interface Tier {
  readonly group: Group;
  readonly hosts: HostSpec[];
}

/** That a packet was too large: type 3 with code 4, and type 2 of IPv6. */
const TOO_LARGE: readonly Ports[] = [
  { protocol: "icmp", from: 3, to: 4 },
  { protocol: "icmpv6", from: 2, to: 0 },
];

export class SecurityGroups {
  private readonly tiers = new Map<string, Tier>();
  /** Groups of anything but tiers. No tier has such a name: theirs begin with what the tier consists of. */
  private readonly others = new Map<string, Group>();
  private readonly admitted: Opening[] = [];
  private readonly rules = new Rules();

  constructor(private readonly network: AwsNetwork) {}

  /** Puts a host into the group of its tier; returns the group's id. */
  cover(scope: Construct, tier: string, host: HostSpec): string {
    const found = this.tiers.get(tier) ?? { group: this.group(scope, tier, `The hosts of ${tier}`), hosts: [] };
    this.tiers.set(tier, found);
    found.hosts.push(host);
    return idOf(found.group.made);
  }

  /** The id of the load balancer's group: open to the world on the ports of the web, and outbound to what it has targets on. */
  get door(): string {
    return idOf(this.doorGroup.made);
  }

  /** A group for a managed service; `admit` opens it for the tiers of a role. */
  managed(scope: Construct, name: string): { readonly id: string; admit(from: Caller, port: number, why: string): void } {
    const to = this.other(scope, `managed-${hostName(name)}`, `The managed service ${hostName(name)}`);
    const admit = (from: Caller, at: number, why: string) => void this.admitted.push({ from, sources: [], to, port: at, why });
    return { id: idOf(to.made), admit };
  }

  /** The page is whole: makes the rules. */
  end(): void {
    const { network, rules } = this;
    for (const { group, hosts } of this.tiers.values())
      for (const flow of hosts.flatMap((host) => host.openings())) this.open({ ...flow, to: group });
    for (const opening of this.admitted) this.open(opening);
    for (const tier of this.tiers.values()) this.letOut(tier);
    if (this.others.has(DOOR)) this.openDoor();
    if (this.others.has(ACCESS)) accessEndpoint(network, idOf(this.accessGroup.made));
    for (const rule of rules.make(network)) network.vpc.needs(rule);
    network.problems.atSynth(() => this.count());
  }

  /** Both rules of a connection: the one that lets it in, and the one that lets it out at the other side. */
  private open({ from, sources, to, port: at, protocol, why }: Opening): void {
    const ports = port(at, protocol);
    const callers = this.callers(from);
    if (callers === undefined) {
      for (const range of sources) this.rules.add("in", to, ports, rangePeer(range), why);
      return;
    }
    for (const caller of callers) {
      this.rules.add("in", to, ports, groupPeer(caller), why);
      this.rules.add("out", caller, ports, groupPeer(to), why);
    }
  }

  /** The groups of a caller; `undefined` if it has none, and is known by its addresses. */
  private callers(from: Caller): readonly Group[] | undefined {
    if (from.kind === "front door") return [this.doorGroup];
    if (from.kind === "external") return from.name === ADMINISTRATORS ? [this.accessGroup] : undefined;
    const tiers = [...this.tiers.values()].filter(({ hosts }) => hosts.some(({ role }) => role === from.role));
    return tiers.map(({ group }) => group);
  }

  /** To what is not a part of the site. Connections to hosts and managed services have their rules already. */
  private letOut({ group, hosts }: Tier): void {
    this.toWorld(group, port(HTTPS_PORT), "what AWS itself offers to machines");
    for (const { to, port: at, protocol, why } of hosts.flatMap((host) => host.calls())) {
      if (to.kind === "managed" || (at === DNS_PORT && this.resolvesItself)) continue;
      const reason = `${to.name}: ${why}`;
      if (isIP(to.name) === 0) this.toWorld(group, port(at, protocol), reason);
      else this.rules.add("out", group, port(at, protocol), rangePeer(`${to.name}/${isIP(to.name) === 4 ? 32 : 128}`), reason);
    }
  }

  private toWorld(group: Group, ports: Ports, why: string): void {
    for (const peer of WORLD) this.rules.add("out", group, ports, peer, why);
  }

  /** Whether machines ask the VPC's own name servers. One that stands already may name others. */
  private get resolvesItself(): boolean {
    return this.network.settings.props.existing === undefined;
  }

  private openDoor(): void {
    for (const peer of WORLD) {
      this.rules.add("in", this.doorGroup, port(HTTP_PORT), peer, "browsers and other servers, which are sent on to TLS");
      this.rules.add("in", this.doorGroup, port(HTTPS_PORT), peer, "browsers and other servers");
    }
    // AWS' documentation of load balancers recommends it.
    WORLD.forEach((peer, at) => this.rules.add("in", this.doorGroup, TOO_LARGE[at]!, peer, "that a packet was too large"));
  }

  private get doorGroup(): Group {
    return this.other(this.network.scope, DOOR, "The load balancer");
  }

  private get accessGroup(): Group {
    return this.other(this.network.scope, ACCESS, "The EC2 Instance Connect Endpoint");
  }

  private other(scope: Construct, name: string, description: string): Group {
    const found = this.others.get(name) ?? this.group(scope, name, description);
    this.others.set(name, found);
    return found;
  }

  // AWS makes a group anew for another name or description, which it refuses while a machine is in it. So both follow from the tier's name alone,
  // and the name is a fixed one: only with another VPC is a group made anew, where its name is free. Another version of this library may describe it in
  // other words.
  private group(scope: Construct, name: string, description: string): Group {
    const { network } = this;
    const made = new SecurityGroup(network.scope, `Group-${name}`, {
      name: shortened(`${network.site}-${name}`, GROUP_NAME_LENGTH),
      description,
      vpcId: network.vpc.id,
      tags: network.tags(name),
      lifecycle: { ignoreChanges: ["description"] },
    });
    return { name, scope, made };
  }

  private count(): void {
    const { problems } = this.network;
    const sides = [
      ["in", "IPv4", "inbound"],
      ["in", "IPv6", "inbound"],
      ["out", "IPv4", "outbound"],
      ["out", "IPv6", "outbound"],
    ] as const satisfies readonly (readonly ["in" | "out", Family, string])[];
    for (const group of [...[...this.tiers.values()].map((tier) => tier.group), ...this.others.values()]) {
      for (const [direction, family, word] of sides) {
        const rules = this.rules.count(group, direction, family);
        if (rules <= RULES_OF_A_GROUP) continue;
        problems.add(group.scope, {
          wrong: `its security group has ${rules} ${word} rules, and AWS takes ${RULES_OF_A_GROUP}: one for each port and tier that connects`,
          remedy: "use fewer ports, or fewer tiers of a role",
          cause: `rules of ${group.made.node.path} ${direction}`,
        });
      }
    }
  }
}

const DOOR = "front-door";
const ACCESS = "access";
