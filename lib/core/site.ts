// One installation: `new Site(stack, "Social", { cloud: local(), domain: "social.example", version: "4.7.6" })`.
// It alone says the domain, the version, the cloud, the network's plan and what was found wrong.

import { Aspects, Lazy, TerraformLocal, TerraformResource } from "cdktf";
import { Construct, IConstruct } from "constructs";
import { wrongDomain } from "./address";
import { AddressPlan, Range, Role } from "./address-plan";
import { Cloud, CloudSession } from "./cloud";
import { Flow, flowTable } from "./flow";
import { FrontDoor } from "./front-door";
import { Mailbox } from "./mailbox";
import { wrongImage } from "./image";
import { hostName, standIn, SUFFIX_LENGTH, wrongName, wrongSiteId, wrongTierId } from "./names";
import { NextSteps } from "./next-steps";
import { ObjectStore, ObjectStoreFacts } from "./objects";
import { PageError, Problems } from "./problems";
import { SecretChecks } from "./secret-checks";
import { ExtraEnv, Setting } from "./settings";
import { SiteInventory } from "./site-inventory";
import { registerSite } from "./sites";
import { wrongNumber } from "./whole-number";

export interface SiteProps {
  /** Where the machines are made. Another cloud means other machines and empty disks. */
  readonly cloud: Cloud;
  /** The part behind the `@` of every handle. It can never change once the server federates. */
  readonly domain: string;
  /**
   * The host of the web interface, and of the front door's route, if it is another. `https://domain/.well-known/webfinger` must then lead
   * there, with CORS headers. It can never change once the server federates.
   * @default - `domain`
   */
  readonly webDomain?: string;
  /**
   * Further hosts that the server answers to, such as a hidden service's. The front door has no route for them, since not each can have a
   * certificate; `site.frontDoor.route(host, web.pool, …)` adds one.
   * @default - none
   */
  readonly alternateDomains?: readonly string[];
  /** Mastodon's version, such as `4.7.6`. A change replaces the web, streaming and Sidekiq machines and migrates the database. */
  readonly version: string;
  /**
   * The container images, with registry, path, and tag or digest; both must be of `version`. A change replaces the machines that run them. A fork
   * has two, so naming one of them where both are run is refused. Up to 4.2 there is one image for all, and naming one for streaming is refused.
   * @default - the official images with the tag v`version`
   */
  readonly images?: { readonly mastodon?: string; readonly streaming?: string };
  /**
   * Sidekiq queues that processes outside this page work off, for tiers used alone beside an existing server.
   * @default - none: every queue of the version must be covered by the page
   */
  readonly queuesElsewhere?: readonly string[];
  /**
   * Where uploaded and fetched files are kept. A change leaves the files where they are, so copy them before.
   * @default - in a directory that the cloud shares among the web and Sidekiq machines; a cloud without one refuses the page
   */
  readonly objects?: ObjectStore;
  /**
   * Groups of settings, each once: mail, search, signing on and so on. A change replaces the machines of the processes that read them.
   * @default - Mastodon's own defaults. A page that works off `mailers` must say `mail(…)`, unless the cloud catches mail
   */
  readonly settings?: readonly Setting[];
  /**
   * Variables that nothing else here sets. One that the library knows goes to the processes that read it; any other, newer than the library,
   * to all of Ruby's. Streaming's and those of one tier alone are given to that tier. A change replaces the machines of the processes that read
   * them.
   * @default - none
   * @throws at synth for what another prop says, under whatever name, what names a file, and a secret in plain text
   */
  readonly extraEnv?: ExtraEnv;
  /**
   * The private network, a /16. Change it before the first deploy only: it replaces every machine.
   * @default "10.20.0.0/16"
   * @throws at synth if it is not a private /16
   */
  readonly network?: string;
}

const STANDARD_NETWORK = "10.20.0.0/16";
const ROLES: readonly Role[] = ["cloud", "postgres", "pgbouncer", "redis", "web", "streaming", "sidekiq", "own"];

