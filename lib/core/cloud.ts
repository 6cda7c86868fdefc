// The contract of a cloud: all that a back-end must be able to do, as `hetzner({ … })` or `local({ … })` return it.
// A back-end may refuse a spec with a clear message; it may never overlook a field of one.

import { Construct } from "constructs";
import { Role } from "./address-plan";
import { DiskSpec, HostSpec } from "./host-spec";
import { Flow } from "./flow";
import { InventoryFrontDoor, InventoryMember, InventoryReached, MadeHost } from "./inventory";
import { Step } from "./program";

export interface Cloud {
  /** For messages and golden files; never for an `if`. */
  readonly name: string;
  readonly can: CloudCan;
  /**
   * Begins a site: makes its private network, and whatever else the machines need. `scope` is the site's own, and all that the session makes
   * without another scope goes there.
   */
  open(scope: Construct, spec: SiteSpec): CloudSession;
}

/** What is true of a cloud before anything is made, and decides what the machines are told. */
export interface CloudCan {
  readonly bootText: BootTextLimit;
  /** After how many seconds without traffic its front door closes a connection; hosts behind it keep theirs open longer. */
  readonly frontDoorIdleSeconds: number;
  /**
   * Over how many zones it spreads the machines of a tier. Each has a part of the tier's addresses for itself.
   * @default 1 - and `zone` of a machine is always 0
   */
  readonly zones?: number;
  /**
   * Whether a machine's address is the planned one, or is computed by the cloud. Boot texts then hold no address of another machine, since
   * machines that name each other would be a cycle in Terraform; `CloudSession.steps` must bring a way by which a host finds the names that it
   * is to reach (`HostSpec.names`), at boot and whenever one of them has another address.
   * @default "chosen"
   */
  readonly addresses?: "chosen" | "computed";
  /**
   * How a secret gets to a machine: as a part of the boot text, or fetched when it boots. Boot texts of a `store` hold the secrets' names, and
   * `CloudSession.steps` must leave each value as the file `SECRETS_DIRECTORY/NAME` before anything else of the program runs.
   * @default "boot text"
   */
  readonly secrets?: "boot text" | "store";
  /**
   * Where a machine asks about itself, for host firewalls: only root may ask, and who says so (`HostSpec.identity`).
   * @default ["169.254.169.254"]
   */
  readonly metadata?: readonly string[];
  /**
   * Whether a process may have rights at the cloud by the machine that it runs on, without a key of its own. Without, pages that want that are
   * refused.
   * @default false
   */
  readonly identity?: boolean;
  /**
   * Where a member of a pool that asks for it (`PoolSpec.files`) finds one directory, the same for all such members of the site. It outlives
   * machines as a disk does, and goes with the site. Left out by a cloud without one: uploads then need an object store.
   */
  readonly sharedFiles?: string;
  /**
   * Whether it brings changed settings to kept machines that run (`MachineSpec.settings`). Without, every change of a boot text waits until somebody
   * has the machine renewed.
   * @default false
   */
  readonly delivers?: boolean;
  /** What every host lets in besides the flows of the page, such as the administrators' SSH. */
  readonly openings?: readonly Omit<Flow, "to">[];
  /**
   * The port on which the cloud asks a member of a pool whether it serves, from the role `cloud`; it answers HTTP with 200 or 503. Pools
   * behind the front door are asked there instead.
   */
  readonly readinessPort?: number;
}

export interface BootTextLimit {
  /** The most bytes. */
  readonly bytes: number;
  /** What of a text the cloud counts: the text itself, that compressed by gzip, or that compressed and then written as base64. */
  readonly counts: "text" | "gzip" | "base64 of gzip";
}

export interface SiteSpec {
  /** The site's name, for physical names. */
  readonly site: string;
  /** The private network. */
  readonly cidr: string;
  /** The range of each role, for clouds with subnets. */
  readonly roles: Readonly<Record<Role, string>>;
}

/** One site in the making. `finish` is called once, when the page is whole, and is the last moment at which resources can be made. */
export interface CloudSession {
  /** Makes one kept machine. */
  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine;
  /** Makes n alike machines that are replaced freely. */
  pool(scope: Construct, id: string, spec: PoolSpec): MadePool;
  /** Makes what the world reaches; at most one a site. */
  frontDoor(scope: Construct, id: string, spec: FrontDoorSpec): MadeFrontDoor;
  /**
   * Makes a mail server that sends nothing and keeps all mail to be read, at most one a site. Only a cloud for trying out has it: elsewhere the
   * page must say where mail goes.
   */
  readonly mailbox?: (scope: Construct, spec: MailboxSpec) => MadeMailbox;
  /**
   * The addresses from which hosts of a role come, as far as a host's own firewall can know them: the role's range where addresses are chosen, all
   * of the network where they are computed. The cloud's own firewall then knows the roles themselves.
   */
  sourcesOf(role: Role): readonly string[];
  /**
   * What the cloud adds to a host's program.
   * @default - nothing
   */
  readonly steps?: (host: HostSpec) => AddedSteps;
  /** What this cloud has for the administrator of the site, as lines for the end of a deploy; asked for at synth. */
  nextSteps(): readonly string[];
  finish(): void;
}

