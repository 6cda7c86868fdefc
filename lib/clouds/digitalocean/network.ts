// A site at DigitalOcean: its provider, VPC, tags and disks, the pools and kept machines that it has, and the limits that all of it must keep.

import { join } from "node:path";
import { Tag } from "@cdktf/provider-digitalocean/lib/tag";
import { Volume } from "@cdktf/provider-digitalocean/lib/volume";
import { Vpc } from "@cdktf/provider-digitalocean/lib/vpc";
import { Lazy, TerraformResource, Token } from "cdktf";
import { Construct } from "constructs";
import { Role } from "../../core/address-plan";
import { SiteSpec } from "../../core/cloud";
import { HostSpec } from "../../core/host-spec";
import { shortened } from "../../core/names";
import { Problems } from "../../core/problems";
import { OutdatedMachines } from "../../core/outdated-machines";
import { Gate } from "../shared/gate";
import { OverSsh } from "../shared/over-ssh";
import { GatedPool, RoleGates } from "../shared/role-gates";
import { Firewalls } from "./firewall";
import { BLOCKED_MAIL_PORTS, NAME_LENGTH, OPEN_MAIL_PORT, RESERVED, STOP_SECONDS, Use } from "./limits";
import { PrivateNames } from "./names";
import { provider } from "./provider";
import { Settings } from "./settings";
import { FoundResources } from "./found-resources";
import { addressOf } from "../shared/terraform-address";

/** A load balancer that checks the health of a pool's members. */
export interface Door {
  readonly pool: string;
  /** The load balancer's id. */
  readonly balancer: string;
  /** The port of the members on which it asks and to which it leads. */
  readonly port: number;
  /** The tag of the droplets that it checks. */
  readonly tag: Tag;
  /** Whether it is the internal balancer. */
  readonly internal: boolean;
}

// A gate asks for the droplets at every sixth look; see gate.mjs. DigitalOcean tells of health every two minutes, and answers 5000 requests an hour.
const GATE_LOOKS_A_LIST = 6;
const GATE_REQUESTS_A_SECOND = 0.7;
const LEAST_PAUSE_SECONDS = 15;

/** The tag of all droplets that the internal balancer checks; see gate.mjs. */
export const INTERNAL = "internal";
/** The beginning of the tags of routes; see gate.mjs. */
const ROUTE = "route-";

export class DigitalOceanNetwork {
  readonly site: string;
  readonly cidr: string;
  readonly problems: Problems;
  readonly gate: Gate;
  readonly outdated: OutdatedMachines;
  readonly found: FoundResources;
  readonly names: PrivateNames;
  readonly firewalls: Firewalls;
  /** The VPC's id. */
  readonly vpc: string;
  /** What counts against the account's limits. */
  readonly uses: Use[] = [];
  private readonly hosts: { readonly scope: Construct; readonly spec: HostSpec }[] = [];
  private readonly pools = new Map<string, GatedPool>();
  private readonly roles: RoleGates;
  private ssh: OverSsh | undefined;
  private readonly kept: TerraformResource[] = [];
  private readonly deliveries: TerraformResource[] = [];
  private readonly ends: (() => void)[] = [];
  private readonly doors: Door[] = [];
  private readonly tags = new Map<string, Tag>();
  private readonly disks = new Map<string, number>();
  private readonly volumes: Volume;

  constructor(
    readonly scope: Construct,
    spec: SiteSpec,
    readonly settings: Settings,
  ) {
    this.site = spec.site;
    this.cidr = spec.cidr;
    this.problems = new Problems(scope);
    for (const problem of settings.wrong) this.problems.add(scope, problem);
    this.gate = new Gate(scope, { directory: join(__dirname, "gate"), pauseSeconds: LEAST_PAUSE_SECONDS });
    this.roles = new RoleGates(scope);
    this.outdated = new OutdatedMachines(scope, this.site);
    provider(scope, settings.requestsPerSecond);
    this.found = new FoundResources(scope, settings);
    this.found.droplets(() => this.uses.reduce((sum, use) => sum + use.droplets + use.rolling, 0));
    this.vpc = settings.props.vpc === undefined ? this.ownVpc() : this.found.vpc(settings.props.vpc, this.cidr);
    this.volumes = this.allVolumes();
    this.names = new PrivateNames(scope, { site: this.site, cidr: this.cidr, zone: settings.names, problems: this.problems });
    this.firewalls = new Firewalls(this);
    this.problems.atSynth(() => this.mail());
  }

  /** Delivers settings to running kept machines. */
  get overSsh(): OverSsh {
    return (this.ssh ??= new OverSsh(this.scope));
  }

  /** A tag of the site, made once. Droplets, firewalls and load balancers come together by tags, so they come first. */
  tag(name: string): Tag {
    const found = this.tags.get(name);
    const made = found ?? new Tag(this.scope, `Tag-${name}`, { name: name === "" ? this.site : `${this.site}-${name}` });
    this.tags.set(name, made);
    return made;
  }

  /** The tag of all hosts of a role, by which others let them in. */
  roleTag(role: Role): Tag {
    return this.tag(`role-${role}`);
  }

  /** Tells of a disk; returns the expression of its volume's id. */
  disk(name: string, gib: number): string {
    this.disks.set(name, gib);
    return `\${digitalocean_volume.${this.volumes.friendlyUniqueId}["${name}"].id}`;
  }

