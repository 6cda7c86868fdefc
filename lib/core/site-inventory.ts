// Gathers the inventory of a site and writes it as an output: `site.inventory.tier(this, { kind: "Postgres", why: "…" })`.

import { Lazy, TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { Facts, Inventory, INVENTORY_FORMAT, InventoryFrontDoor, InventoryMachine, InventoryPool, Release } from "./inventory";
import { PageError } from "./problems";
import { Releases } from "./releases";
import { terraformText } from "./render/terraform-text";
import { secretsIn } from "./secret-store";
import type { Installation } from "./installation";

/** A host, as far as the inventory goes. `described` is asked at synth. */
export interface Described extends Construct {
  readonly described: InventoryMachine | InventoryPool;
}

interface TierFacts {
  /** Its class. */
  readonly kind: string;
  /** What the site has it for, in one phrase. */
  readonly why: string;
}

export class SiteInventory {
  private readonly hosts: Described[] = [];
  private readonly tiers = new Map<Construct, TierFacts>();
  private facts: Facts = {};
  private releases: { readonly release: Release; readonly kept: Releases } | undefined;
  private door: (() => InventoryFrontDoor) | undefined;

  constructor(private readonly site: Installation) {
    // Sensitive not for what it holds, which is no secret: Terraform would print hundreds of lines at the end of each deploy.
    const output = new TerraformOutput(site, "Inventory", {
      description: "What the site consists of, for programs; `npx cdktf-mastodon inventory` prints it. It holds no secret.",
      sensitive: true,
      value: Lazy.anyValue({ produce: () => this.whole }),
    });
    output.overrideLogicalId(`${site.name.replaceAll("-", "_")}_inventory`);
    site.problems.atSynth(() => this.check());
  }

  /** Says what those who work with the site must know besides. */
  says(facts: Facts): void {
    this.facts = { ...this.facts, ...facts };
  }

  /** Has it know a tier. Hosts inside the construct are the tier's. */
  tier(tier: Construct, facts: TierFacts): void {
    this.tiers.set(tier, facts);
  }

  /** Has it know a host. */
  host(host: Described): void {
    this.hosts.push(host);
  }

  /** Has it know what the world reaches; asked for at synth. */
  frontDoor(door: () => InventoryFrontDoor): void {
    this.door = door;
  }

  /** Says what browsers are served, and has the state remember what they were served before. */
  serves(release: Release): void {
    this.releases ??= { release, kept: new Releases(this.site, release) };
  }

  /** The releases before the page's, the last one first, as an expression of Terraform's for a list; nothing if the page serves none. */
  get previous(): string | undefined {
    return this.releases?.kept.previous;
  }

  /** The path of the tier that a host is in. */
  tierOf(host: Construct): string | undefined {
    return host.node.scopes.findLast((scope) => this.tiers.has(scope))?.node.path;
  }

  /** As it stands in the plan, with Terraform's expressions for what it computes. */
  get whole(): Inventory {
    const { site } = this;
    const hosts = this.hosts.map(({ described }) => described).sort((a, b) => compare(a.name, b.name));
    const machines = hosts.filter((host): host is InventoryMachine => "number" in host);
    const tiers = [...this.tiers].map(([tier, { kind, why }]) => ({
      path: tier.node.path,
      id: tier.node.id,
      kind: terraformText(kind),
      why: terraformText(why),
      hosts: hosts.filter((host) => host.tier === tier.node.path).map(({ name }) => name),
    }));
    return {
      format: INVENTORY_FORMAT,
      site: site.name,
      path: site.node.path,
      host: terraformText(site.host),
      facts: escaped(this.facts),
      cloud: site.cloud.name,
      network: site.plan.network.cidr,
      ...(this.releases && {
        release: this.releases.release,
        previous: this.releases.kept.previous as unknown as readonly Release[],
      }),
      ...(this.door && { frontDoor: this.door() }),
      tiers: tiers.sort((a, b) => compare(a.path, b.path)),
      machines,
      pools: hosts.filter((host): host is InventoryPool => !("number" in host)),
      renewal: renewal(machines),
    };
  }

  // The output is sensitive, so Terraform itself would let a secret pass.
  private check(): void {
    for (const host of this.hosts) {
      for (const unit of host.described.units) {
        const [secret] = secretsIn(JSON.stringify(unit));
        if (secret === undefined) continue;
        this.site.problems.add(host, {
          wrong: `what it says of ${unit.unit} for the inventory holds the secret ${secret.name}`,
          remedy: "leave it out: the inventory is printed, and read by other programs",
        });
      }
    }
  }
}

/** The order in which machines are renewed: each behind those that it names, and by name where nothing is said. */
export function renewal(machines: readonly Pick<InventoryMachine, "name" | "renewAfter">[]): readonly string[] {
  const order: string[] = [];
  let rest = machines.filter(({ name }) => !order.includes(name));
  while (rest.length > 0) {
    const names = rest.map(({ name }) => name);
    const next = rest.find(({ renewAfter }) => !renewAfter.some((other) => names.includes(other)));
    if (next === undefined) throw new PageError([`${names.join(", ")}: each is to be renewed after another of them`]);
    order.push(next.name);
    rest = rest.filter((one) => one !== next);
  }
  return order;
}

/** A page's own words must not become expressions of Terraform's. */
export function escaped(facts: Facts): Facts {
  const one = <Value>(value: Value) => (typeof value === "string" ? terraformText(value) : value);
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, Array.isArray(value) ? value.map(one) : one(value)]),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
