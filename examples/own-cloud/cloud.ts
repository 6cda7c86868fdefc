// A complete, minimal cloud. Its resources are Terraform's built-in `terraform_data`, whose provisioners run a command; a real cloud has the
// resources of a provider instead. Use: `new Site(stack, "Social", { cloud: ownCloud(), … })`.

import { Lazy } from "cdktf";
import {
  bootText,
  type Cloud,
  type CloudSession,
  type Dns,
  type FrontDoorSpec,
  type MachineSpec,
  type MadeFrontDoor,
  type MadeMachine,
  type MadePool,
  OutdatedMachines,
  type PoolSpec,
  Problems,
  type Role,
  RoleGates,
  type RouteSpec,
  runs,
  settingsText,
  type SiteSpec,
  type Size,
  TerraformData,
} from "cdktf-mastodon/cloud";
import { Construct } from "constructs";

export interface OwnCloudProps {
  /**
   * The program that manages the machines. Its last argument is the action; the parameters are environment variables.
   * @default - one that only logs its calls, to own-cloud.log in the directory of the stack
   */
  readonly command?: string;
  /**
   * Makes the DNS records of the host names.
   * @default - this cloud
   */
  readonly dns?: Dns;
  /**
   * Whether a plan that would delete a disk is rejected.
   * @default true
   */
  readonly protectDisks?: boolean;
}

const LOG = `sh -c 'echo "$0 $NAME" >>own-cloud.log'`;
/** From the smallest to the largest. */
const TYPES = [
  { name: "small", cpus: 1, gib: 2 },
  { name: "medium", cpus: 4, gib: 16 },
  { name: "large", cpus: 16, gib: 64 },
];

export function ownCloud(props: OwnCloudProps = {}): Cloud {
  return {
    name: "own",
    can: { bootText: { bytes: 64 * 1024, counts: "base64 of gzip" }, frontDoorIdleSeconds: 60, delivers: true },
    open: (scope, spec) => new OwnSession(scope, spec, props),
  };
}

class OwnSession implements CloudSession {
  private readonly problems: Problems;
  private readonly outdated: OutdatedMachines;
  private readonly network: TerraformData;
  private readonly disks: TerraformData;
  private readonly sizes = new Map<string, number>();
  private readonly kept: TerraformData[] = [];
  private readonly gates: TerraformData[] = [];
  private readonly roles: RoleGates;
  private readonly routes: { readonly pool: string; readonly id: string }[] = [];

  constructor(
    scope: Construct,
    private readonly spec: SiteSpec,
    private readonly props: OwnCloudProps,
  ) {
    this.problems = new Problems(scope);
    this.outdated = new OutdatedMachines(scope, spec.site);
    this.roles = new RoleGates(scope);
    this.network = new TerraformData(scope, "Network", {
      input: { site: spec.site, cidr: spec.cidr },
      provisioners: [this.call("make-network", { NAME: spec.site })],
    });
    // One resource for all disks of the site. With one resource per tier, removing the tier from the page would also remove the protection.
    this.disks = new TerraformData(scope, "Disks", {
      input: { site: spec.site, name: "${each.key}", gib: "${each.value}" },
      lifecycle: { preventDestroy: props.protectDisks ?? true },
      dependsOn: [this.network],
      provisioners: [this.call("make-disk", { NAME: "${self.input.name}" })],
    });
    this.disks.addOverride("for_each", Lazy.anyValue({ produce: () => Object.fromEntries([...this.sizes].sort()) }));
  }

  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine {
    const { name, role, size, address } = spec;
    const disks = spec.disks.map((disk) => ({ name: disk.name, gib: disk.gib, whole: `${name}-${disk.name}` }));
    for (const { whole, gib } of disks) this.sizes.set(whole, gib);
    const keep = spec.onChange === "keep";
    const boot = bootText(scope, `${id}Boot`, spec.bootText, keep ? spec.renewedText : undefined);
    const ids = disks.map(({ whole }) => `\${terraform_data.${this.disks.friendlyUniqueId}["${whole}"].id}`).join(" ");
    const machine = new TerraformData(scope, id, {
      input: { name, role, type: this.type(scope, size), disks: ids, boot: boot.hash, user_data: boot.packed },
      triggersReplace: { address, ...(keep ? {} : { boot: boot.hash }) },
      // Changes of a kept machine take effect only when it is made anew, with the -replace option that the output contains.
      lifecycle: keep ? { ignoreChanges: ["input"] } : {},
      dependsOn: [this.network],
      provisioners: [
        this.call("make-machine", { NAME: name, ADDRESS: address, DISKS: ids, BOOT_TEXT: boot.packed }),
        this.call("end-machine", { NAME: "${self.input.name}" }, "destroy"),
      ],
    });
    this.kept.push(machine);
    const resource = addressOf(machine);
    if (keep) {
      this.outdated.add({ name, address: resource, madeWith: `${resource}.output.boot`, now: boot.hashName });
      // Changed settings are delivered to the running machine: the command copies the script there, and root runs it.
      const { hash, packed } = settingsText(scope, `${id}SettingsText`, spec.settings);
      const delivered = new TerraformData(scope, `${id}Settings`, {
        triggersReplace: { settings: hash },
        dependsOn: [machine],
        provisioners: [this.call("settings", { NAME: name, SETTINGS: packed })],
      });
      if (spec.needed) this.kept.push(delivered);
    }
    return { address, devices: Object.fromEntries(disks.map((disk) => [disk.name, `/dev/disk/by-id/own-${disk.whole}`])) };
  }

