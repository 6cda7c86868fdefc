// One site on the fake cloud.

import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { bootText, settingsText } from "../clouds/shared/boot-text";
import { TerraformData } from "../clouds/shared/terraform-data";
import { Role } from "../core/address-plan";
import {
  AddedSteps,
  CloudSession,
  FrontDoorSpec,
  MachineSpec,
  MadeFrontDoor,
  MadeMachine,
  MadeMailbox,
  MadePool,
  MailboxSpec,
  PoolSpec,
  SiteSpec,
} from "../core/cloud";
import { portName } from "../core/flow";
import { HostSpec } from "../core/host-spec";
import { SECRETS_DIRECTORY } from "../core/secret-store";
import type { FakeCloud } from "./fake-cloud";

export class FakeSession implements CloudSession {
  private readonly network: TerraformData;
  private readonly hosts: HostSpec[] = [];
  readonly mailbox?: (scope: Construct, spec: MailboxSpec) => MadeMailbox;
  readonly administrators: readonly string[];

  constructor(
    private readonly cloud: FakeCloud,
    private readonly scope: Construct,
    private readonly spec: SiteSpec,
  ) {
    this.administrators = cloud.options.administrators ?? [];
    this.network = new TerraformData(scope, "Network", { input: { site: spec.site, cidr: spec.cidr } });
    if (cloud.options.mail !== false)
      this.mailbox = (within, mailbox) => {
        this.cloud.mailboxes.push(mailbox);
        const produce = () =>
          mailbox
            .openings()
            .map((flow) => `${portName(flow)}=${flow.sources.join(",")}`)
            .join(" ");
        new TerraformData(within, "Catcher", { input: { openings: Lazy.stringValue({ produce }) } });
        return { address: spec.cidr.replace(/0\.0\/16$/, "0.10"), port: 1025 };
      };
  }

  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine {
    this.cloud.machines.push(spec);
    this.hosts.push(spec);
    const disks = spec.disks.map((disk) => {
      const made = new TerraformData(scope, `${id}${disk.name}`, { input: { name: disk.name, gib: disk.gib } });
      return { name: disk.name, id: made.id };
    });
    const made = new TerraformData(scope, id, {
      input: {
        ...this.host(scope, id, spec, spec.renewedText),
        range: spec.range,
        address: spec.address,
        zone: spec.zone,
        number: spec.number,
        on_change: spec.onChange,
        ...(!spec.needed && { needed: false }),
      },
      dependsOn: [this.network],
    });
    if (this.cloud.can.delivers === true) {
      const settings = settingsText(scope, `${id}SettingsText`, spec.settings);
      new TerraformData(scope, `${id}Settings`, { triggersReplace: { settings: settings.hash }, dependsOn: [made] });
    }
    return {
      address: this.cloud.can.addresses === "computed" ? made.id : spec.address,
      resource: `terraform_data.${made.friendlyUniqueId}`,
      renew: `terraform_data.${made.friendlyUniqueId}`,
      devices: Object.fromEntries(disks.map((disk) => [disk.name, `/dev/disk/by-id/fake-${spec.name}-${disk.name}`])),
    };
  }

  pool(scope: Construct, id: string, spec: PoolSpec): MadePool {
    this.cloud.pools.push(spec);
    this.hosts.push(spec);
    const host = this.host(scope, id, spec);
    const resources = this.cloud.options.pools === "group" ? 1 : spec.machines;
    for (let n = 1; n <= resources; n++) {
      new TerraformData(scope, resources === 1 ? id : `${id}${n}`, {
        input: {
          ...host,
          ranges: spec.ranges.join(" "),
          ...(spec.scale !== undefined && { most: spec.scale.most, cpuPercent: spec.scale.cpuPercent }),
          ...(spec.scale?.usedPercent !== undefined && { usedPercent: spec.scale.usedPercent }),
          files: Lazy.stringValue({ produce: () => String(spec.files()) }),
        },
        lifecycle: { createBeforeDestroy: spec.roll === "start-first" },
        dependsOn: [this.network],
      });
    }
    if (resources !== spec.machines) new TerraformData(scope, `${id}Size`, { input: { machines: spec.machines } });
    return { name: spec.name };
  }

