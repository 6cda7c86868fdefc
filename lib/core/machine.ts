// A kept machine: it has a fixed address and disks that outlive it: `new Machine(tier, "1", { name: "database-1", … })`.

import { Construct } from "constructs";
import { Range, Role } from "./address-plan";
import { MadeMachine } from "./cloud";
import { Host } from "./host";
import { InventoryMachine } from "./inventory";
import { wrongName } from "./names";
import { terraformText } from "./render/terraform-text";
import { Disk, Size, wrongSize } from "./size";
import { wholeNumber } from "./whole-number";

export interface MachineProps {
  /** Host name, unique in the site. Changing it replaces the machine. */
  readonly name: string;
  readonly role: Role;
  /** The tier's addresses. */
  readonly range: Range;
  /** Its number in the tier, from 1. The address follows from it. */
  readonly number: number;
  readonly size: Size;
  /**
   * Disks by name. They are not destroyed with the machine.
   * @default - no disk besides the machine's own
   */
  readonly disks?: Readonly<Record<string, Disk>>;
  /**
   * What happens when the boot text changes: `keep` does not touch the machine, `replace` replaces it.
   * @default "keep"
   */
  readonly onChange?: "keep" | "replace";
  /**
   * Whether members of pools need its settings: then a deploy rolls pools only after changed ones have reached it, and not at all while it cannot be
   * reached.
   * @default true
   */
  readonly needed?: boolean;
}

export class Machine extends Host {
  readonly name: string;
  readonly address: string;
  /** The index of its zone, from 0. */
  readonly zone: number;
  private readonly devices: Readonly<Record<string, string>>;
  private readonly made: MadeMachine;
  private readonly kept: Pick<InventoryMachine, "number" | "zone" | "disks" | "onChange">;
  private readonly size: Size;
  private readonly before: (() => readonly Machine[])[] = [];

  constructor(scope: Construct, id: string, props: MachineProps) {
    super(scope, id, props.role);
    this.name = props.name;
    const { problems, plan } = this.site;
    const disks = Object.entries(props.disks ?? {});
    this.site.claim(this, props.name, 0);
    problems.add(this, wrongSize(props.size));
    for (const [disk, made] of disks) {
      problems.add(this, wrongSize(made));
      if (wrongName("name", props.name, this.site.name, 0) === undefined)
        problems.add(this, wrongName("the name of a disk", disk, `${this.site.name}-${props.name}`, 0));
    }
    const { zones = 1 } = this.site.cloud.can;
    const room = plan.capacity(props.range, zones);
    const number = wholeNumber(problems, this, "number", props.number, { least: 1, most: room });
    const { zone, range, address } = plan.place(props.range, number, zones);
    const kept = {
      number,
      zone,
      disks: disks.map(([disk, { gib }]) => ({ name: disk, gib })),
      onChange: props.onChange ?? "keep",
    };
    const made = this.site.session.machine(this, "Machine", {
      ...this.told(props),
      ...kept,
      range: range.cidr,
      address,
      needed: props.needed ?? true,
      renewedText: () => terraformText(this.renewedText()),
      settings: () => terraformText(this.settings()),
    });
    this.zone = zone;
    this.size = props.size;
    this.kept = kept;
    this.made = made;
    this.address = made.address;
    this.devices = made.devices;
    this.measure();
  }

  /** Records for the inventory that these machines are to be renewed before this one. They may come later on the page. */
  renewedAfter(others: () => readonly Machine[]): void {
    this.before.push(others);
  }

  get described(): InventoryMachine {
    const { resource, renew, login, older } = this.made;
    return {
      ...this.describe(this.size),
      ...this.kept,
      address: this.address,
      ...(resource !== undefined && { resource }),
      ...(renew !== undefined && { renew }),
      ...(login !== undefined && { login }),
      // A Terraform expression in the plan, a boolean in the state.
      ...(older !== undefined && { older: older as unknown as boolean }),
      renewAfter: [...new Set(this.before.flatMap((others) => others()))].flatMap((one) => (one === this ? [] : one.name)).sort(),
    };
  }

  /**
   * The device path of a disk, for a mount step.
   * @throws at synth if the machine has no disk of that name
   */
  device(disk: string): string {
    const device = this.devices[disk];
    if (device !== undefined) return device;
    const there = Object.keys(this.devices).join(", ");
    this.site.problems.add(this, {
      wrong: `its program wants a disk "${disk}"`,
      remedy: there === "" ? "give it disks: it has none" : `name one that it has: ${there}`,
    });
    return `/dev/no-disk-${disk}`;
  }
}