  pool(scope: Construct, id: string, spec: PoolSpec): MadePool {
    const { name, role } = spec;
    const boot = bootText(scope, `${id}Boot`, spec.bootText);
    const type = this.type(scope, spec.size);
    // Another boot text or type makes a new generation. Its members have other names than those that still serve.
    const renewal = new TerraformData(scope, `${id}Renewal`, { triggersReplace: { boot: boot.hash, type } });
    const generation = `\${substr(${addressOf(renewal)}.id, 0, 6)}`;
    // One resource with a count. With one resource per member, Terraform would destroy members at once when the page has fewer.
    const members = new TerraformData(scope, id, {
      count: spec.machines,
      input: {
        name: `${name}-\${count.index + 1}-${generation}`,
        role,
        range: spec.ranges[0]!,
        type,
        user_data: boot.packed,
      },
      lifecycle: {
        createBeforeDestroy: spec.roll === "start-first",
        // Another version of Terraform may compress the same text to other bytes. Only the renewal resource replaces members.
        ignoreChanges: ["input"],
        replaceTriggeredBy: [addressOf(renewal)],
      },
      dependsOn: [this.network],
      provisioners: [
        this.call("make-member", { NAME: "${self.input.name}", BOOT_TEXT: boot.packed }),
        this.call("end-member", { NAME: "${self.input.name}" }, "destroy"),
      ],
    });
    const all = `${addressOf(members)}[*]`;
    const routes = () => this.routes.filter(({ pool }) => pool === name).map((route) => route.id);
    // The gate is replaced with the members. Terraform destroys old members only after all resources that depend on the new ones, such as this.
    const gate = new TerraformData(scope, `${id}Serves`, {
      triggersReplace: { members: `\${join(" ", ${all}.id)}`, routes: Lazy.stringValue({ produce: () => routes().join(" ") }) },
      // When all members pass the health check, it removes all others of the pool from the load balancer, ends them, and returns.
      provisioners: [this.call("serve", { NAME: name, MEMBERS: `\${join(" ", ${all}.input.name)}` })],
    });
    this.gates.push(gate);
    this.roles.add({ role, name, gate });
    return { name };
  }

  frontDoor(scope: Construct, id: string, { domain }: FrontDoorSpec): MadeFrontDoor {
    const door = new Construct(scope, id);
    const balancer = new TerraformData(door, "Balancer", {
      input: { domain, address: "198.51.100.10" },
      dependsOn: [this.network],
      provisioners: [this.call("make-balancer", { NAME: domain })],
    });
    const values = [`\${${addressOf(balancer)}.output.address}`];
    const route = (_: string, { host, pool, port, check }: RouteSpec) => {
      const asked = `http://member:${check.port}${check.path} answers ${check.status}`;
      const made = new TerraformData(door, `${host}-Route`, {
        input: { balancer: balancer.id, host, pool: pool.name, port, check: asked },
      });
      this.routes.push({ pool: pool.name, id: made.id });
      (this.props.dns ?? OWN_DNS).record(door, `${host}-Name`, { host, type: "A", values });
    };
    return { sources: [this.spec.roles.cloud], route, visit: (host) => [`https://${host}/`] };
  }

  sourcesOf(role: Role): readonly string[] {
    return [this.spec.roles[role]];
  }

  nextSteps(): readonly string[] {
    return [];
  }

  // If a kept machine cannot be made, members never serve. Then the gates must not start to wait for them.
  finish(): void {
    for (const gate of this.gates) gate.dependsOn = this.kept.map(addressOf);
    // A pool that is no longer on the page is removed only when the pools of its role serve.
    this.roles.finish((role, pools) => this.call("retire", { NAME: role, POOLS: pools.join(" ") }));
  }

  /** The smallest type that is large enough. */
  private type(scope: Construct, { cpus, gib }: Size): string {
    const found = TYPES.find((type) => type.cpus >= cpus && type.gib >= gib);
    if (found !== undefined) return found.name;
    const { cpus: most, gib: mostGib } = TYPES.at(-1)!;
    const remedy = `use at most ${most} CPUs and ${mostGib} GiB, or more machines`;
    this.problems.add(scope, { wrong: `its size is ${cpus} CPUs and ${gib} GiB`, remedy });
    return "none";
  }

  private call(what: string, facts: Readonly<Record<string, string>>, when?: "destroy") {
    return runs(`${this.props.command ?? LOG} ${what}`, facts, when);
  }
}

const OWN_DNS: Dns = {
  record: (scope, id, { host, type, values }) => {
    new TerraformData(scope, id, { input: { host, type, values: values.join(" ") } });
  },
};

function addressOf(resource: TerraformData): string {
  return `terraform_data.${resource.friendlyUniqueId}`;
}
