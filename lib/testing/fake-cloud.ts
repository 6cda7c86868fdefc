// A cloud for tests, which makes nothing and records every spec: `new Site(stack, "Social", { cloud: new FakeCloud(), … })`.
// Its resources are `terraform_data` with the same references as those of a real cloud, so that Terraform detects cycles.

import { Construct } from "constructs";
import { Cloud, CloudCan, FrontDoorSpec, MachineSpec, MailboxSpec, PoolSpec, RouteSpec, SiteSpec } from "../core/cloud";
import { FakeSession } from "./fake-session";

export interface FakeCloudOptions {
  /**
   * Whether machines have the planned addresses, or ones that the cloud computes.
   * @default "chosen"
   */
  readonly addresses?: "chosen" | "computed";
  /**
   * Whether a pool is one resource for each member, or a scaling group with one template.
   * @default "members"
   */
  readonly pools?: "members" | "group";
  /**
   * Whether boot texts hold secrets, or machines fetch them from a store.
   * @default "boot text"
   */
  readonly secrets?: "boot text" | "store";
  /**
   * The number of zones over which the machines of a tier are spread.
   * @default 1
   */
  readonly zones?: number;
  /**
   * Whether machines have an identity at the cloud that processes can use.
   * @default false
   */
  readonly identity?: boolean;
  /**
   * Whether it delivers changed settings to running kept machines.
   * @default true
   */
  readonly delivers?: boolean;
  /**
   * Whether it changes the number of a pool's members by their load.
   * @default false
   */
  readonly scales?: boolean;
  /**
   * Whether it also does so by how much of a pool is used.
   * @default false
   */
  readonly scalesByUse?: boolean;
  /**
   * The largest boot text in bytes.
   * @default 65536
   */
  readonly bootTextBytes?: number;
  /**
   * Whether it has a shared directory, as the local cloud does; without it pages need an object store.
   * @default true
   */
  readonly files?: boolean;
  /**
   * Whether it has a mailbox, as the local cloud does; without it pages need a mail server.
   * @default true
   */
  readonly mail?: boolean;
  /**
   * The addresses from which administrators open pages on machines without logging in.
   * @default - none
   */
  readonly administrators?: readonly string[];
}

/** Options for two kinds of clouds that differ most: one like Hetzner, and one with the features of AWS and DigitalOcean. */
export const FAKE_CLOUDS: Readonly<Record<"chosen" | "computed", FakeCloudOptions>> = {
  chosen: {},
  computed: {
    addresses: "computed",
    pools: "group",
    secrets: "store",
    zones: 3,
    identity: true,
    scales: true,
    scalesByUse: true,
  },
};

export class FakeCloud implements Cloud {
  readonly name = "fake";
  readonly can: CloudCan;
  readonly sites: SiteSpec[] = [];
  readonly machines: MachineSpec[] = [];
  readonly pools: PoolSpec[] = [];
  readonly frontDoors: FrontDoorSpec[] = [];
  readonly routes: RouteSpec[] = [];
  readonly mailboxes: MailboxSpec[] = [];

  constructor(readonly options: FakeCloudOptions = {}) {
    this.can = {
      bootText: { bytes: options.bootTextBytes ?? 65536, counts: "text" },
      frontDoorIdleSeconds: 60,
      zones: options.zones ?? 1,
      addresses: options.addresses ?? "chosen",
      secrets: options.secrets ?? "boot text",
      identity: options.identity ?? false,
      scales: options.scales ?? false,
      scalesByUse: options.scalesByUse ?? false,
      delivers: options.delivers ?? true,
      ...(options.files !== false && { sharedFiles: "/srv/files" }),
    };
  }

  open(scope: Construct, spec: SiteSpec): FakeSession {
    this.sites.push(spec);
    return new FakeSession(this, scope, spec);
  }
}
