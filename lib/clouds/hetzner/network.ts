// A site at Hetzner: its provider, network and firewall, a subnet for each tier, spread groups, and the limits that all of it must keep.

import { HcloudProvider } from "@cdktf/provider-hcloud/lib/provider";
import { DataHcloudVolumes } from "@cdktf/provider-hcloud/lib/data-hcloud-volumes";
import { Firewall } from "@cdktf/provider-hcloud/lib/firewall";
import { Network as HcloudNetwork } from "@cdktf/provider-hcloud/lib/network";
import { NetworkSubnet } from "@cdktf/provider-hcloud/lib/network-subnet";
import { PlacementGroup } from "@cdktf/provider-hcloud/lib/placement-group";
import { TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { Role } from "../../core/address-plan";
import { SiteSpec } from "../../core/cloud";
import { shortened } from "../../core/names";
import { Problems } from "../../core/problems";
import { Stale } from "../../core/stale";
import { Gate } from "./gate";
import { limits, Use } from "./limits";
import { Settings } from "./settings";
import { LOCATIONS } from "./sizes";

export interface PoolOfSite {
  readonly name: string;
  /** How many servers it has at the most: both generations while it rolls. */
  readonly peak: number;
}

/** A load balancer that checks the health of a pool's members. */
export interface Door {
  readonly pool: string;
  readonly balancer: string;
  /** The port of its service. */
  readonly port: number;
  /** What must be there before its checks mean anything. */
  readonly needs: readonly string[];
}

export class HetznerNetwork {
  readonly site: string;
  readonly cidr: string;
  readonly problems: Problems;
  readonly gate: Gate;
  /** Of Terraform's number type, as servers take them. */
  readonly id: number;
  readonly firewall: number;
  readonly stale: Stale;
  /** What counts against Hetzner's limits. */
  readonly uses: Use[] = [];
  private readonly pools = new Map<string, PoolOfSite>();
  private readonly doors: Door[] = [];
  private readonly subnets = new Map<string, NetworkSubnet>();
  private readonly groups = new Map<string, PlacementGroup>();
  private found: DataHcloudVolumes | undefined;

  constructor(
    readonly scope: Construct,
    private readonly spec: SiteSpec,
    readonly settings: Settings,
  ) {
    this.site = spec.site;
    this.cidr = spec.cidr;
    this.problems = new Problems(scope);
    for (const problem of settings.wrong) this.problems.add(scope, problem);
    this.gate = new Gate(scope);
    this.stale = new Stale(scope, this.site);
    provider(scope, settings.pollSeconds);
    const network = new HcloudNetwork(scope, "Network", { name: this.site, ipRange: spec.cidr, labels: { site: this.site } });
    this.id = Token.asNumber(network.id);
    this.firewall = Token.asNumber(firewall(scope, this.site, settings).id);
    this.problems.atSynth(() => limits(this));
  }

  /** Where hosts of a role have their addresses. */
  rangeOf(role: Role): string {
    return this.spec.roles[role];
  }

  /** Where load balancers have their addresses. */
  get balancers(): string {
    return this.spec.roles.cloud;
  }

  /** Tells of a pool, and how many servers it has at the most. */
  admit(pool: PoolOfSite): void {
    this.pools.set(pool.name, pool);
  }

  /** How many servers a pool has at the most. */
  peak(pool: string): number {
    return this.pools.get(pool)?.peak ?? 0;
  }

  /** Tells that a load balancer sees whether a pool's members serve. */
  sees(door: Door): void {
    this.doors.push(door);
  }

  /** The load balancers that see a pool, once the page is whole. */
  doorsOf(pool: string): readonly Door[] {
    return this.doors.filter((door) => door.pool === pool);
  }

  /** The pools that no route leads to, once the page is whole. */
  get unseen(): readonly PoolOfSite[] {
    return [...this.pools.values()].filter((pool) => this.doorsOf(pool.name).length === 0);
  }

  get subnetCount(): number {
    return this.subnets.size;
  }

  get groupCount(): number {
    return this.groups.size;
  }

  /** The site's volumes as Hetzner has them when a plan is made, as part of a larger expression. */
  get volumes(): string {
    this.found ??= new DataHcloudVolumes(this.scope, "Volumes", { withSelector: `site=${this.site}` });
    return `data.hcloud_volumes.${this.found.friendlyUniqueId}.volumes`;
  }

  /** The subnet of a tier: its own, so that an address that Hetzner chooses is never one that another machine wants. */
  subnet(range: string): NetworkSubnet {
    const found = this.subnets.get(range);
    if (found !== undefined) return found;
    const made = new NetworkSubnet(this.scope, `Subnet-${range.replaceAll(/[./]/g, "-")}`, {
      networkId: this.id,
      type: "cloud",
      ipRange: range,
      networkZone: LOCATIONS[this.settings.location].zone,
    });
    this.subnets.set(range, made);
    return made;
  }

  /** The n-th group of a tier, whose members stand on different hosts at Hetzner. */
  group(role: Role, range: string, n: number): number {
    const name = `${role}-${range.replaceAll(/[./]/g, "-")}-${n}`;
    const found = this.groups.get(name);
    const made =
      found ??
      new PlacementGroup(this.scope, `Spread-${name}`, {
        name: shortened(`${this.site}-${name}`),
        type: "spread",
        labels: { site: this.site, role },
      });
    this.groups.set(name, made);
    return Token.asNumber(made.id);
  }
}

// One for all sites of a stack; the page's own, if it has one.
function provider(scope: Construct, pollSeconds: number): void {
  const stack = TerraformStack.of(scope);
  if (stack.node.findAll().some((node) => node instanceof HcloudProvider)) return;
  // Polled every half second, as is the default, thirty servers use up the requests of an hour.
  new HcloudProvider(stack, "hcloud", { pollInterval: `${pollSeconds}s` });
}

// It filters the public interface only; the private network is the host firewall's.
function firewall(scope: Construct, site: string, settings: Settings): Firewall {
  const everyone = ["0.0.0.0/0", "::/0"];
  // A firewall that loses its last rule is not changed at all, so one rule stands in any case.
  const rules = [{ direction: "in", protocol: "icmp", sourceIps: everyone, description: "ping and path MTU" }];
  const ssh = { direction: "in", protocol: "tcp", port: "22", sourceIps: [...settings.ssh.from].sort(), description: "SSH" };
  return new Firewall(scope, "Firewall", {
    name: site,
    rule: settings.ssh.from.length === 0 ? rules : [...rules, ssh],
    labels: { site },
  });
}
