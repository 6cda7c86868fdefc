// What a page makes on one cloud: `Site` of Mastodon is one. It alone says the cloud, the network's plan and what was found wrong.

import { Aspects, Lazy, TerraformLocal, TerraformResource } from "cdktf";
import { Construct, IConstruct } from "constructs";
import { AddressPlan, Range, Role, ROLE_NAMES } from "./address-plan";
import { Cloud, CloudSession } from "./cloud";
import { Flow, flowTable } from "./flow";
import { FrontDoor } from "./front-door";
import { wrongGenerations } from "./generation";
import { Mailbox } from "./mailbox";
import { hostName, standIn, SUFFIX_LENGTH, wrongName, wrongSiteId, wrongTierId } from "./names";
import { NextSteps } from "./next-steps";
import { PageError, Problems } from "./problems";
import { SecretChecks } from "./secret-checks";
import { SiteInventory } from "./site-inventory";
import { registerSite } from "./sites";
import { wrongNumber } from "./whole-number";

export interface InstallationProps {
  /** Where the machines are made. Another cloud means other machines and empty disks. */
  readonly cloud: Cloud;
  /** The host name that the world asks for first. */
  readonly host: string;
  /**
   * The private network, a /16. Change it before the first deploy only: it replaces every machine.
   * @default "10.20.0.0/16"
   * @throws at synth if it is not a private /16
   */
  readonly network?: string;
}

const STANDARD_NETWORK = "10.20.0.0/16";

/** A host, as far as the flow table goes. */
interface Talking {
  readonly openings: readonly Flow[];
  /** To what the page does not make. */
  readonly calls: readonly Flow[];
}

export class Installation extends Construct {
  readonly cloud: Cloud;
  /** The host name that the world asks for first. */
  readonly host: string;
  readonly plan: AddressPlan;
  /** What the cloud makes of this site. */
  readonly session: CloudSession;
  readonly problems: Problems;
  /** What it consists of, for those who look after it. */
  readonly inventory: SiteInventory;
  /** The last words of a deploy. */
  readonly nextSteps: NextSteps;
  /** The site's name in physical names. */
  readonly name: string;
  private readonly hosts: Talking[] = [];
  private readonly claimed = new Map<string, Construct>();
  private readonly slots = new Map<string, Construct>();
  private door: FrontDoor | undefined;
  private finished = false;
  private box: Mailbox | undefined;

  constructor(scope: Construct, id: string, props: InstallationProps) {
    super(scope, id);
    this.problems = new Problems(this);
    this.cloud = props.cloud;
    this.host = props.host;
    const wrongId = wrongSiteId(id);
    this.name = wrongId === undefined ? hostName(id) : standIn(this.node.path);
    const same = registerSite(this);
    const network = props.network ?? STANDARD_NETWORK;
    const wrongNetwork = AddressPlan.wrong(network);
    const problems = [
      wrongId,
      same === undefined
        ? undefined
        : {
            wrong: `its name "${this.name}" is that of ${same.node.path} already`,
            remedy: "give it another id: machines, disks and secrets are called after it",
          },
      wrongNetwork,
    ];
    for (const problem of problems) this.problems.add(this, problem);
    // What is wrong is told at synth, with all else; until then something right stands in its place.
    this.plan = AddressPlan.of(wrongNetwork === undefined ? network : STANDARD_NETWORK);
    const roles = Object.fromEntries(ROLE_NAMES.map((role) => [role, this.plan.role(role).cidr])) as Record<Role, string>;
    this.session = this.cloud.open(this, { site: this.name, cidr: this.plan.network.cidr, roles });
    // The last moment at which resources can be made, and the first at which the page is whole.
    Aspects.of(this).add({ visit: (node: IConstruct) => (node === this ? this.finish() : undefined) });
    // Whatever else the cloud makes needs what it has made now.
    SecretChecks.of(this).before(this.node.findAll().filter((node) => TerraformResource.isTerraformResource(node)));
    this.inventory = new SiteInventory(this);
    this.problems.atSynth(() => this.checkGenerations());
    // No output: more than a hundred lines would stand at the end of each deploy. `cdktf-mastodon flows` reads it in the plan.
    const flows = new TerraformLocal(this, "Flows", Lazy.anyValue({ produce: () => flowTable(this.flows) }));
    flows.overrideLogicalId(`${this.name.replaceAll("-", "_")}_flows`);
    this.nextSteps = new NextSteps(this, this.name, () => [
      ...this.session.nextSteps(),
      "What stands, and how one logs in: npx cdktf-mastodon inventory",
      "Who may reach which port of whom: npx cdktf-mastodon flows",
    ]);
  }

