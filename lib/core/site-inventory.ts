// Collects the inventory of a site and writes it as a Terraform output: `site.inventory.tier(this, { kind: "Postgres", why: "…" })`.

import { Lazy, TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { Facts, Inventory, INVENTORY_FORMAT, InventoryFrontDoor, InventoryMachine, InventoryPool, Release } from "./inventory";
import { PageError } from "./problems";
import { Releases } from "./releases";
import { terraformText } from "./render/terraform-text";
import { secretsIn } from "./secret-store";
import type { Installation } from "./installation";

/** What the inventory needs of a host. `described` is read at synth. */
export interface Described extends Construct {
  readonly described: InventoryMachine | InventoryPool;
}

interface TierFacts {
  /** Its class. */
  readonly kind: string;
  /** Its purpose, in one phrase. */
  readonly why: string;
}

export class SiteInventory {
  private readonly hosts: Described[] = [];
  private readonly tiers = new Map<Construct, TierFacts>();
  private facts: Facts = {};
  private releases: { readonly release: Release; readonly kept: Releases } | undefined;
  private door: (() => InventoryFrontDoor) | undefined;

  constructor(private readonly site: Installation) {
    // Marked sensitive although it holds no secret: otherwise Terraform would print hundreds of lines at the end of each deploy.
    const output = new TerraformOutput(site, "Inventory", {
      description: "What the site consists of, for programs; `npx cdktf-mastodon inventory` prints it. It holds no secret.",
      sensitive: true,
      value: Lazy.anyValue({ produce: () => this.whole }),
    });
    output.overrideLogicalId(`${site.name.replaceAll("-", "_")}_inventory`);
    site.problems.atSynth(() => this.check());
  }

  /** Adds facts about the site. */
  says(facts: Facts): void {
    this.facts = { ...this.facts, ...facts };
  }

  /** Adds a tier. Hosts inside the construct belong to it. */
  tier(tier: Construct, facts: TierFacts): void {
    this.tiers.set(tier, facts);
  }

  /** Adds a host. */
  host(host: Described): void {
    this.hosts.push(host);
  }

  /** Sets the front door; the function is called at synth. */
  frontDoor(door: () => InventoryFrontDoor): void {
    this.door = door;
  }

  /** Sets the release that browsers are served. Previous ones are kept in Terraform's state. */
  serves(release: Release): void {
    this.releases ??= { release, kept: new Releases(this.site, release) };
  }

  /** A Terraform expression for the list of previous releases, latest first; `undefined` if the page has no release. */
  get previous(): string | undefined {
    return this.releases?.kept.previous;
  }

  /** The path of the tier that a host is in. */
  tierOf(host: Construct): string | undefined {
    return host.node.scopes.findLast((scope) => this.tiers.has(scope))?.node.path;
  }

  /** The inventory as in the plan, with Terraform expressions for computed values. */
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

  // Since the output is marked sensitive, Terraform itself does not refuse a secret in it.
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

/** The order of renewals: each machine after those in its `renewAfter`, otherwise by name. */
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

/** The facts with strings of the page escaped, so that Terraform does not evaluate them. */
export function escaped(facts: Facts): Facts {
  const one = <Value>(value: Value) => (typeof value === "string" ? terraformText(value) : value);
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, Array.isArray(value) ? value.map(one) : one(value)]),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
