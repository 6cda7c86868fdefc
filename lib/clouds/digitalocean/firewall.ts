// The firewalls at DigitalOcean, one a tier, by its tag: what the table of flows lets in and what the tier calls, and nothing else.
// They see the VPC as well as the Internet, and know roles and load balancers where a host's own firewall knows the network alone.

import { Firewall } from "@cdktf/provider-digitalocean/lib/firewall";
import { Tag } from "@cdktf/provider-digitalocean/lib/tag";
import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { Flow } from "../../core/flow";
import { HostSpec } from "../../core/host-spec";
import { shortened } from "../../core/names";
import { METADATA } from "../../core/nftables";
import { HTTP_PORT, HTTPS_PORT } from "../../core/ports";
import { NAME_LENGTH, RULES_OF_A_FIREWALL } from "./limits";
import type { DigitalOceanNetwork } from "./network";
import { addressOf } from "../shared/terraform-address";

const WORLD: readonly string[] = ["0.0.0.0/0", "::/0"];

/** Who may be on the other side of a rule, by kind. */
type Peers = Readonly<Record<"addresses" | "tags" | "load_balancer_uids", readonly string[]>>;

interface Tier {
  readonly scope: Construct;
  readonly tag: Tag;
  readonly firewall: Firewall;
  readonly hosts: HostSpec[];
}

export class Firewalls {
  private readonly tiers = new Map<string, Tier>();

  constructor(private readonly network: DigitalOceanNetwork) {}

  /** Puts a host behind the firewall of its tier, which stands before the host does; returns the tier's tag. */
  cover(scope: Construct, tier: string, host: HostSpec): Pick<Tier, "tag" | "firewall"> {
    const found = this.tiers.get(tier) ?? this.make(scope, tier);
    found.hosts.push(host);
    return found;
  }

  /** The page is whole. */
  end(): void {
    for (const tier of this.tiers.values()) {
      // A rule names only tags that exist, also of roles without a machine.
      for (const { from } of tier.hosts.flatMap((host) => host.openings()))
        if (from.kind === "role" && from.role !== "cloud") this.network.roleTag(from.role);
    }
    this.network.problems.atSynth(() => {
      for (const tier of this.tiers.values()) {
        const rules = this.inbound(tier).length + this.outbound(tier).length;
        if (rules <= RULES_OF_A_FIREWALL) continue;
        this.network.problems.add(tier.scope, {
          wrong: `its firewall has ${rules} rules, and DigitalOcean takes ${RULES_OF_A_FIREWALL}`,
          remedy: "use fewer ports, or put the machines into several tiers",
        });
      }
    });
  }

  private make(scope: Construct, name: string): Tier {
    const { network } = this;
    const tag = network.tag(name);
    const tier: Tier = {
      scope,
      tag,
      hosts: [],
      firewall: new Firewall(network.scope, `Firewall-${name}`, {
        name: shortened(`${network.site}-${name}`, NAME_LENGTH),
        tags: [tag.name],
        inboundRule: Lazy.anyValue({ produce: () => this.inbound(tier) }),
        outboundRule: Lazy.anyValue({ produce: () => this.outbound(tier) }),
      }),
    };
    this.tiers.set(name, tier);
    return tier;
  }

  private inbound({ hosts }: Tier): readonly object[] {
    const rules = new Rules("source");
    // Without it nobody learns that a packet was too large on its way.
    rules.add("icmp", undefined, { addresses: WORLD });
    for (const host of hosts)
      for (const flow of host.openings()) rules.add(flow.protocol ?? "tcp", flow.port, this.callers(host, flow));
    return rules.all;
  }

  private callers(host: HostSpec, { from, sources, port }: Flow): Partial<Peers> {
    if (from.kind === "external") return { addresses: sources };
    if (from.kind === "role" && from.role !== "cloud") return { tags: [nameOf(this.network.roleTag(from.role))] };
    const doors = this.network.doorsOf(host.name).filter((door) => door.port === port);
    return { load_balancer_uids: doors.map((door) => door.balancer) };
  }

  private outbound({ hosts }: Tier): readonly object[] {
    const rules = new Rules("destination");
    rules.add("icmp", undefined, { addresses: WORLD });
    for (const address of METADATA) rules.add("tcp", HTTP_PORT, { addresses: [`${address}/32`] });
    // Of DigitalOcean's image nobody says whether it fetches packages with TLS. The monitoring agent speaks by it as well.
    rules.add("tcp", HTTPS_PORT, { addresses: WORLD });
    for (const flow of hosts.flatMap((host) => host.calls()))
      rules.add(flow.protocol ?? "tcp", flow.port, {
        addresses: flow.to.kind === "managed" ? [this.network.cidr] : WORLD,
      });
    const roles = new Set(hosts.map(({ role }) => role));
    for (const tier of this.tiers.values())
      for (const { from, port, protocol } of tier.hosts.flatMap((host) => host.openings()))
        if (from.kind === "role" && roles.has(from.role)) rules.add(protocol ?? "tcp", port, { tags: [nameOf(tier.tag)] });
    return rules.all;
  }
}

/** As an expression of Terraform's: cdktf gives another token for each time that it is asked, and those would stand beside each other. */
function nameOf(tag: Tag): string {
  return `\${${addressOf(tag)}.name}`;
}

/** Rules in one direction, one for each protocol and port. */
class Rules {
  private readonly peers = new Map<string, Record<keyof Peers, Set<string>>>();

  constructor(private readonly side: "source" | "destination") {}

  add(protocol: string, port: number | undefined, to: Partial<Peers>): void {
    const key = `${protocol} ${port ?? ""}`;
    const known = this.peers.get(key) ?? { addresses: new Set(), tags: new Set(), load_balancer_uids: new Set() };
    this.peers.set(key, known);
    for (const kind of Object.keys(known) as (keyof Peers)[]) for (const one of to[kind] ?? []) known[kind].add(one);
  }

  /** As the provider takes them, sorted, so that the order of the page does not show. */
  get all(): readonly object[] {
    return [...this.peers]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, peers]) => {
        const [protocol, port] = key.split(" ");
        // All addresses of the world are those of tags and networks as well.
        const world = WORLD.every((range) => peers.addresses.has(range));
        const sides = Object.entries(world ? { addresses: new Set(WORLD) } : peers)
          .filter(([, some]) => some.size > 0)
          .map(([kind, some]) => [`${this.side}_${kind}`, [...some].sort()]);
        // A rule without a peer lets nobody through, and DigitalOcean refuses it.
        if (sides.length === 0) return [];
        return [{ protocol, ...(port !== "" && { port_range: port }), ...Object.fromEntries(sides) }];
      });
  }
}