  /** Tells of a host, kept or a pool's. */
  host(scope: Construct, spec: HostSpec): void {
    this.hosts.push({ scope, spec });
  }

  get specs(): readonly HostSpec[] {
    return this.hosts.map(({ spec }) => spec);
  }

  /** Registers a pool. */
  admit(pool: GatedPool): void {
    this.pools.set(pool.name, pool);
    this.roles.add(pool);
  }

  /** The tag of a pool's members of all generations. */
  poolTag(pool: string): Tag {
    return this.tag(`pool-${pool}`);
  }

  /** Registers the resources of a kept machine: the droplet, and the delivery of its settings. */
  keep(droplet: TerraformResource, delivery: TerraformResource | undefined): void {
    this.kept.push(droplet);
    if (delivery !== undefined) this.deliveries.push(delivery);
  }

  /** Registers a load balancer that checks the health of a pool's members. */
  addDoor(door: Door): void {
    this.doors.push(door);
  }

  /** The load balancers that check a pool; complete at the end of the page. */
  doorsOf(pool: string): readonly Door[] {
    return this.doors.filter((door) => door.pool === pool);
  }

  /** The pools that have no route; complete at the end of the page. */
  get poolsWithoutRoute(): readonly string[] {
    return [...this.pools.keys()].filter((pool) => !this.doorsOf(pool).some((door) => !door.internal)).sort();
  }

  /**
   * The tag by which the load balancer of a route finds its droplets. It is named after the route and not after the pool, so that the members of a
   * pool with another name join those that serve, instead of taking their place before they have booted.
   */
  routeTag(at: string): Tag {
    return this.tag(`${ROUTE}${at}`);
  }

  /** The tags by which load balancers find a pool's members; complete at the end of the page. Old members lose these first. */
  servingTags(pool: string): readonly string[] {
    return [...new Set(this.doorsOf(pool).map(({ tag }) => tag))].map((tag) => tag.name);
  }

  /** Between two questions of a gate, in seconds, once the page is whole: all gates may wait at the same time, and Terraform asks as well. */
  get pauseSeconds(): number {
    const questions = this.doors.length + this.pools.size / GATE_LOOKS_A_LIST;
    return Math.max(LEAST_PAUSE_SECONDS, Math.ceil(questions / GATE_REQUESTS_A_SECOND));
  }

  /** Runs `make` once the page is whole; it may still make resources. */
  atEnd(make: () => void): void {
    this.ends.push(make);
  }

  /** The page is whole. */
  end(): void {
    for (let make = this.ends.shift(); make !== undefined; make = this.ends.shift()) make();
    this.firewalls.end();
    // If a kept machine or its name cannot be made, members would never serve, and a gate would wait for nothing.
    const records = this.names.records(this.specs);
    const made = [...this.kept, ...this.deliveries, ...records].map(addressOf);
    for (const { gate } of this.pools.values()) gate.dependsOn = [...new Set([...(gate.dependsOn ?? []), ...made])];
    // A machine waits for the names of new ones when it gets them.
    for (const delivery of this.deliveries) delivery.dependsOn = [...(delivery.dependsOn ?? []), ...records.map(addressOf)];
    this.roles.finish((role, pools) =>
      this.gate.call("retire", {
        ROLE: role,
        ROLE_TAG: this.roleTag(role).name,
        POOL_TAGS: pools.map((pool) => this.poolTag(pool).name).join(" "),
        SITE_TAG: this.tag("").name,
        LIMIT_SECONDS: STOP_SECONDS,
        STOP_SECONDS,
      }),
    );
  }

  private ownVpc(): string {
    if (RESERVED.includes(this.cidr)) {
      this.problems.add(this.scope, {
        wrong: `its network is ${this.cidr}, which DigitalOcean keeps for itself`,
        remedy: "give the site another network, such as 10.20.0.0/16",
      });
    }
    return new Vpc(this.scope, "Network", {
      name: shortened(this.site, NAME_LENGTH),
      region: this.settings.region,
      ipRange: this.cidr,
      // The members of a VPC are gone for DigitalOcean some minutes after Terraform has deleted them.
      timeouts: { delete: "10m" },
    }).id;
  }

  // One resource for all disks of the site. In a resource for each, the protection of a disk would be gone with the tier that has it.
  private allVolumes(): Volume {
    const volumes = new Volume(this.scope, "Volumes", {
      name: "${each.key}",
      size: Token.asNumber("${each.value}"),
      region: this.settings.region,
      tags: [this.tag("").name],
      lifecycle: { preventDestroy: this.settings.protectDisks },
    });
    volumes.addOverride("for_each", Lazy.anyValue({ produce: () => Object.fromEntries([...this.disks].sort()) }));
    return volumes;
  }

  private mail(): void {
    if (this.settings.mailPorts) return;
    for (const { scope, spec } of this.hosts) {
      const blocked = spec.calls().find(({ port, to }) => BLOCKED_MAIL_PORTS.includes(port) && to.kind !== "managed");
      if (blocked === undefined) continue;
      this.problems.add(scope, {
        wrong: `it sends mail to ${blocked.to.name} on port ${blocked.port}, on which new accounts of DigitalOcean cannot`,
        remedy:
          `use a port that the mail server offers besides, such as ${OPEN_MAIL_PORT}, or say mailPorts: true once DigitalOcean's support has opened ` +
          `${BLOCKED_MAIL_PORTS.join(", ")}`,
        cause: `mail port ${blocked.port}`,
      });
    }
  }
}