  frontDoor(scope: Construct, id: string, spec: FrontDoorSpec): MadeFrontDoor {
    this.cloud.frontDoors.push(spec);
    const door = new Construct(scope, id);
    new TerraformData(door, "Balancer", { input: { domain: spec.domain } });
    return {
      sources: [this.spec.roles.cloud.replace(/\/20$/, "/26")],
      route: (name, route) => {
        this.cloud.routes.push(route);
        const { host, pool, port, check, clients } = route;
        new TerraformData(door, `${name}-${host.replaceAll(".", "-")}`, {
          input: {
            host,
            pool: pool.name,
            port,
            check: `${check.port}${check.path} = ${check.status}`,
            ...(clients !== undefined && { clients }),
          },
        });
      },
      visit: (host) => [`https://${host}/`],
    };
  }

  sourcesOf(role: Role): readonly string[] {
    return [this.cloud.can.addresses === "computed" ? this.spec.cidr : this.spec.roles[role]];
  }

  steps(host: HostSpec): AddedSteps {
    const names = host.names().map(({ name }) => name);
    const secrets = host.secrets().map(({ name }) => name);
    const program = host.poolsUsed?.();
    return {
      first: [
        ...(this.cloud.can.addresses === "computed" && names.length > 0 ? [finds(names)] : []),
        ...(this.cloud.can.secrets === "store" && secrets.length > 0 ? [fetches(secrets)] : []),
      ],
      last: program === undefined ? [] : [publishes(program)],
    };
  }

  nextSteps(): readonly string[] {
    return [];
  }

  /** What the hosts find apart from their boot texts is made here: after the machines, and nothing waits for it. */
  finish(): void {
    const names = new Map(this.hosts.flatMap((host) => host.names()).map(({ name, address }) => [name, address]));
    if (this.cloud.can.addresses === "computed") {
      new TerraformData(this.scope, "Names", { input: Object.fromEntries([...names].sort()) });
    }
    const measuring = this.hosts.filter((host) => host.poolsUsed?.() !== undefined);
    if (measuring.length > 0)
      new TerraformData(this.scope, "Publishing", { input: { hosts: measuring.map(({ name }) => name).join(" ") } });
    const secrets = this.hosts.flatMap((host) => host.secrets());
    if (this.cloud.can.secrets !== "store" || secrets.length === 0) return;
    // Terraform's built-in resource has no write-only attribute, so the fake store keeps the values in the state.
    const values = new Map(secrets.map((secret) => [secret.name, secret.forState()]));
    new TerraformData(this.scope, "Secrets", { input: Object.fromEntries([...values].sort()) });
  }

  // What every host of a real cloud is made of. The text is a local value, since a literal would stand in clear in a plan.
  private host(scope: Construct, id: string, spec: HostSpec, renewed?: () => string): Readonly<Record<string, unknown>> {
    const late = (produce: () => readonly string[]) => Lazy.stringValue({ produce: () => produce().join(" ") });
    const boot = bootText(scope, `${id}Boot`, spec.bootText, renewed);
    return {
      name: spec.name,
      role: spec.role,
      size: `${spec.size.cpus} ${spec.size.gib}`,
      packages: late(spec.packages),
      images: late(spec.images),
      openings: late(() => spec.openings().map((flow) => `${portName(flow)}=${flow.sources.join(",")}`)),
      calls: late(() => spec.calls().map(({ to, port }) => `${to.name}:${port}`)),
      identity: late(() => spec.identity().map(({ user, why }) => `${user}: ${why}`)),
      boot_text: boot.packed,
      boot: boot.hash,
    };
  }
}

function publishes(program: string) {
  return { kind: "file", path: "/etc/fake-cloud/pools-used", content: `${program}\n` } as const;
}

function finds(names: readonly string[]) {
  return { kind: "file", path: "/etc/fake-cloud/names", content: `${names.join("\n")}\n` } as const;
}

function fetches(names: readonly string[]) {
  return {
    kind: "run",
    why: "secrets from the fake cloud",
    script: `install -d -m 0700 ${SECRETS_DIRECTORY}\nfor name in ${names.join(" ")}; do fetch "$name" >${SECRETS_DIRECTORY}/$name; done\n`,
  } as const;
}
