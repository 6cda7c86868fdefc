// A cloud that makes nothing and remembers every spec: `new Site(stack, "Social", { cloud: new FakeCloud(), … })`.
// Addresses are known at synth, as on AWS and Hetzner, or only to Terraform, as on DigitalOcean.

import { DataResource } from "cdktf";
import { Construct } from "constructs";
import {
  Cloud,
  CloudCan,
  FrontDoorSpec,
  MachineSpec,
  MadeMailbox,
  MailboxSpec,
  MadeFrontDoor,
  MadeMachine,
  MadePool,
  Network,
  NetworkSpec,
  PoolSpec,
  RouteSpec,
} from "../core/cloud";

export interface FakeCloudOptions {
  /**
   * Whether addresses are chosen by us or computed by the cloud.
   * @default "chosen"
   */
  readonly addresses?: "chosen" | "computed";
  /**
   * Whether a pool is single members, or a scaling group with one template.
   * @default "members"
   */
  readonly pools?: "members" | "group";
  /**
   * The largest boot text in bytes.
   * @default 65536
   */
  readonly bootTextBytes?: number;
  /**
   * Whether it shares a directory among machines, as a cloud for trying out does; without it pages need an object store.
   * @default true
   */
  readonly files?: boolean;
  /**
   * Whether it catches mail, as a cloud for trying out does; without it pages need a mail server.
   * @default true
   */
  readonly mail?: boolean;
}

export class FakeCloud implements Cloud {
  readonly name = "fake";
  readonly can: CloudCan;
  readonly networks: NetworkSpec[] = [];
  readonly machines: MachineSpec[] = [];
  readonly pools: PoolSpec[] = [];
  readonly frontDoors: FrontDoorSpec[] = [];
  readonly routes: RouteSpec[] = [];
  readonly mailboxes: MailboxSpec[] = [];
  readonly mailbox?: (scope: Construct, spec: MailboxSpec) => MadeMailbox;

  constructor(private readonly options: FakeCloudOptions = {}) {
    this.can = {
      bootTextBytes: options.bootTextBytes ?? 65536,
      frontDoorIdleSeconds: 60,
      sharedFiles: options.files === false ? undefined : "/srv/files",
    };
    if (options.mail !== false)
      this.mailbox = (_, spec) => {
        this.mailboxes.push(spec);
        return { address: spec.network.cidr.replace(/0\.0\/16$/, "0.10"), port: 1025 };
      };
  }

  network(_scope: Construct, spec: NetworkSpec): Network {
    this.networks.push(spec);
    return { cidr: spec.cidr };
  }

  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine {
    this.machines.push(spec);
    const made = new DataResource(scope, id, { input: { name: spec.name } });
    return {
      address: this.options.addresses === "computed" ? made.id : spec.address,
      devices: Object.fromEntries(spec.disks.map((disk) => [disk.name, `/dev/disk/by-id/fake-${spec.name}-${disk.name}`])),
    };
  }

  pool(scope: Construct, id: string, spec: PoolSpec): MadePool {
    this.pools.push(spec);
    const resources = this.options.pools === "group" ? 1 : spec.machines;
    for (let n = 1; n <= resources; n++)
      new DataResource(scope, resources === 1 ? id : `${id}${n}`, { input: { name: spec.name } });
    return { name: spec.name };
  }

  frontDoor(_scope: Construct, _id: string, spec: FrontDoorSpec): MadeFrontDoor {
    this.frontDoors.push(spec);
    return {
      sources: [spec.network.cidr.replace(/0\.0\/16$/, "0.0/26")],
      route: (_, route) => void this.routes.push(route),
      visit: (host) => [`https://${host}/`],
    };
  }
}
