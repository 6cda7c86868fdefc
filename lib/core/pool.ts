// A pool of identical hosts without fixed addresses, which may be replaced at any time: `new Pool(tier, "Hosts", { name: "web", machines: 3, … })`.

import { Construct } from "constructs";
import { Range, Role } from "./address-plan";
import { MadePool } from "./cloud";
import { generationOf } from "./generation";
import { Host } from "./host";
import { InventoryPool } from "./inventory";
import { Scale, WholeScale, wholeScale, wrongScale } from "./scale";
import { Size, wrongSize } from "./size";
import { wrongNumber } from "./whole-number";

export interface PoolProps {
  /** The prefix of the members' names. Changing it replaces them. */
  readonly name: string;
  readonly role: Role;
  /** The tier's addresses. */
  readonly range: Range;
  /** The number of members. Changing it adds or removes members and does not touch the others. */
  readonly machines: number;
  readonly size: Size;
  /**
   * Lets the cloud choose the number of members by their load, `machines` at least.
   * @default - as many as `machines`
   */
  readonly scale?: Scale | undefined;
  /**
   * How members are replaced when the boot text changes. `start-first` doubles the pool for a while; `stop-first` leaves it empty for a while.
   * @default "start-first"
   */
  readonly roll?: "start-first" | "stop-first";
}

export class Pool extends Host {
  readonly name: string;
  readonly address = undefined;
  /** The pool as the cloud has made it, for routes of the front door. */
  readonly made: MadePool;
  readonly machines: number;
  readonly roll: "start-first" | "stop-first";
  private readonly size: Size;
  private routed = false;
  private measured = false;
  private sharing = false;

  constructor(scope: Construct, id: string, props: PoolProps) {
    super(scope, id, props.role);
    this.name = props.name;
    this.site.claim(this, props.name);
    this.site.problems.add(this, wrongSize(props.size));
    this.machines = props.machines;
    this.size = props.size;
    this.roll = props.roll ?? "start-first";
    const { plan, cloud } = this.site;
    const ranges = plan.zones(props.range, cloud.can.zones ?? 1);
    const room = Math.floor(plan.capacity(props.range, ranges.length) / 2);
    const further = `: a roll-out doubles the pool inside ${props.range.cidr}; for more, add another tier`;
    this.site.problems.add(this, wrongNumber("machines", props.machines, { least: 1, most: room, further }));
    if (props.scale !== undefined) this.scales(props.scale, room, further);
    this.made = this.site.session.pool(this, "Pool", {
      ...this.told(props),
      ranges: ranges.map(({ cidr }) => cidr),
      machines: props.machines,
      ...(props.scale !== undefined && cloud.can.scales === true && { scale: this.wholeScale(props.scale) }),
      roll: this.roll,
      files: () => this.sharing,
    });
    this.measure();
  }

  override bootText(): string {
    const text = super.bootText();
    const generation = generationOf(this, this.name);
    return generation === undefined ? text : text.replace("\n", `\n# generation: ${generation}\n`);
  }

  get described(): InventoryPool {
    const { members, list, resource, renew, login } = this.made;
    return {
      ...this.describe(this.size),
      size: this.machines,
      roll: this.roll,
      ...(resource !== undefined && { resource }),
      ...(renew !== undefined && { renew }),
      ...(login !== undefined && { login }),
      ...(members !== undefined && { members }),
      ...(list !== undefined && { list }),
    };
  }

  private scales(scale: Scale, room: number, further: string): void {
    const { cloud, problems } = this.site;
    for (const problem of wrongScale(scale, this.machines, room, further)) problems.add(this, problem);
    if (cloud.can.scales !== true) {
      problems.add(this, {
        wrong: `its number of machines is to follow their load, and ${cloud.name} does not change it`,
        remedy: "leave scale out, and give as many machines as the highest load needs",
        cause: "scale",
      });
    } else if (scale.usedPercent !== undefined) this.scalesByUse(scale.usedPercent);
  }

  private wholeScale({ usedPercent, ...scale }: Scale): WholeScale {
    return wholeScale(this.site.cloud.can.scalesByUse === true && usedPercent !== undefined ? { ...scale, usedPercent } : scale);
  }

  private scalesByUse(percent: number): void {
    const { cloud, problems } = this.site;
    const remedy = "leave it out: the number of machines then follows the processors alone";
    if (cloud.can.scalesByUse !== true) {
      const wrong = `usedPercent of scale is ${percent}, and ${cloud.name} does not scale by how much of a pool is used`;
      problems.add(this, { wrong, remedy, cause: "usedPercent" });
      return;
    }
    problems.atSynth(() => {
      const wrong = `usedPercent of scale is ${percent}, and nothing measures how much of this pool is used`;
      if (!this.measured) problems.add(this, { wrong, remedy });
    });
  }

  /** Says that the page measures how much of it is used, or says itself why not: `usedPercent` of its scale is then possible. */
  isMeasured(): void {
    this.measured = true;
  }

  /** Gives the members the cloud's shared directory; returns its path, or `undefined` if the cloud has none. */
  shareFiles(): string | undefined {
    this.sharing = this.site.cloud.can.sharedFiles !== undefined;
    return this.site.cloud.can.sharedFiles;
  }

  override openToFrontDoor(sources: readonly string[], port: number, why: string): void {
    this.routed = true;
    super.openToFrontDoor(sources, port, why);
  }

  protected override get askedOn(): number | undefined {
    return this.routed ? undefined : this.site.cloud.can.readinessPort;
  }
}
