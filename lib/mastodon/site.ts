// One Mastodon server: `new Site(stack, "Social", { cloud: local(), domain: "social.example", version: "4.7.6" })`.
// It says the domain, the version and the settings, and holds what its tiers share.

import { Construct } from "constructs";
import { wrongDomain } from "../core/address";
import { Cloud } from "../core/cloud";
import { wrongImage } from "../core/image";
import { Installation } from "../core/installation";
import { ObjectStore, ObjectStoreFacts } from "../core/objects";
import { PageError } from "../core/problems";
import { ExtraEnv, Setting } from "./setting";
import { Shared } from "./shared";

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

export class Site extends Installation {
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
  /** Where files are kept, if not on the machines. */
  readonly objects: ObjectStoreFacts | undefined;
  /** What its tiers share. */
  readonly shared = new Shared();

  constructor(scope: Construct, id: string, props: SiteProps) {
    super(scope, id, {
      cloud: props.cloud,
      host: props.webDomain ?? props.domain,
      ...(props.network !== undefined && { network: props.network }),
    });
    this.domain = props.domain;
    this.webDomain = this.host;
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
    const problems = [
      wrongDomain("domain", props.domain),
      props.webDomain === undefined ? undefined : wrongDomain("webDomain", props.webDomain),
      ...this.alternateDomains.map((host) => wrongDomain("alternateDomains", host)),
      ...named.map(([kind, image]) => wrongImage(`images.${kind}`, image)),
    ];
    for (const problem of problems) this.problems.add(this, problem);
    this.inventory.says({ domain: props.domain, version: props.version });
    this.objects = props.objects?.attach(this, { domain: this.webDomain });
  }

  /** The site that a construct belongs to. */
  static override of(construct: Construct): Site {
    const found = Installation.of(construct);
    if (found instanceof Site) return found;
    throw new PageError([`${construct.node.path}: it is not inside a Site / give it a Site, or something in one, as its scope`]);
  }
}

/** Where the official images are; 4.1.0 was the last release that went to Docker's registry alone. */
function registry(version: string): string {
  return version === "4.1.0" ? "docker.io/tootsuite" : "ghcr.io/mastodon";
}
