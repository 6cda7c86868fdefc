// A site on this host: its bridge, the Debian that all its machines share, the image store, and who waits for what.

import { DataResource, Lazy, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { AddressPlan, Role } from "../../core/address-plan";
import { MadeMailbox, SiteSpec } from "../../core/cloud";
import { Flow } from "../../core/flow";
import { HostSpec } from "../../core/host-spec";
import { Problems } from "../../core/problems";
import { RoleGates } from "../shared/role-gates";
import { Driver } from "./driver";
import { TerraformData } from "../shared/terraform-data";

export interface LocalSettings {
  readonly images: string;
  readonly memoryGib: number;
  readonly diskGib: number;
  readonly bootSeconds: number;
  readonly readySeconds: number;
}

/** Anyone may listen there, so the catcher needs no right of root's. */
export const MAIL_PORT = 1025;

type Carried = Pick<HostSpec, "name" | "packages" | "images"> & { readonly role?: Role };

export interface Door {
  /** The front door's machine. */
  readonly name: string;
  /** Its Terraform id, which changes when it is made anew. */
  readonly machine: string;
  /** The routes that lead to the pool. */
  readonly backends: string;
}

const ranges = new WeakMap<TerraformStack, Map<string, string>>();

// Two bridges of one host with the same addresses would take each other's packets.
function checkRange(scope: Construct, cidr: string): void {
  const stack = TerraformStack.of(scope);
  const known = ranges.get(stack) ?? new Map<string, string>();
  ranges.set(stack, known);
  const other = known.get(cidr);
  if (other === undefined) known.set(cidr, scope.node.path);
  else
    new Problems(scope).add(scope, {
      wrong: `network ${cidr} is that of ${other} already`,
      remedy: 'give each site of the local cloud a private range of its own, such as network: "10.30.0.0/16"',
    });
}

export class LocalNetwork {
  readonly site: string;
  readonly cidr: string;
  readonly gateway: string;
  readonly driver: Driver;
  /** What tells the site from others of its name, as part of a larger expression. */
  readonly ownerName: string;
  readonly scope: Construct;
  /** What a machine needs before it is made. */
  readonly ready: readonly TerraformData[];
  /** All packages of the site's machines, in one base for all. */
  readonly packages = Lazy.stringValue({ produce: () => this.union((host) => host.packages()) });
  readonly roles: RoleGates;
  private readonly hosts: { readonly kind: "machine" | "pool"; readonly spec: Carried }[] = [];
  private doors: ((pool: string) => Door | undefined) | undefined;
  /** Who may hand in mail, once a page wants it caught. */
  mail: (() => readonly Flow[]) | undefined;
  // One node between gates and machines, instead of an edge from each to each.
  private readonly booted: TerraformData;
  private readonly machines: string[] = [];

  constructor(
    scope: Construct,
    private readonly spec: SiteSpec,
    readonly settings: LocalSettings,
  ) {
    this.scope = scope;
    this.site = spec.site;
    this.cidr = spec.cidr;
    checkRange(scope, spec.cidr);
    this.gateway = spec.cidr.replace(/0\/16$/, "1");
    this.driver = new Driver(scope);
    this.roles = new RoleGates(scope);
    const { SITE, CIDR, GATEWAY } = { SITE: this.site, CIDR: this.cidr, GATEWAY: this.gateway };
    const limits = { MEMORY_GIB: String(settings.memoryGib), DISK_GIB: String(settings.diskGib) };
    // Never replaced, so that it tells this page from another one of the same name. cdktf's own class, which checks Terraform's version.
    const owner = new DataResource(scope, "Owner");
    this.ownerName = `terraform_data.${owner.friendlyUniqueId}.id`;
    const network = new TerraformData(scope, "Network", {
      input: { site: SITE },
      triggersReplace: { cidr: CIDR },
      provisioners: [
        this.driver.call("preflight", { SITE, CIDR, ...limits }),
        this.driver.call("network up", { SITE, CIDR, GATEWAY, OWNER: owner.id }),
        // The last to go: it also finds what a failed apply has left.
        this.driver.call("clean", { SITE: "${self.input.site}" }, "destroy"),
      ],
    });
    const base = new TerraformData(scope, "Base", {
      triggersReplace: { packages: this.packages },
      dependsOn: [network],
      provisioners: [this.driver.call("base", { PACKAGES: this.packages })],
    });
    const images = Lazy.stringValue({ produce: () => this.union((host) => host.images()) });
    const store = new TerraformData(scope, "Images", {
      triggersReplace: { images, source: settings.images },
      dependsOn: [base],
      provisioners: [
        this.driver.call("images", {
          IMAGES: images,
          PACKAGES: this.packages,
          IMAGE_SOURCE: settings.images,
          STANDIN: this.driver.standIn,
        }),
      ],
    });
    // Terraform asks nothing of a resource whose block is gone from the page, so what the page no longer has is found by what it has. First of
    // all: a scheduler that moved to another tier must be gone before that one starts.
    const sweep = new TerraformData(scope, "Sweep", {
      triggersReplace: { machines: this.names("machine"), pools: this.names("pool") },
      dependsOn: [network],
      provisioners: [
        this.driver.call("sweep", {
          SITE,
          KEEP_MACHINES: this.names("machine"),
          KEEP_POOLS: this.names("pool"),
          KEEP_ROLES: Lazy.stringValue({ produce: () => this.poolRoles().join(" ") }),
        }),
      ],
    });
    this.ready = [network, base, store, sweep];
    this.booted = new TerraformData(scope, "Booted", {
      input: { site: SITE },
      // It goes before every machine, and only when the whole site goes.
      provisioners: [this.driver.call("pools stop", { SITE: "${self.input.site}" }, "destroy")],
    });
    // By reference: the page goes on adding machines.
    this.booted.dependsOn = this.machines;
  }

  /** Where hosts of a role have their addresses. */
  rangeOf(role: Role): string {
    return this.spec.roles[role];
  }

  /** What every command about a machine of the site is told. */
  get environment(): Readonly<Record<string, string>> {
    return { SITE: this.site, CIDR: this.cidr, GATEWAY: this.gateway, PACKAGES: this.packages };
  }

  /** Has the base hold what a host needs. */
  carries(kind: "machine" | "pool", spec: Carried): void {
    this.hosts.push({ kind, spec });
  }

  nextSteps(): readonly string[] {
    return [
      `Its machines: npx cdktf-mastodon local list ${this.site}`,
      ...(this.mail === undefined ? [] : [`The mail that it has sent: npx cdktf-mastodon local mail ${this.site}`]),
    ];
  }

  /** Where the front door's machine is, or the one that takes its place on a page without. */
  get doorAddress(): string {
    const plan = AddressPlan.of(this.cidr);
    return plan.place(plan.role("cloud"), 1).address;
  }

  /** Has mail caught on the front door's machine, from these. */
  catches(openings: () => readonly Flow[]): MadeMailbox {
    this.mail = openings;
    return { address: this.doorAddress, port: MAIL_PORT };
  }

  /** Whether the site has a front door. */
  get hasDoor(): boolean {
    return this.doors !== undefined;
  }

  /** Tells how the front door leads to a pool. */
  opens(doors: (pool: string) => Door | undefined): void {
    this.doors = doors;
  }

  /** The front door of a pool, once the page is whole. */
  door(pool: string): Door | undefined {
    return this.doors?.(pool);
  }

  /** Makes every gate of the site wait until this resource exists. */
  awaits(resource: TerraformData): void {
    this.machines.push(`terraform_data.${resource.friendlyUniqueId}`);
  }

  /** Runs `command` whenever `triggers` change, and only once every machine of the site has booted: they wait for each other when they start. */
  gate(
    scope: Construct,
    id: string,
    triggers: Readonly<Record<string, string>>,
    command: string,
    environment: Readonly<Record<string, string>>,
  ): TerraformData {
    return new TerraformData(scope, id, {
      dependsOn: [this.booted],
      triggersReplace: { ...triggers },
      provisioners: [
        this.driver.call(command, { SITE: this.site, LIMIT_SECONDS: String(this.settings.readySeconds), ...environment }),
      ],
    });
  }

  /** The page is whole. */
  finish(): void {
    this.roles.finish((ROLE, pools) => this.driver.call("retire", { SITE: this.site, ROLE, KEEP_POOLS: pools.join(" ") }));
  }

  private poolRoles(): readonly Role[] {
    const roles = this.hosts.flatMap(({ kind, spec }) => (kind === "pool" && spec.role !== undefined ? [spec.role] : []));
    return [...new Set(roles)].sort();
  }

  private names(kind: "machine" | "pool"): string {
    const produce = () => this.hosts.flatMap((host) => (host.kind === kind ? [host.spec.name] : []));
    return Lazy.stringValue({ produce: () => produce().sort().join(" ") });
  }

  private union(names: (host: Carried) => readonly string[]): string {
    return [...new Set(this.hosts.flatMap(({ spec }) => names(spec)))].sort().join(" ");
  }
}
