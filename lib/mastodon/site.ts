// One Mastodon server: `new Site(stack, "Social", { cloud: local(), domain: "social.example", version: "4.7.6" })`.
// It holds the domain, the version, the settings and the state that its tiers share.

import { Construct } from "constructs";
import { wrongDomain } from "../core/address";
import { Cloud } from "../core/cloud";
import { Host } from "../core/host";
import { wrongImage } from "../core/image";
import { Installation } from "../core/installation";
import { ObjectStore, ObjectStoreFacts } from "../core/objects";
import { PageError } from "../core/problems";
import { LogsProps } from "./logs";
import { monitoredIf } from "./monitoring/monitored";
import { ExtraEnv, Setting } from "./setting";
import { Shared } from "./shared";

export interface SiteProps {
  /** The cloud that the machines are created in. A change means new machines with empty disks. */
  readonly cloud: Cloud;
  /** The part after the `@` of every handle (`LOCAL_DOMAIN`). It must never change once the server federates. */
  readonly domain: string;
  /**
   * The host of the web interface, if it differs from `domain` (`WEB_DOMAIN`). `https://domain/.well-known/webfinger` must then redirect to it,
   * with CORS headers. It must never change once the server federates.
   * @default - `domain`
   */
  readonly webDomain?: string;
  /**
   * Further host names of the server, such as an onion address. The front door has no route for them, since some cannot have a certificate;
   * `site.frontDoor.route(host, web.pool, …)` adds one.
   * @default - none
   */
  readonly alternateDomains?: readonly string[];
  /** Mastodon's version, such as `4.7.6`. A change replaces the web, streaming and Sidekiq machines and migrates the database. */
  readonly version: string;
  /**
   * The container images, with registry, path, and tag or digest; both must be builds of `version`. A change replaces the machines that run them.
   * For a fork give both images. Up to 4.2 Mastodon has one image for all processes, and `streaming` is refused.
   * @default - the official images with the tag v`version`
   */
  readonly images?: { readonly mastodon?: string; readonly streaming?: string };
  /**
   * Queues that an external Sidekiq processes, for tiers beside an existing server.
   * @default - none: every queue of the version must be covered by the page
   */
  readonly queuesElsewhere?: readonly string[];
  /**
   * Where uploaded and fetched files are stored. A change does not move files, so copy them first.
   * @default - in a directory that the cloud shares between the web and Sidekiq machines; synth fails on a cloud without one
   */
  readonly objects?: ObjectStore;
  /**
   * Groups of settings, each at most once: mail, search, sign-on and so on. A change replaces the machines of the processes that read them.
   * @default - Mastodon's own defaults. A page with the queue `mailers` must have `mail(…)`, unless the cloud has a test mailbox
   */
  readonly settings?: readonly Setting[];
  /**
   * Variables that no other prop sets. One in the library's catalogue goes to the processes that read it, any other one to all Ruby processes.
   * Give newer variables of streaming, and those of one tier alone, to that tier. A change replaces the machines of the processes that read them.
   * @default - none
   * @throws at synth for variables that another prop sets, that name a file, or that hold a secret in plain text
   */
  readonly extraEnv?: ExtraEnv;
  /**
   * The private network, a /16. Change it before the first deploy only: it replaces every machine.
   * @default "10.20.0.0/16"
   * @throws at synth if it is not a private /16
   */
  readonly network?: string;
  /**
   * How long each machine keeps its logs, and who else gets them.
   * @default - 1 GiB and 30 days on each machine, and nobody else
   */
  readonly logs?: LogsProps;
}

export class Site extends Installation {
  readonly domain: string;
  readonly webDomain: string;
  readonly alternateDomains: readonly string[];
  readonly version: string;
  /** The image of Ruby processes, and the one that the page gives for streaming. */
  readonly images: { readonly mastodon: string; readonly streaming: string | undefined };
  /** Which of the images the page gives itself. */
  readonly namedImages: readonly string[];
  readonly settings: readonly Setting[];
  readonly extraEnv: ExtraEnv;
  readonly queuesElsewhere: readonly string[];
  /** The object store for files, if there is one. */
  readonly objects: ObjectStoreFacts | undefined;
  /** The state that its tiers share. */
  readonly shared = new Shared();

  constructor(scope: Construct, id: string, props: SiteProps) {
    super(scope, id, {
      cloud: props.cloud,
      host: props.webDomain ?? props.domain,
      ...(props.network !== undefined && { network: props.network }),
      ...(props.logs !== undefined && { logs: props.logs }),
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
    props.logs?.forwardTo?.collect(this);
    this.objects = props.objects?.attach(this, { domain: this.webDomain });
  }

  /** Registers a host, whose program may differ on a monitored site. */
  override admit(host: Parameters<Installation["admit"]>[0]): void {
    super.admit(host);
    if (host instanceof Host) monitoredIf(host.program, () => this.shared.monitoring !== undefined);
  }

  /** The site that a construct belongs to. */
  static override of(construct: Construct): Site {
    const found = Installation.of(construct);
    if (found instanceof Site) return found;
    throw new PageError([
      `${construct.node.path}: it is not inside a Site / give a Site, or a construct inside one, as its scope`,
    ]);
  }
}

/** The registry of the official images; 4.1.0 was the last release on Docker Hub alone. */
function registry(version: string): string {
  return version === "4.1.0" ? "docker.io/tootsuite" : "ghcr.io/mastodon";
}
