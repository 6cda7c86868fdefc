// A site on this host: the bridge, the Debian base image of all machines, the image store, and the dependencies between them.

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

/** Not a privileged port, so the SMTP server needs no root. */
export const MAIL_PORT = 1025;

type Carried = Pick<HostSpec, "name" | "packages" | "images"> & { readonly role?: Role };

export interface Door {
  /** The front door's machine. */
  readonly name: string;
  /** Its Terraform id, which changes when it is made anew. */
  readonly machine: string;
  /** The host names of the routes to the pool. */
  readonly backends: string;
}

const ranges = new WeakMap<TerraformStack, Map<string, string>>();

// Two bridges of one host must not have the same addresses.
function checkRange(scope: Construct, cidr: string): void {
  const stack = TerraformStack.of(scope);
  const known = ranges.get(stack) ?? new Map<string, string>();
  ranges.set(stack, known);
  const other = known.get(cidr);
  if (other === undefined) known.set(cidr, scope.node.path);
  else
    new Problems(scope).add(scope, {
      wrong: `network ${cidr} is already used by ${other}`,
      remedy: 'give each site of the local cloud a private range of its own, such as network: "10.30.0.0/16"',
    });
}

export class LocalNetwork {
  readonly site: string;
  readonly cidr: string;
  readonly gateway: string;
  readonly driver: Driver;
  /** A unique id of this deployment, as a part of a Terraform expression: another page may have a site of the same name. */
  readonly ownerName: string;
  readonly scope: Construct;
  /** The dependencies of every machine. */
  readonly ready: readonly TerraformData[];
  /** The packages of all machines, which the base image holds. */
  readonly packages = Lazy.stringValue({ produce: () => this.union((host) => host.packages()) });
  readonly roles: RoleGates;
  private readonly hosts: { readonly kind: "machine" | "pool"; readonly spec: Carried }[] = [];
  private doors: ((pool: string) => Door | undefined) | undefined;
  /** The flows to the mailbox, if the page uses it. */
  mail: (() => readonly Flow[]) | undefined;
  // One resource between gates and machines, instead of a dependency of each gate on each machine.
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
    // Never replaced: its id distinguishes this page from another one with a site of the same name. cdktf's class checks Terraform's version.
    const owner = new DataResource(scope, "Owner");
    this.ownerName = `terraform_data.${owner.friendlyUniqueId}.id`;
    const network = new TerraformData(scope, "Network", {
      input: { site: SITE },
      triggersReplace: { cidr: CIDR },
      provisioners: [
        this.driver.call("preflight", { SITE, CIDR, ...limits }),
        this.driver.call("network up", { SITE, CIDR, GATEWAY, OWNER: owner.id }),
        // Destroyed last: it also removes what a failed apply has left.
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
    // Terraform runs no provisioner of a removed block, so this removes every machine that is not on the page. It runs before machines are made: a
    // scheduler that moved to another tier must be stopped before the new one starts.
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
      // Destroyed before every machine, and only with the whole site.
      provisioners: [this.driver.call("pools stop", { SITE: "${self.input.site}" }, "destroy")],
    });
    // By reference, since the page adds machines later.
    this.booted.dependsOn = this.machines;
  }

  /** The address range of a role. */
  rangeOf(role: Role): string {
    return this.spec.roles[role];
  }

  /** The environment variables of all driver commands for machines. */
  get environment(): Readonly<Record<string, string>> {
    return { SITE: this.site, CIDR: this.cidr, GATEWAY: this.gateway, PACKAGES: this.packages };
  }

  /** Registers a host, whose packages and images the base image and the image store must hold. */
  carries(kind: "machine" | "pool", spec: Carried): void {
    this.hosts.push({ kind, spec });
  }

  nextSteps(): readonly string[] {
    return [
      `Its machines: npx cdktf-mastodon local list ${this.site}`,
      ...(this.mail === undefined ? [] : [`The mail that it has sent: npx cdktf-mastodon local mail ${this.site}`]),
    ];
  }

  /** The address of the front door's machine, or of the mailbox machine on a page without front door. */
  get doorAddress(): string {
    const plan = AddressPlan.of(this.cidr);
    return plan.place(plan.role("cloud"), 1).address;
  }

  /** Turns the mailbox on, with these incoming flows. */
  catches(openings: () => readonly Flow[]): MadeMailbox {
    this.mail = openings;
    return { address: this.doorAddress, port: MAIL_PORT };
  }

  /** Whether the site has a front door. */
  get hasDoor(): boolean {
    return this.doors !== undefined;
  }

  /** Registers the front door, as a function of a pool's name. */
  opens(doors: (pool: string) => Door | undefined): void {
    this.doors = doors;
  }

  /** The front door of a pool, if it has a route; complete at the end of the page. */
  door(pool: string): Door | undefined {
    return this.doors?.(pool);
  }

  /** Makes every gate of the site wait until this resource exists. */
  awaits(resource: TerraformData): void {
    this.machines.push(`terraform_data.${resource.friendlyUniqueId}`);
  }

  /** Runs `command` whenever `triggers` change, after every machine of the site has booted: services wait for those of other machines. */
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

  /** Called at the end of the page. */
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
