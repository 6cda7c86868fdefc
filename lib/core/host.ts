// What a kept machine and a pool have in common: a program, the names it knows, and who may come in.

import { Construct } from "constructs";
import { Role } from "./address-plan";
import { Flow, Listener } from "./flow";
import { hostProgram, hostSettings, renewedProgram, WholeHost } from "./host-program";
import { HostSpec, IdentityUse } from "./host-spec";
import { InventoryMachine, InventoryPool, InventoryUnit } from "./inventory";
import { needs } from "./needs";
import { Program } from "./program";
import { byteLength, gzippedLength, packedLength, terraformText } from "./render/terraform-text";
import { cloudConfig } from "./render/cloud-config";
import { secretsIn, withNames } from "./secret-store";
import { Installation } from "./installation";
import { escaped } from "./site-inventory";
import { Size } from "./size";

/** What a host can map in its names: another host, or something outside the page whose address is given. */
interface Named {
  readonly name: string;
  readonly address?: string | undefined;
}

export abstract class Host extends Construct {
  /** The host name; members of a pool are called after it. */
  abstract readonly name: string;
  /** The address by which it is known, or `undefined` if nobody may know it. */
  abstract readonly address: string | undefined;
  readonly program = new Program();
  readonly site: Installation;
  private readonly flows: Flow[] = [];
  private readonly outgoing: Flow[] = [];
  private readonly known = new Map<string, Named>();
  private readonly asking: IdentityUse[] = [];
  private readonly units: InventoryUnit[] = [];
  private spec: HostSpec | undefined;

  protected constructor(
    scope: Construct,
    id: string,
    readonly role: Role,
  ) {
    super(scope, id);
    this.site = Installation.of(this);
    this.site.admit(this);
    this.site.inventory.host(this);
  }

  /** Who it is in the table of flows. */
  get listener(): Listener {
    return { kind: "host", name: this.name, role: this.role };
  }

  /** Lets the hosts of `from` in; all of a role, so that one more tier of that role changes nothing here. */
  open(from: Role, port: number, why: string): void {
    const sources = this.site.session.sourcesOf(from);
    const same = this.flows.some((known) => isFrom(known, from) && known.port === port && known.why === why);
    if (!same) this.flows.push({ from: { kind: "role", role: from }, sources, to: this.listener, port, why });
  }

  /** Lets the front door in. */
  openToFrontDoor(sources: readonly string[], port: number, why: string): void {
    this.flows.push({ from: { kind: "front door" }, sources, to: this.listener, port, why });
  }

  /** Records that this host calls somebody; returns whether that is new. */
  reaches(to: Listener, port: number, why: string): boolean {
    const same = (flow: Flow) => flow.to.kind === to.kind && flow.to.name === to.name && flow.port === port && flow.why === why;
    if (this.outgoing.some(same)) return false;
    const from = { kind: "role", role: this.role } as const;
    this.outgoing.push({ from, sources: this.site.session.sourcesOf(this.role), to, port, why });
    return true;
  }

  /** Whom it calls, besides hosts of the site and what every machine needs. */
  get calls(): readonly Flow[] {
    return this.outgoing;
  }

  /** Maps the name of `other` on this host; its own name too, which else leads to a loopback address that means nothing to peers. */
  knows(other: Named): void {
    this.known.set(other.name, other);
  }

  /**
   * Says for the inventory that a unit of systemd on this host does some of the work of `tier`, which must be in the inventory as well. Two that
   * share a unit say it once. It starts nothing: the program does.
   */
  runs(tier: Construct, unit: Omit<InventoryUnit, "tier">): void {
    if (this.units.some((known) => known.unit === unit.unit)) return;
    this.units.push({ ...unit, tier: tier.node.path });
  }

  /** What the inventory has of it. */
  abstract get described(): InventoryMachine | InventoryPool;

  /** What the inventory has of every host. */
  protected describe(size: Size): Pick<InventoryMachine, "name" | "path" | "tier" | "role" | "cpus" | "gib" | "units"> {
    const tier = this.site.inventory.tierOf(this);
    const { name, role } = this;
    const units = this.units.map((unit) => ({ ...unit, facts: escaped(unit.facts) }));
    const { cpus, gib } = size;
    return { name, path: this.node.path, ...(tier !== undefined && { tier }), role, cpus, gib, units };
  }

  /** Lets a user besides root ask the cloud about this machine, and so act with the machine's own rights at the cloud. */
  asksAsItself(user: number, why: string): void {
    const { cloud, problems } = this.site;
    if (cloud.can.identity !== true) {
      problems.add(this, {
        wrong: `${why} is to go by the machine's own rights, and on ${cloud.name} a machine has none`,
        remedy: "give a key",
      });
    }
    if (!this.asking.some((known) => known.user === user && known.why === why)) this.asking.push({ user, why });
  }