export interface AddedSteps {
  /** Performed when the firewall and the private network stand, before all else. */
  readonly first: readonly Step[];
  /** Performed when the program is done. */
  readonly last: readonly Step[];
}

export interface MachineSpec extends HostSpec {
  /** Which of its tier's machines it is, from 1. */
  readonly number: number;
  /** In which of the cloud's zones it stands, from 0. Machines of a tier take turns, so three voters stand in three zones. */
  readonly zone: number;
  /** The addresses of its tier in its zone. */
  readonly range: string;
  /** The planned address; a cloud that computes addresses gives another in `MadeMachine.address`. */
  readonly address: string;
  readonly disks: readonly DiskSpec[];
  /** What a changed boot text does: `keep` leaves the machine alone, `replace` makes it anew (stop first). */
  readonly onChange: "keep" | "replace";
  /**
   * What of the boot text only a renewal brings to a running machine: all of it on a cloud that does not deliver. By a hash of this, and not of the boot
   * text, a kept machine is older than the page.
   */
  readonly renewedText: () => string;
  /**
   * A bash script that brings the rest, escaped for Terraform as the boot text is: for a cloud that `can.delivers`, to be run by root on the running
   * machine whenever it has changed. It waits until the machine has booted, changes only what differs, says what it reloads or restarts, and may
   * be run again at any time. It holds secrets, or their names where they come from a store, whose values the cloud must then have left in
   * SECRETS_DIRECTORY before.
   */
  readonly settings: () => string;
}

/** With what the inventory has of it (`MadeHost`), each part of which a cloud may leave out. */
export interface MadeMachine extends MadeHost {
  /** What peers in the network reach it by: a plain string, or a token where the cloud computes it. */
  readonly address: string;
  /** The device path of each disk by its name, as the boot text must mount it. */
  readonly devices: Readonly<Record<string, string>>;
}

/** The boot text is the same for every member, so that a scaling group can hold it as a template. */
export interface PoolSpec extends HostSpec {
  /** The addresses of its tier in each zone. */
  readonly ranges: readonly string[];
  readonly machines: number;
  /** `start-first`: new members serve before old ones leave. `stop-first`: the old ones are gone before new ones start. */
  readonly roll: "start-first" | "stop-first";
  /** Whether members need the directory `CloudCan.sharedFiles`; asked for at synth, and never true where the cloud has none. */
  readonly files: () => boolean;
}

/** With what the inventory has of all members together. */
export interface MadePool extends Pick<InventoryReached, "resource" | "renew"> {
  readonly name: string;
  /** Its members for the inventory, with references of Terraform's. Left out where Terraform does not know them one by one. */
  readonly members?: readonly InventoryMember[];
  /** The command that lists the machines as they are now, for the inventory. */
  readonly list?: string;
  /** The options by which a command of `cdktf-mastodon` finds a member, as in `--ssh root@203.0.113.7`. Left out where nobody may log in. */
  readonly loginOptions?: string;
}

export interface HealthCheck {
  readonly port: number;
  readonly path: string;
  readonly status: number;
}

export interface FrontDoorSpec {
  readonly domain: string;
}

export interface RouteSpec {
  /** The host name that the world asks for. */
  readonly host: string;
  readonly pool: MadePool;
  /** Where members of the pool listen. */
  readonly port: number;
  readonly check: HealthCheck;
}

export interface MadeFrontDoor {
  /** The machine that it is, for the inventory, on a cloud that makes one. */
  readonly machine?: InventoryFrontDoor["machine"];
  /** The address ranges from which it reaches pools. */
  readonly sources: readonly string[];
  route(id: string, spec: RouteSpec): void;
  /** How the administrator opens a host name that has a route, as lines for the end of a deploy, its URL first. */
  visit(host: string): readonly string[];
}

export interface MailboxSpec {
  /** Who may hand in mail; asked for at synth. */
  readonly openings: () => readonly Flow[];
}

export interface MadeMailbox {
  /** Where it takes mail by SMTP, without TLS and without a login. */
  readonly address: string;
  readonly port: number;
}
