// A cloud that costs nothing and remembers every spec: `new Site(stack, "Social", { cloud: new FakeCloud(), … })`.
// Its resources are Terraform's own `terraform_data` and hold what those of a real cloud hold, so that Terraform finds a cycle if there is one.

import { Construct } from "constructs";
import { Cloud, CloudCan, FrontDoorSpec, MachineSpec, MailboxSpec, PoolSpec, RouteSpec, SiteSpec } from "../core/cloud";
import { FakeSession } from "./fake-session";

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
   * Whether secrets stand in the boot text, or are fetched from a store.
   * @default "boot text"
   */
  readonly secrets?: "boot text" | "store";
  /**
   * Over how many zones the machines of a tier are spread.
   * @default 1
   */
  readonly zones?: number;
  /**
   * Whether a process may have rights by the machine that it runs on.
   * @default false
   */
  readonly identity?: boolean;
  /**
   * Whether it delivers changed settings to kept machines that run.
   * @default true
   */
  readonly delivers?: boolean;
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

/** The two kinds of clouds that there are, by what differs most: like Hetzner, and like AWS and DigitalOcean together. */
export const FAKE_CLOUDS: Readonly<Record<"chosen" | "computed", FakeCloudOptions>> = {
  chosen: {},
  computed: { addresses: "computed", pools: "group", secrets: "store", zones: 3, identity: true },
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
      delivers: options.delivers ?? true,
      ...(options.files !== false && { sharedFiles: "/srv/files" }),
    };
  }

  open(scope: Construct, spec: SiteSpec): FakeSession {
    this.sites.push(spec);
    return new FakeSession(this, scope, spec);
  }
}