/** A host, as far as the flow table goes. */
interface Talking {
  readonly openings: readonly Flow[];
  /** To what the page does not make. */
  readonly calls: readonly Flow[];
}

export class Site extends Construct {
  readonly cloud: Cloud;
  readonly domain: string;
  readonly webDomain: string;
  readonly alternateDomains: readonly string[];
  readonly version: string;
  /** The image of all processes, and the one that the page names for streaming. */
  readonly images: { readonly mastodon: string; readonly streaming: string | undefined };
  /** Which of them the page names itself. */
  readonly namedImages: readonly string[];
  readonly settings: readonly Setting[];
  readonly extraEnv: ExtraEnv;
  readonly queuesElsewhere: readonly string[];
  readonly plan: AddressPlan;
  /** What the cloud makes of this site. */
  readonly session: CloudSession;
  /** Where files are kept, if not on the machines. */
  readonly objects: ObjectStoreFacts | undefined;
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

  constructor(scope: Construct, id: string, props: SiteProps) {
    super(scope, id);
    this.problems = new Problems(this);
    this.cloud = props.cloud;
    this.domain = props.domain;
    this.webDomain = props.webDomain ?? props.domain;
    this.alternateDomains = props.alternateDomains ?? [];
    this.version = props.version;
    this.queuesElsewhere = props.queuesElsewhere ?? [];
    this.images = {
      mastodon: props.images?.mastodon ?? `${registry(props.version)}/mastodon:v${props.version}`,
      streaming: props.images?.streaming,
    };
    const named = Object.entries(props.images ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
    this.namedImages = named.map(([kind]) => kind);
    this.settings = props.settings ?? [];
    this.extraEnv = props.extraEnv ?? {};
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
      wrongDomain("domain", props.domain),
      props.webDomain === undefined ? undefined : wrongDomain("webDomain", props.webDomain),
      ...this.alternateDomains.map((host) => wrongDomain("alternateDomains", host)),
      ...named.map(([kind, image]) => wrongImage(`images.${kind}`, image)),
      wrongNetwork,
    ];
    for (const problem of problems) this.problems.add(this, problem);
    // What is wrong is told at synth, with all else; until then something right stands in its place.
    this.plan = AddressPlan.of(wrongNetwork === undefined ? network : STANDARD_NETWORK);
    const roles = Object.fromEntries(ROLES.map((role) => [role, this.plan.role(role).cidr])) as Record<Role, string>;
    this.session = this.cloud.open(this, { site: this.name, cidr: this.plan.network.cidr, roles });
    // The last moment at which resources can be made, and the first at which the page is whole.
    Aspects.of(this).add({ visit: (node: IConstruct) => (node === this ? this.finish() : undefined) });
    // Whatever else the cloud makes needs what it has made now.
    SecretChecks.of(this).before(this.node.findAll().filter((node) => TerraformResource.isTerraformResource(node)));
    this.inventory = new SiteInventory(this);
    this.objects = props.objects?.attach(this, { domain: this.webDomain });
    // No output: more than a hundred lines would stand at the end of each deploy. `cdktf-mastodon flows` reads it in the plan.
    const flows = new TerraformLocal(this, "Flows", Lazy.anyValue({ produce: () => flowTable(this.flows) }));
    flows.overrideLogicalId(`${this.name.replaceAll("-", "_")}_flows`);
    this.nextSteps = new NextSteps(this, this.name, () => [
      ...this.session.nextSteps(),
      "Who may reach which port of whom: npx cdktf-mastodon flows",
    ]);
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
  static of(construct: Construct): Site {
    const site = construct.node.scopes.findLast((scope): scope is Site => scope instanceof Site);
    if (site === undefined) {
      throw new PageError([
        `${construct.node.path}: it is not inside a Site / give it a Site, or something in one, as its scope`,
      ]);
    }
    return site;
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

/** Where the official images are; 4.1.0 was the last release that went to Docker's registry alone. */
function registry(version: string): string {
  return version === "4.1.0" ? "docker.io/tootsuite" : "ghcr.io/mastodon";
}