  /** Who may come in, sorted so that the order of the page does not show. */
  get openings(): readonly Flow[] {
    const always = (this.site.cloud.can.openings ?? []).map((flow) => ({ ...flow, to: this.listener }));
    const asked = this.askedOn === undefined ? [] : [this.readinessFlow(this.askedOn)];
    return [...this.flows, ...always, ...asked].sort(
      (a, b) => a.port - b.port || compare(sortKey(a), sortKey(b)) || compare(a.why, b.why),
    );
  }

  /** The port on which the cloud asks this host whether it serves, if it does. */
  protected get askedOn(): number | undefined {
    return undefined;
  }

  private readinessFlow(port: number): Flow {
    const why = "whether it serves, asked by the cloud";
    const sources = [this.site.plan.role("cloud").cidr];
    return { from: { kind: "role", role: "cloud" }, sources, to: this.listener, port, why };
  }

  /** The user-data before it is escaped for Terraform: what a person reviews. */
  bootText(): string {
    return this.inStore(cloudConfig(hostProgram(this.whole())));
  }

  /** What of the boot text a running machine of the site can get by a renewal alone. */
  protected renewedText(): string {
    return this.site.cloud.can.delivers === true ? this.inStore(cloudConfig(renewedProgram(this.whole()))) : this.bootText();
  }

  /** The script that brings all else to a running machine. */
  protected settings(): string {
    return this.inStore(hostSettings(this.whole()));
  }

  private inStore(text: string): string {
    return this.site.cloud.can.secrets === "store" ? withNames(text) : text;
  }

  private whole(): WholeHost {
    const { site, spec } = this;
    return {
      name: this.name,
      network: site.plan.network.cidr,
      metadata: { addresses: site.cloud.can.metadata, users: this.asking.map(({ user }) => user) },
      openings: this.openings,
      knowsItself: [...this.known.values()].includes(this),
      mapped: this.mapped.filter(({ machine }) => !machine || site.cloud.can.addresses !== "computed"),
      added: spec === undefined ? undefined : site.session.steps?.(spec),
      program: this.program,
      secrets: site.cloud.can.secrets ?? "boot text",
      askedOn: this.askedOn,
    };
  }

  /** Whom it finds by name, itself left out. */
  private get mapped(): readonly { readonly name: string; readonly address: string; readonly machine: boolean }[] {
    return [...this.known.values()]
      .flatMap((other) =>
        other === this || other.address === undefined
          ? []
          : [{ name: other.name, address: other.address, machine: other instanceof Host }],
      )
      .sort((a, b) => compare(a.name, b.name));
  }

  /** What a cloud is told of every host. */
  protected told(of: Pick<HostSpec, "name" | "size">): HostSpec {
    return (this.spec = {
      name: of.name,
      role: this.role,
      size: of.size,
      packages: () => [...new Set(["nftables", ...this.program.packages])].sort(),
      images: () => this.program.images,
      bootText: () => terraformText(this.bootText()),
      openings: () => this.openings,
      calls: () => [...needs(this.role, this.site.session.sourcesOf(this.role), this.program.images), ...this.calls],
      names: () => this.mapped.flatMap(({ name, address, machine }) => (machine ? [{ name, address }] : [])),
      secrets: () => secretsIn(this.program.texts.join("\n")),
      identity: () => this.asking,
    });
  }

  /** Refuses a boot text that the cloud would cut or reject. */
  protected measure(): void {
    const { bytes: limit, counts } = this.site.cloud.can.bootText;
    this.site.problems.atSynth(() => {
      const bytes = MEASURES[counts](this.bootText());
      if (bytes <= limit) return;
      const how = counts === "text" ? "" : " compressed";
      const { what, bytes: most, from } = hostProgram(this.whole()).largest(byteLength);
      this.site.problems.add(this, {
        wrong:
          `the boot text has ${bytes} bytes${how}, and ${this.site.cloud.name} takes ${limit}; ` +
          `its largest part is ${what} with ${most}${from === undefined ? "" : `, made of ${from}`}`,
        remedy: "make that smaller, move it into an image or a package, or split the tier",
        ...(from !== undefined && { cause: `large: ${from}` }),
      });
    });
  }
}

const MEASURES = { text: byteLength, gzip: gzippedLength, "base64 of gzip": packedLength } as const;

function isFrom(flow: Flow, role: Role): boolean {
  return flow.from.kind === "role" && flow.from.role === role;
}

function sortKey({ from }: Flow): string {
  return from.kind === "role" ? from.role : from.kind === "external" ? from.name : from.kind;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
