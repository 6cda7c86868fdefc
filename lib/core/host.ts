// The base class of kept machines and pools: the program, the names in `/etc/hosts`, and the allowed connections.

import { Construct } from "constructs";
import { Role } from "./address-plan";
import { Flow, Listener, portName } from "./flow";
import { bootProgram, hostSettings, renewedProgram, WholeHost } from "./host-program";
import { HostSpec, IdentityUse } from "./host-spec";
import { InventoryMachine, InventoryPool, InventoryUnit } from "./inventory";
import { needs } from "./needs";
import { Program } from "./program";
import { byteLength, gzippedLength, packedLength, terraformText } from "./render/terraform-text";
import { cloudConfig } from "./render/cloud-config";
import { Secret } from "./secret";
import { secretsIn, variablesIn, withNames } from "./secret-store";
import { Installation } from "./installation";
import { escaped } from "./site-inventory";
import { Size } from "./size";

/** An entry for `/etc/hosts`: another host, or an external server whose address is given. */
interface Named {
  readonly name: string;
  readonly address?: string | undefined;
}

export abstract class Host extends Construct {
  /** The host name; the prefix of the names of a pool's members. */
  abstract readonly name: string;
  /** Its private address; `undefined` for a pool, whose members have no fixed addresses. */
  abstract readonly address: string | undefined;
  readonly program = new Program();
  readonly site: Installation;
  private readonly flows: Flow[] = [];
  private readonly outgoing: Flow[] = [];
  private readonly known = new Map<string, Named>();
  private readonly knownLater: (() => readonly Named[])[] = [];
  private readonly asking: IdentityUse[] = [];
  private readonly units: InventoryUnit[] = [];
  private readonly smaller = new Set<string>();
  private measures: string | undefined;
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

  /** The host in the table of flows. */
  get listener(): Listener {
    return { kind: "host", name: this.name, role: this.role };
  }

  /** Accepts connections from all hosts of a role, so that one more tier of that role does not change this host. */
  open(from: Role, port: number, why: string, protocol: "tcp" | "udp" = "tcp"): void {
    const sources = this.site.session.sourcesOf(from);
    const flow: Flow = { from: { kind: "role", role: from }, sources, to: this.listener, port, why };
    const same = (known: Flow) => isFrom(known, from) && portName(known) === portName({ port, protocol }) && known.why === why;
    if (!this.flows.some(same)) this.flows.push(protocol === "tcp" ? flow : { ...flow, protocol });
  }

  /** Accepts connections from the front door. */
  openToFrontDoor(sources: readonly string[], port: number, why: string): void {
    this.flows.push({ from: { kind: "front door" }, sources, to: this.listener, port, why });
  }

  /** Accepts connections from administrators, where these reach the private network without logging in. */
  openToAdministrators(port: number, why: string): void {
    this.openToRanges("administrators", this.site.session.administrators ?? [], port, why);
  }

  /** Accepts connections from addresses that are none of the site's. `name` says whose they are; without ranges it does nothing. */
  openToRanges(name: string, sources: readonly string[], port: number, why: string): void {
    if (sources.length === 0) return;
    this.flows.push({ from: { kind: "external", name }, sources, to: this.listener, port, why });
  }

  /** The secrets in its program, sorted by name. */
  get secrets(): readonly Secret[] {
    return secretsIn(this.program.texts.join("\n"));
  }

  /** Records an outgoing connection of this host; returns whether it is new. */
  reaches(to: Listener, port: number, why: string): boolean {
    const same = (flow: Flow) => flow.to.kind === to.kind && flow.to.name === to.name && flow.port === port && flow.why === why;
    if (this.outgoing.some(same)) return false;
    const from = { kind: "role", role: this.role } as const;
    this.outgoing.push({ from, sources: this.site.session.sourcesOf(this.role), to, port, why });
    return true;
  }

  /** Outgoing connections, except those to hosts of the site and those that every machine needs. */
  get calls(): readonly Flow[] {
    return this.outgoing;
  }

  /** Adds `other` to `/etc/hosts`. May be the host itself: its own name would otherwise resolve to a loopback address, which peers cannot use. */
  knows(other: Named): void {
    this.known.set(other.name, other);
  }

  /** The same for hosts that come later on the page. */
  knowsLater(others: () => readonly Named[]): void {
    this.knownLater.push(others);
  }

  /**
   * Adds a systemd unit of this host to the inventory, as a part of `tier`, which must be in the inventory too. A unit that is already there is not
   * added again. This starts nothing: the program does.
   */
  runs(tier: Construct, unit: Omit<InventoryUnit, "tier">): void {
    if (this.units.some((known) => known.unit === unit.unit)) return;
    this.units.push({ ...unit, tier: tier.node.path });
  }

  /** Its entry in the inventory. */
  abstract get described(): InventoryMachine | InventoryPool;

  /** The fields of an inventory entry that machines and pools have in common. */
  protected describe(size: Size): Pick<InventoryMachine, "name" | "path" | "tier" | "role" | "cpus" | "gib" | "units"> {
    const tier = this.site.inventory.tierOf(this);
    const { name, role } = this;
    const units = this.units.map((unit) => ({ ...unit, facts: escaped(unit.facts) }));
    const { cpus, gib } = size;
    return { name, path: this.node.path, ...(tier !== undefined && { tier }), role, cpus, gib, units };
  }

