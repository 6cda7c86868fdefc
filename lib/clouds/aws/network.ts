// A site at AWS: what its resources have in common, the pools and kept machines that it has, and the order in which they are made.

import { join } from "node:path";
import { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { SiteSpec } from "../../core/cloud";
import { HostSpec } from "../../core/host-spec";
import { OutdatedMachines } from "../../core/outdated-machines";
import { Problems } from "../../core/problems";
import { Gate } from "../shared/gate";
import { GatedPool, RoleGates } from "../shared/role-gates";
import { addressOf } from "../shared/terraform-address";
import { elastiCacheGroups } from "./elasticache-groups";
import { FoundResources } from "./found-resources";
import { Identities } from "./identity";
import { BLOCKED_MAIL_PORT } from "./limits";
import { Parameters } from "./parameters";
import { provider } from "./provider";
import { rdsInstances } from "./rds-instances";
import { SecurityGroups } from "./security-groups";
import { Settings } from "./settings";
import { StoredBootTexts } from "./stored-boot-text";
import { SITE_TAG } from "./tags";
import { Volumes } from "./volumes";
import { AwsVpc } from "./vpc";

/** Where the load balancer sends requests for a pool's members. */
export interface Target {
  readonly pool: string;
  /** The target group's ARN, as an expression. */
  readonly arn: string;
  /** The port of the members. */
  readonly port: number;
  /** What leads requests to it. Without, no health check runs. */
  readonly rule: TerraformResource;
}

const GATE_PAUSE_SECONDS = 10;

export class AwsNetwork {
  readonly site: string;
  readonly cidr: string;
  readonly problems: Problems;
  readonly gate: Gate;
  readonly outdated: OutdatedMachines;
  readonly found: FoundResources;
  readonly vpc: AwsVpc;
  readonly groups: SecurityGroups;
  readonly parameters: Parameters;
  readonly identities: Identities;
  readonly volumes: Volumes;
  readonly bootTexts: StoredBootTexts;
  /** The databases that RDS runs. */
  readonly databases: ReturnType<typeof rdsInstances>;
  /** The replication groups that ElastiCache runs. */
  readonly caches: ReturnType<typeof elastiCacheGroups>;
  private readonly hosts: { readonly scope: Construct; readonly spec: HostSpec }[] = [];
  private readonly pools = new Map<string, GatedPool>();
  private readonly roles: RoleGates;
  private readonly kept: TerraformResource[] = [];
  private readonly ends: (() => void)[] = [];
  private readonly targets: Target[] = [];

  constructor(
    readonly scope: Construct,
    readonly spec: SiteSpec,
    readonly settings: Settings,
  ) {
    this.site = spec.site;
    this.cidr = spec.cidr;
    this.problems = new Problems(scope);
    this.problems.atSynth(() => this.mail());
    for (const problem of settings.wrong) this.problems.add(scope, problem);
    this.problems.add(scope, provider(scope, settings.region));
    this.gate = new Gate(scope, { directory: join(__dirname, "gate"), pauseSeconds: GATE_PAUSE_SECONDS });
    this.roles = new RoleGates(scope);
    this.outdated = new OutdatedMachines(scope, this.site);
    this.found = new FoundResources(this);
    this.vpc = new AwsVpc(this);
    this.groups = new SecurityGroups(this);
    this.parameters = new Parameters(this);
    this.identities = new Identities(this);
    this.volumes = new Volumes(this);
    this.bootTexts = new StoredBootTexts(this);
    this.databases = rdsInstances(this);
    this.caches = elastiCacheGroups(this);
  }

  private mail(): void {
    if (this.settings.props.mailPort25 === true) return;
    for (const { scope, spec } of this.hosts) {
      const blocked = spec.calls().find(({ port, to }) => port === BLOCKED_MAIL_PORT && to.kind !== "managed");
      if (blocked === undefined) continue;
      this.problems.add(scope, {
        wrong: `it sends mail to ${blocked.to.name} on port ${BLOCKED_MAIL_PORT}, which AWS blocks`,
        remedy:
          "use a port that the mail server offers besides, such as 587, or say mailPort25: true once AWS' support has opened it",
        cause: `mail port ${BLOCKED_MAIL_PORT}`,
      });
    }
  }

  /** The full name of a zone of the page, by its index. */
  zone(index: number): string {
    return `${this.settings.region}${this.settings.zones[index]!}`;
  }

  /** Tags of a resource: its name, and the site, by which people, bills and gates find what belongs to it. */
  tags(name: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { Name: name === "" ? this.site : `${this.site}-${name}`, [SITE_TAG]: this.site, ...more };
  }

  /** Tells of a host, kept or a pool's. */
  host(scope: Construct, spec: HostSpec): void {
    this.hosts.push({ scope, spec });
  }

  get all(): readonly { readonly scope: Construct; readonly spec: HostSpec }[] {
    return this.hosts;
  }

  /** Registers a pool. */
  admit(pool: GatedPool): void {
    this.pools.set(pool.name, pool);
    this.roles.add(pool);
  }

  /** What waits for the members of each pool to serve. */
  get gates(): readonly TerraformResource[] {
    return [...this.pools.values()].map(({ gate }) => gate);
  }

  isPool(host: HostSpec): boolean {
    return this.pools.has(host.name);
  }

  /** Registers the resources of a kept machine. Pools roll only after these: new members may need what a new kept machine has. */
  keep(...made: readonly TerraformResource[]): void {
    this.kept.push(...made);
  }

  /** Registers a target group of a pool's members. */
  addTarget(target: Target): void {
    this.targets.push(target);
  }

  /** The target groups of a pool; complete at the end of the page. */
  targetsOf(pool: string): readonly Target[] {
    return this.targets.filter((target) => target.pool === pool);
  }

  /** Runs `make` once the page is whole; it may still make resources. */
  atEnd(make: () => void): void {
    this.ends.push(make);
  }

  /** The page is whole. */
  end(): void {
    for (let make = this.ends.shift(); make !== undefined; make = this.ends.shift()) make();
    this.parameters.end();
    this.identities.end();
    this.groups.end();
    this.vpc.end();
    const made = this.kept.map(addressOf);
    for (const { name, gate } of this.pools.values()) {
      // Also after the rules that lead to the pool, which wait for a certificate: until then no member is healthy.
      const rules = this.targetsOf(name).map(({ rule }) => addressOf(rule));
      gate.dependsOn = [...new Set([...(gate.dependsOn ?? []), ...made, ...rules])];
    }
    this.roles.finish();
  }
}
