// The base class of `Site`: one installation on one cloud. It holds the cloud's session, the address plan, the problems found and the inventory.

import { Aspects, Lazy, TerraformLocal, TerraformResource } from "cdktf";
import { Construct, IConstruct } from "constructs";
import { AddressPlan, Range, Role, ROLE_NAMES } from "./address-plan";
import { Cloud, CloudSession } from "./cloud";
import { Flow, flowTable } from "./flow";
import { FrontDoor } from "./front-door";
import { wrongGenerations } from "./generation";
import { Mailbox } from "./mailbox";
import { journalOf, JournalLimits, KeptLogs } from "./journal";
import { hostName, standIn, SUFFIX_LENGTH, wrongName, wrongSiteId, wrongTierId } from "./names";
import { NextSteps } from "./next-steps";
import { PageError, Problems } from "./problems";
import { SecretChecks } from "./secret-checks";
import { SiteInventory } from "./site-inventory";
import { registerSite } from "./sites";
import { wrongNumber } from "./whole-number";
import type { Host } from "./host";

export interface InstallationProps {
  /** The cloud on which the machines are made. A change means new machines with empty disks. */
  readonly cloud: Cloud;
  /** The main public host name. */
  readonly host: string;
  /**
   * The private network, a /16. Change it before the first deploy only: it replaces every machine.
   * @default "10.20.0.0/16"
   * @throws at synth if it is not a private /16
   */
  readonly network?: string;
  /**
   * How much of its own logs each machine keeps.
   * @default - 1 GiB and 30 days
   */
  readonly logs?: KeptLogs;
}

const STANDARD_NETWORK = "10.20.0.0/16";

/** What the site needs of a host: its connections for the flow table, and its secrets. */
interface Talking {
  readonly openings: readonly Flow[];
  /** Connections to managed services and external servers. */
  readonly calls: readonly Flow[];
  /** The secrets in its texts. */
  readonly secrets?: readonly object[];
}

export class Installation extends Construct {
  readonly cloud: Cloud;
  /** The main public host name. */
  readonly host: string;
  readonly plan: AddressPlan;
  /** The cloud's session for this site. */
  readonly session: CloudSession;
  readonly problems: Problems;
  /** The limits of each machine's journal. */
  readonly journal: JournalLimits;
  /** What the site consists of, for administrators and programs. */
  readonly inventory: SiteInventory;
  /** What is printed at the end of a deploy. */
  readonly nextSteps: NextSteps;
  /** The site's name in the names of resources. */
  readonly name: string;
  private readonly talking: Talking[] = [];
  private readonly atWhole: (() => void)[] = [];
  private readonly claimed = new Map<string, Construct>();
  private readonly slots = new Map<string, Construct>();
  private door: FrontDoor | undefined;
  private finished = false;
  private box: Mailbox | undefined;

  constructor(scope: Construct, id: string, props: InstallationProps) {
    super(scope, id);
    this.problems = new Problems(this);
    this.journal = journalOf(this, this.problems, props.logs);
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
            wrong: `its name "${this.name}" is already used by ${same.node.path}`,
            remedy: "give it another id: machines, disks and secrets are called after it",
          },
      wrongNetwork,
    ];
    for (const problem of problems) this.problems.add(this, problem);
    // A wrong network is reported at synth with all other problems; until then the default takes its place.
    this.plan = AddressPlan.of(wrongNetwork === undefined ? network : STANDARD_NETWORK);
    const roles = Object.fromEntries(ROLE_NAMES.map((role) => [role, this.plan.role(role).cidr])) as Record<Role, string>;
    this.session = this.cloud.open(this, { site: this.name, cidr: this.plan.network.cidr, roles });
    // An aspect runs when the whole page is known and resources can still be made.
    Aspects.of(this).add({ visit: (node: IConstruct) => (node === this ? this.finish() : undefined) });
    // Every later resource of the cloud depends on one of these.
    SecretChecks.of(this).before(this.node.findAll().filter((node) => TerraformResource.isTerraformResource(node)));
    this.inventory = new SiteInventory(this);
    this.problems.atSynth(() => this.checkGenerations());
    // A local value, not an output: each deploy would print more than a hundred lines. `cdktf-mastodon flows` reads it from the plan.
    const flows = new TerraformLocal(this, "Flows", Lazy.anyValue({ produce: () => flowTable(this.flows) }));
    flows.overrideLogicalId(`${this.name.replaceAll("-", "_")}_flows`);
    this.nextSteps = new NextSteps(this, this.name, () => [
      ...this.session.nextSteps(),
      "What stands, and how one logs in: npx cdktf-mastodon inventory",
      "Who may reach which port of whom: npx cdktf-mastodon flows",
    ]);
  }

  // The context belongs to the page, so it is checked against the pools of all sites, once.
  private checkGenerations(): void {
    const sites = this.node.root.node.findAll().filter((node) => node instanceof Installation);
    if (sites[0] !== this) return;
    const pools = sites.flatMap(({ inventory }) => inventory.whole.pools.map(({ name }) => name));
    for (const problem of wrongGenerations(this, [...new Set(pools)])) this.problems.add(this, problem);
  }

  private finish(): void {
    if (this.finished) return;
    this.finished = true;
    for (const action of this.atWhole) action();
    this.session.finish();
  }

  /** Runs `action` once, when all hosts of the page are known and before their boot texts are made. It may add to hosts, and makes none. */
  whenWhole(action: () => void): void {
    this.atWhole.push(action);
  }

  /** The flows of all hosts of the site. */
  get flows(): readonly Flow[] {
    return this.talking.flatMap((host) => [...host.openings, ...host.calls]);
  }

  get fetchesSecrets(): boolean {
    return this.cloud.can.secrets === "store";
  }

  holds(secret: object): boolean {
    return this.talking.some(({ secrets = [] }) => secrets.includes(secret));
  }

  /** The machines and pools so far, in the order of the page. */
  get hosts(): readonly Host[] {
    return this.talking.filter((one): one is Host => "program" in one);
  }

  /** Registers a host, for the table of flows. */
  admit(host: Talking): void {
    this.talking.push(host);
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

  /** The public entry of the site; made at first use. */
  get frontDoor(): FrontDoor {
    return (this.door ??= new FrontDoor(this, "FrontDoor"));
  }

  /** The public entry, if anything of the page is behind one. */
  get madeFrontDoor(): FrontDoor | undefined {
    return this.door;
  }

  /** Stores mail if the page names no mail server, on a cloud that has a mailbox; made at first use. */
  get mailbox(): Mailbox | undefined {
    if (this.session.mailbox === undefined) return undefined;
    return (this.box ??= new Mailbox(this));
  }

  /** The addresses of a tier, from its name or from the slot that the page gives. */
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

  /** The name of a tier, made from its id. If no name can be made, adds a problem and returns a placeholder. */
  nameOf(tier: Construct): string {
    const { id } = tier.node;
    const wrong = wrongTierId(id, this.name);
    this.problems.add(tier, wrong);
    return wrong === undefined ? hostName(id) : standIn(tier.node.path);
  }

  /** Reserves a host name: it must be unique in the site, and valid on every cloud together with prefix and suffix. */
  claim(owner: Construct, name: string, suffix = SUFFIX_LENGTH): void {
    this.problems.add(owner, wrongName("name", name, this.name, suffix));
    const other = this.claimed.get(name);
    if (other !== undefined) {
      this.problems.add(owner, {
        wrong: `the name ${name} is already used by ${other.node.path}`,
        remedy: "give one of the two tiers another id",
      });
    }
    this.claimed.set(name, owner);
  }
}