  /** Says what the user can do for a smaller boot text, as in "give `overview: false` to Monitoring": for whom is refused because of its size. */
  smallerBy(how: string): void {
    this.smaller.add(how);
  }

  /** Lets a user besides root use the cloud's metadata service, and so the machine's identity at the cloud. */
  asksAsItself(user: number, why: string): void {
    const { cloud, problems } = this.site;
    if (cloud.can.identity !== true) {
      problems.add(this, {
        wrong: `${why} needs the machine's own role at the cloud, and machines on ${cloud.name} have none`,
        remedy: "give keys",
        cause: `role of a machine: ${why}`,
      });
    }
    if (!this.asking.some((known) => known.user === user && known.why === why)) this.asking.push({ user, why });
  }

  /** Says that a program of this host prints how much of pools is used (`HostSpec.poolsUsed`). */
  measuresPools(path: string): void {
    this.measures = path;
  }

  /** Incoming connections, sorted so that the order of the page makes no difference. */
  get openings(): readonly Flow[] {
    const always = (this.site.session.openings?.() ?? []).map((flow) => ({ ...flow, to: this.listener }));
    const asked = this.askedOn === undefined ? [] : [this.readinessFlow(this.askedOn)];
    return [...this.flows, ...always, ...asked].sort(
      (a, b) => a.port - b.port || compare(portName(a), portName(b)) || compare(sortKey(a), sortKey(b)) || compare(a.why, b.why),
    );
  }

  /** The port of the cloud's health check of this host, if it has one. */
  protected get askedOn(): number | undefined {
    return undefined;
  }

  private readinessFlow(port: number): Flow {
    const why = "whether it serves, asked by the cloud";
    const sources = this.site.session.sourcesOf("cloud");
    return { from: { kind: "role", role: "cloud" }, sources, to: this.listener, port, why };
  }

  /** The user-data before it is escaped for Terraform, as a person reviews it. */
  bootText(): string {
    return this.inStore(cloudConfig(bootProgram(this.whole())));
  }

  /** The part of the boot text that reaches a running machine only by renewal. */
  protected renewedText(): string {
    return this.site.cloud.can.delivers === true ? this.inStore(cloudConfig(renewedProgram(this.whole()))) : this.bootText();
  }

  /** The script that delivers the rest to a running machine. */
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
      dhcp6: site.cloud.can.dhcp6 === true,
      openings: this.openings,
      knowsItself: this.allKnown.includes(this),
      mapped: this.mapped.filter(({ machine }) => !machine || site.cloud.can.addresses !== "computed"),
      added: spec === undefined ? undefined : site.session.steps?.(spec),
      program: this.program,
      secrets: site.cloud.can.secrets ?? "boot text",
      askedOn: this.askedOn,
      journal: site.journal,
    };
  }

  private get allKnown(): readonly Named[] {
    const all = new Map(this.known);
    for (const other of this.knownLater.flatMap((later) => later())) all.set(other.name, other);
    return [...all.values()];
  }

  /** The other hosts in its `/etc/hosts`. */
  private get mapped(): readonly { readonly name: string; readonly address: string; readonly machine: boolean }[] {
    return this.allKnown
      .flatMap((other) =>
        other === this || other.address === undefined
          ? []
          : [{ name: other.name, address: other.address, machine: other instanceof Host }],
      )
      .sort((a, b) => compare(a.name, b.name));
  }

  /** The fields of a spec that machines and pools have in common. */
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
      secrets: () => this.secrets,
      identity: () => this.asking,
      ...(this.site.cloud.can.scalesByUse === true && { poolsUsed: () => this.measures }),
    });
  }

  /** Refuses a boot text that is larger than the cloud accepts, or has the value of a secret although its cloud has a store. */
  protected measure(): void {
    this.site.problems.atSynth(() => {
      if (!this.site.fetchesSecrets) return;
      for (const variable of variablesIn(this, this.bootText())) {
        this.site.problems.add(this, {
          wrong: `its boot text has the value of the sensitive variable ${variable}, which would stand in the plan and in Terraform's state`,
          remedy: `give it as new Secret(stack, "${variable}", …): machines on ${this.site.cloud.name} fetch secrets at boot`,
          cause: `variable ${variable}`,
        });
      }
    });
    const { bytes: limit, counts } = this.site.cloud.can.bootText;
    this.site.problems.atSynth(() => {
      const bytes = MEASURES[counts](this.bootText());
      if (bytes <= limit) return;
      const how = counts === "text" ? "" : " compressed";
      const { what, bytes: most, from } = bootProgram(this.whole()).largest(byteLength);
      this.site.problems.add(this, {
        wrong:
          `the boot text has ${bytes} bytes${how}, and ${this.site.cloud.name} takes ${limit}; ` +
          `its largest part is ${what} with ${most}${from === undefined ? "" : `, made of ${from}`}`,
        remedy: [...this.smaller, "make that smaller, move it into an image or a package, or split the tier"].join("; or "),
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
