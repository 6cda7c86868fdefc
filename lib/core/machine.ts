// A named host that is kept, with a fixed address and disks that outlive it: `new Machine(tier, "1", { name: "database-1", … })`.

import { Construct } from "constructs";
import { Range, Role } from "./address-plan";
import { Host } from "./host";
import { Disk, Size } from "./size";

export interface MachineProps {
  /** Host name, unique in the site. Changing it replaces the machine. */
  readonly name: string;
  readonly role: Role;
  /** The tier's addresses. */
  readonly range: Range;
  /** Which of the tier's machines it is, from 1; gives the address. */
  readonly number: number;
  readonly size: Size;
  /**
   * Disks by name. They are guarded: destroying the machine leaves them.
   * @default - no disk besides the machine's own
   */
  readonly disks?: Readonly<Record<string, Disk>>;
  /**
   * What a changed boot text does: `keep` leaves the machine alone, `replace` makes it anew.
   * @default "keep"
   */
  readonly onChange?: "keep" | "replace";
}

export class Machine extends Host {
  readonly name: string;
  readonly address: string;
  private readonly devices: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: MachineProps) {
    super(scope, id, props.role);
    this.name = props.name;
    this.site.claim(this, props.name);
    const made = this.site.cloud.machine(this, "Machine", {
      network: this.site.network,
      name: props.name,
      role: props.role,
      range: props.range.cidr,
      address: this.site.plan.machine(props.range, props.number),
      size: props.size,
      disks: Object.entries(props.disks ?? {}).map(([name, disk]) => ({ name, gib: disk.gib })),
      onChange: props.onChange ?? "keep",
      ...this.late(),
    });
    this.address = made.address;
    this.devices = made.devices;
    this.measure();
  }

  /**
   * The device path of a disk, for a mount step.
   * @throws if the machine has no disk of that name
   */
  device(disk: string): string {
    const device = this.devices[disk];
    if (device === undefined)
      throw new Error(`${this.node.path}: there is no disk "${disk}"; it has ${Object.keys(this.devices).join(", ") || "none"}`);
    return device;
  }
}