  // The context is the page's, so the pools of all its sites count, and the first site tells.
  private checkGenerations(): void {
    const sites = this.node.root.node.findAll().filter((node) => node instanceof Installation);
    if (sites[0] !== this) return;
    const pools = sites.flatMap(({ inventory }) => inventory.whole.pools.map(({ name }) => name));
    for (const problem of wrongGenerations(this, [...new Set(pools)])) this.problems.add(this, problem);
  }

  private finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.session.finish();
  }

  /** Who talks to whom, over all hosts of the site. */
  get flows(): readonly Flow[] {
    return this.hosts.flatMap((host) => [...host.openings, ...host.calls]);
  }

  /** Has the site know a host, for its flows. */
  admit(host: Talking): void {
    this.hosts.push(host);
  }

  /** The site that a construct belongs to. */
  static of(construct: Construct): Installation {
    const found = construct.node.scopes.findLast((scope): scope is Installation => scope instanceof Installation);
    if (found === undefined) {
      throw new PageError([
        `${construct.node.path}: it is not inside a Site / give it a Site, or something in one, as its scope`,
      ]);
    }
    return found;
  }

  /** What the world reaches; made when first asked for. */
  get frontDoor(): FrontDoor {
    return (this.door ??= new FrontDoor(this, "FrontDoor"));
  }

  /** Where mail lands if the page names no mail server, on a cloud that has such a place; made when first asked for. */
  get mailbox(): Mailbox | undefined {
    if (this.session.mailbox === undefined) return undefined;
    return (this.box ??= new Mailbox(this));
  }

  /** The addresses of a tier, from its name alone or from the slot that the user gave. */
  range(tier: Construct, role: Role, name: string, slot?: number): Range {
    const slots = this.plan.slots(role);
    const taken = slot ?? this.plan.slotOf(role, name);
    const wrong = wrongNumber("slot", taken, { least: 0, most: slots - 1 });
    this.problems.add(tier, wrong);
    if (wrong !== undefined) return this.plan.tier(role, 0);
    const other = this.slots.get(`${role} ${taken}`);
    if (other !== undefined) {
      this.problems.add(tier, {
        wrong: `its addresses (slot ${taken} of ${role}) are those of ${other.node.path}`,
        remedy: `give one of the two a free slot from 0 to ${slots - 1}, the one that is not deployed yet`,
      });
    }
    this.slots.set(`${role} ${taken}`, tier);
    return this.plan.tier(role, taken);
  }

  /** The name of a tier, from its id; of an id of which none can be made another, and a problem. */
  nameOf(tier: Construct): string {
    const { id } = tier.node;
    const wrong = wrongTierId(id, this.name);
    this.problems.add(tier, wrong);
    return wrong === undefined ? hostName(id) : standIn(tier.node.path);
  }

  /** Keeps host names unique in the site, and such that every cloud takes them, with what is put around them. */
  claim(owner: Construct, name: string, suffix = SUFFIX_LENGTH): void {
    this.problems.add(owner, wrongName("name", name, this.name, suffix));
    const other = this.claimed.get(name);
    if (other !== undefined) {
      this.problems.add(owner, {
        wrong: `the name ${name} is taken by ${other.node.path}`,
        remedy: "give one of the two tiers another id",
      });
    }
    this.claimed.set(name, owner);
  }
}
