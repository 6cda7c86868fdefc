// A site at Hetzner: provider, network, firewall, a subnet for each tier, placement groups, and the checks of Hetzner's limits.

import { join } from "node:path";
import { HcloudProvider } from "@cdktf/provider-hcloud/lib/provider";
import { Firewall } from "@cdktf/provider-hcloud/lib/firewall";
import { Network as HcloudNetwork } from "@cdktf/provider-hcloud/lib/network";
import { NetworkSubnet } from "@cdktf/provider-hcloud/lib/network-subnet";
import { PlacementGroup } from "@cdktf/provider-hcloud/lib/placement-group";
import { TerraformResource, TerraformStack, Token } from "cdktf";
import { Construct } from "constructs";
import { Role } from "../../core/address-plan";
import { SiteSpec } from "../../core/cloud";
import { shortened } from "../../core/names";
import { Problems } from "../../core/problems";
import { OutdatedMachines } from "../../core/outdated-machines";
import { Gate } from "../shared/gate";
import { OverSsh } from "../shared/over-ssh";
import { RoleGates } from "../shared/role-gates";
import { limits, NAME_LENGTH, STOP_SECONDS, Use } from "./limits";
import { Settings } from "./settings";
import { LOCATIONS } from "./sizes";
import { FoundResources } from "./found-resources";

export interface PoolOfSite {
  readonly scope: Construct;
  readonly name: string;
  readonly role: Role;
  /** The number of servers on the page. */
  readonly machines: number;
  /** The largest number of servers, during a roll-out. */
  readonly peak: number;
  /** The resource that waits until its members serve. */
  readonly gate: TerraformResource;
}

/** A kept machine. */
export interface KeptOfSite {
  readonly scope: Construct;
  readonly role: Role;
  readonly range: string;
  /** Its resources: server, attached volumes, delivered settings. */
  readonly made: readonly TerraformResource[];
}

/** A load balancer that checks the health of a pool's members. */
export interface Door {
  readonly pool: string;
  readonly balancer: string;
  /** The port of its service. */
  readonly port: number;
  /** Resource ids without which it checks nothing: service and target. */
  readonly needs: readonly string[];
}

// A gate lists the servers at every sixth poll; see gate.mjs.
const GATE_LOOKS_A_LIST = 6;
const GATE_REQUESTS_A_SECOND = 0.75;
const LEAST_PAUSE_SECONDS = 5;

export class HetznerNetwork {
  readonly site: string;
  readonly cidr: string;
  readonly problems: Problems;
  readonly gate: Gate;
  /** Ids as numbers, as the server resource takes them. */
  readonly id: number;
  readonly firewall: number;
  readonly outdated: OutdatedMachines;
  readonly found: FoundResources;
  /** Everything that counts against Hetzner's limits. */
  readonly uses: Use[] = [];
  private readonly roles: RoleGates;
  private ssh: OverSsh | undefined;
  private readonly pools = new Map<string, PoolOfSite>();
  private readonly former = new Map<string, string>();
  private readonly kept: KeptOfSite[] = [];
  private readonly ends: (() => void)[] = [];
  private readonly doors: Door[] = [];
  private readonly subnets = new Map<string, NetworkSubnet>();
  private readonly groups = new Map<string, PlacementGroup>();

  constructor(
    readonly scope: Construct,
    private readonly spec: SiteSpec,
    readonly settings: Settings,
  ) {
    this.site = spec.site;
    this.cidr = spec.cidr;
    this.problems = new Problems(scope);
    for (const problem of settings.wrong) this.problems.add(scope, problem);
    this.gate = new Gate(scope, { directory: join(__dirname, "gate"), pauseSeconds: LEAST_PAUSE_SECONDS });
    this.roles = new RoleGates(scope);
    this.outdated = new OutdatedMachines(scope, this.site);
    this.found = new FoundResources(scope, this.site, settings);
    provider(scope, settings.pollSeconds);
    const network = new HcloudNetwork(scope, "Network", { name: this.site, ipRange: spec.cidr, labels: { site: this.site } });
    this.id = Token.asNumber(network.id);
    this.firewall = Token.asNumber(firewall(scope, this.site, settings).id);
    this.problems.atSynth(() => limits(this));
  }

  /** Delivers settings to running kept machines. */
  get overSsh(): OverSsh {
    return (this.ssh ??= new OverSsh(this.scope));
  }

  /** The address range of a role. */
  rangeOf(role: Role): string {
    return this.spec.roles[role];
  }

  /** The address range of load balancers. */
  get balancers(): string {
    return this.spec.roles.cloud;
  }

  /** Registers a pool. */
  admit(pool: PoolOfSite): void {
    this.pools.set(pool.name, pool);
    this.roles.add(pool);
  }

  /** The names of the page's pools; complete at the end of the page. */
  get poolNames(): readonly string[] {
    return [...this.pools.keys()].sort();
  }

  pool(name: string): PoolOfSite | undefined {
    return this.pools.get(name);
  }

  /** Registers a kept machine. */
  keep(machine: KeptOfSite): void {
    this.kept.push(machine);
  }

  /** The pools and kept machines under a construct. */
  under(of: Construct): { readonly pools: readonly PoolOfSite[]; readonly kept: readonly KeptOfSite[] } {
    const inside = ({ scope }: { readonly scope: Construct }) => scope.node.scopes.includes(of);
    return { pools: [...this.pools.values()].filter(inside), kept: this.kept.filter(inside) };
  }

  /** Registers the old name of a pool. */
  rename(pool: string, was: string): void {
    if (was !== pool) this.former.set(pool, was);
  }

  /** A pool's name, and its old name if it was renamed: servers with either name serve. */
  namesOf(pool: string): readonly string[] {
    return [pool, this.former.get(pool)].filter((name) => name !== undefined);
  }

  /** Registers a load balancer that checks the health of a pool's members. */
  addDoor(door: Door): void {
    this.doors.push(door);
  }

  /** The load balancers that check a pool; complete at the end of the page. */
  doorsOf(pool: string): readonly Door[] {
    return this.doors.filter((door) => door.pool === pool);
  }

  /**
   * Seconds between two polls of a gate. All gates may wait at the same time, and each sends one request for every load balancer that checks its
   * pool, and sometimes one for the servers. Hetzner allows one request a second on average, of which Terraform needs some too.
   */
  get pauseSeconds(): number {
    const questions = this.doors.length + this.pools.size / GATE_LOOKS_A_LIST;
    return Math.max(LEAST_PAUSE_SECONDS, Math.ceil(questions / GATE_REQUESTS_A_SECOND));
  }

  /** Calls `make` at the end of the page; it may still make resources. */
  atEnd(make: () => void): void {
    this.ends.push(make);
  }

  /** Called at the end of the page. */
  end(): void {
    // A call may add further ones to the list.
    for (let make = this.ends.shift(); make !== undefined; make = this.ends.shift()) make();
    this.gatesAfterKept();
    this.roles.finish((ROLE, pools) =>
      this.gate.call("retire", {
        SITE: this.site,
        ROLE,
        POOLS: pools.join(" "),
        LIMIT_SECONDS: STOP_SECONDS,
        STOP_SECONDS,
      }),
    );
  }

  /** Makes every gate depend on all kept machines: if one of these cannot be made, the apply fails at once with that error. */
  private gatesAfterKept(): void {
    const made = this.kept
      .flatMap((machine) => machine.made)
      .map((one) => `${one.terraformResourceType}.${one.friendlyUniqueId}`);
    for (const { gate } of this.pools.values()) gate.dependsOn = [...new Set([...(gate.dependsOn ?? []), ...made])];
  }

  /** The pools that no load balancer checks yet, since they have no route. */
  get poolsWithoutCheck(): readonly PoolOfSite[] {
    return [...this.pools.values()].filter((pool) => this.doorsOf(pool.name).length === 0);
  }

  get subnetCount(): number {
    return this.subnets.size;
  }

  get groupCount(): number {
    return this.groups.size;
  }

  /** The subnet of a tier. Each tier has its own, so that Hetzner never assigns a planned address of a kept machine to a pool's member. */
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

  /** The n-th placement group of a tier, whose servers run on different physical hosts. */
  group(role: Role, range: string, n: number): PlacementGroup {
    const name = `${role}-${range.replaceAll(/[./]/g, "-")}-${n}`;
    const found = this.groups.get(name);
    const made =
      found ??
      new PlacementGroup(this.scope, `Spread-${name}`, {
        name: shortened(`${this.site}-${name}`, NAME_LENGTH),
        type: "spread",
        labels: { site: this.site, role },
      });
    this.groups.set(name, made);
    return made;
  }
}

// One provider for all sites of a stack; the page's own, if it has one.
function provider(scope: Construct, pollSeconds: number): void {
  const stack = TerraformStack.of(scope);
  if (stack.node.findAll().some((node) => node instanceof HcloudProvider)) return;
  // With the default of half a second, a deploy of thirty servers exceeds the hourly limit of requests.
  new HcloudProvider(stack, "hcloud", { pollInterval: `${pollSeconds}s` });
}

// Hetzner's firewall filters the public interface only; host firewalls filter the private network.
function firewall(scope: Construct, site: string, settings: Settings): Firewall {
  const everyone = ["0.0.0.0/0", "::/0"];
  // The provider does not apply the removal of the last rule, so there is always one rule.
  const rules = [{ direction: "in", protocol: "icmp", sourceIps: everyone, description: "ping and path MTU" }];
  const ssh = { direction: "in", protocol: "tcp", port: "22", sourceIps: [...settings.ssh.from].sort(), description: "SSH" };
  return new Firewall(scope, "Firewall", {
    name: site,
    rule: settings.ssh.from.length === 0 ? rules : [...rules, ssh],
    labels: { site },
  });
}
