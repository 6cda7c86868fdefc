// The interface that every cloud implements, as `hetzner({ … })` and `local({ … })` do.
// A cloud may refuse a spec with a clear message; it must not ignore a field of one.

import { Construct } from "constructs";
import { Role } from "./address-plan";
import { DiskSpec, HostSpec } from "./host-spec";
import { Flow } from "./flow";
import { InventoryFrontDoor, InventoryMember, InventoryReached, MadeHost } from "./inventory";
import { Step } from "./program";
import { WholeScale } from "./scale";

export interface Cloud {
  /** Used in messages and snapshots. Code must not branch on it: use `can`. */
  readonly name: string;
  readonly can: CloudCan;
  /**
   * Begins a site: makes its private network, and everything else that machines need. `scope` is the site's construct; what the session makes
   * without another scope is made there.
   */
  open(scope: Construct, spec: SiteSpec): CloudSession;
}

/** Capabilities and limits of a cloud that are known before anything is made. They decide what boot texts hold. */
export interface CloudCan {
  readonly bootText: BootTextLimit;
  /** Seconds without traffic after which its front door closes a connection. Hosts behind it keep connections open longer than that. */
  readonly frontDoorIdleSeconds: number;
  /**
   * The number of zones over which the machines of a tier are spread. Each zone has its own range of the tier's addresses.
   * @default 1 - and `zone` of a machine is always 0
   */
  readonly zones?: number;
  /**
   * Whether the page accepts that one zone has the majority of a group that votes, such as Sentinels: while that zone is away, nothing fails over.
   * With three zones or more that does not occur. If not, a page with such a group in two zones is refused.
   * @default false
   */
  readonly quorumInTwoZones?: boolean;
  /**
   * Whether a machine gets the planned address (`chosen`), or one that the cloud computes. If computed, boot texts hold no address of another
   * machine, since machines that refer to each other would be a cycle in Terraform. `CloudSession.steps` must then add a way to resolve the names
   * in `HostSpec.names`, at boot and whenever one of their addresses changes.
   * @default "chosen"
   */
  readonly addresses?: "chosen" | "computed";
  /**
   * How a secret gets to a machine: as a part of the boot text, or fetched from a store at boot. With `store`, boot texts hold the names of
   * secrets, and `CloudSession.steps` must write each value to the file `SECRETS_DIRECTORY/NAME` before any other step of the program runs. Their variables
   * are ephemeral: the cloud writes the values by write-only attributes, or calls `Secret.forState` in `CloudSession.finish` at the latest.
   * @default "boot text"
   */
  readonly secrets?: "boot text" | "store";
  /**
   * The addresses of the cloud's metadata service. Host firewalls allow requests to them only by root and by the users in `HostSpec.identity`.
   * @default ["169.254.169.254"]
   */
  readonly metadata?: readonly string[];
  /**
   * Whether machines get their IPv6 addresses by DHCPv6, and keep them only as long as they renew them. Host firewalls then accept its answers, which
   * come from another address than the request went to (a multicast address).
   * @default false
   */
  readonly dhcp6?: boolean;
  /**
   * Whether a machine has an identity at the cloud (such as an instance role) that a process can use instead of a key. If not, pages that need
   * one are refused.
   * @default false
   */
  readonly identity?: boolean;
  /**
   * Whether it changes the number of a pool's members by their load (`PoolSpec.scale`). If not, pages that ask for it are refused.
   * @default false
   */
  readonly scales?: boolean;
  /**
   * Whether it also does so by how much of a pool is used (`PoolSpec.scale.usedPercent`), which a host of the page measures (`HostSpec.poolsUsed`). If not,
   * pages that ask for it are refused.
   * @default false
   */
  readonly scalesByUse?: boolean;
  /**
   * The path of a directory that all members of pools with `PoolSpec.files` share. Like a disk it outlives machines; it is removed with the site.
   * A cloud without such a directory leaves it out: uploads then need an object store.
   */
  readonly sharedFiles?: string;
  /**
   * Whether it delivers changed settings to running kept machines (`MachineSpec.settings`). If not, every change of a boot text takes effect only
   * when the machine is renewed.
   * @default false
   */
  readonly delivers?: boolean;
  /**
   * Whether its machines share the kernel of the computer they run on. A watchdog on one of them would then reset that computer, so none is used.
   * @default false
   */
  readonly sharesKernel?: boolean;
  /**
   * The port of the health check for members of pools without a route: the cloud sends HTTP requests from `sourcesOf("cloud")`, and the
   * member answers 200 or 503. Pools behind the front door are checked by the front door instead.
   */
  readonly readinessPort?: number;
}

export interface BootTextLimit {
  /** The limit in bytes. */
  readonly bytes: number;
  /** What the cloud counts: the text itself, the text compressed by gzip, or that as base64. */
  readonly counts: "text" | "gzip" | "base64 of gzip";
}

export interface SiteSpec {
  /** The site's name, for names of resources. */
  readonly site: string;
  /** The private network in CIDR notation. */
  readonly cidr: string;
  /** The range of each role, for clouds with subnets. */
  readonly roles: Readonly<Record<Role, string>>;
}

/** One site while its page runs. */
export interface CloudSession {
  /** Makes one kept machine. */
  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine;
  /** Makes a number of identical machines, each of which may be replaced at any time. */
  pool(scope: Construct, id: string, spec: PoolSpec): MadePool;
  /** Makes the front door, the public entry of the site. Called at most once for a site. */
  frontDoor(scope: Construct, id: string, spec: FrontDoorSpec): MadeFrontDoor;
  /**
   * Makes a mail server that stores all mail and sends none. Called at most once for a site. Only a cloud for tests has one: on others the page
   * must name a mail server.
   */
  readonly mailbox?: (scope: Construct, spec: MailboxSpec) => MadeMailbox;
  /**
   * The source addresses of a role for host firewalls: the role's range if addresses are chosen, the whole network if they are computed. In the
   * second case the cloud's own firewall must tell the roles apart.
   */
  sourcesOf(role: Role): readonly string[];
  /**
   * Steps that the cloud adds to a host's program.
   * @default - none
   */
  readonly steps?: (host: HostSpec) => AddedSteps;
  /**
   * What every host accepts besides the flows of the page, such as SSH of administrators. Called at synth, when the site's network is known.
   * @default - nothing
   */
  readonly openings?: () => readonly Omit<Flow, "to">[];
  /**
   * The addresses from which administrators open pages on machines of the private network without logging in, as on their own computer.
   * @default - none: they log in, and forward a port of their own to the machine
   */
  readonly administrators?: readonly string[];
  /** Lines for the administrator of the site, printed at the end of a deploy. Called at synth. */
  nextSteps(): readonly string[];
  /** Called once, when the whole page is known. Afterwards no resource can be made. */
  finish(): void;
}

export interface AddedSteps {
  /** Run after the firewall and the private network are configured, before all other steps. */
  readonly first: readonly Step[];
  /** Run after all other steps. */
  readonly last: readonly Step[];
}

export interface MachineSpec extends HostSpec {
  /** Its number in the tier, from 1. */
  readonly number: number;
  /** The index of its zone, from 0. Machines of a tier are assigned to zones in turn, so that three voters are in three zones. */
  readonly zone: number;
  /** The addresses of its tier in its zone. */
  readonly range: string;
  /** The planned address; a cloud that computes addresses gives another in `MadeMachine.address`. */
  readonly address: string;
  readonly disks: readonly DiskSpec[];
  /** What happens when the boot text changes: `keep` does not touch the machine, `replace` replaces it (stop first). */
  readonly onChange: "keep" | "replace";
  /**
   * The part of the boot text that reaches a machine only by renewal: all of it on a cloud that does not deliver settings. A kept machine counts as
   * older than the page if the hash of this part differs, not the hash of the boot text.
   */
  readonly renewedText: () => string;
  /**
   * A bash script that applies the rest of the boot text to a running machine, escaped for Terraform. A cloud that `can.delivers` runs it as root
   * whenever it has changed. It waits until the machine has booted, changes only what differs, prints what it reloads or restarts, and can be run
   * again at any time. It holds secrets; or their names, if secrets come from a store: then the cloud must have written the values to
   * SECRETS_DIRECTORY before.
   */
  readonly settings: () => string;
  /** Whether pools are rolled only after changed settings have reached it. */
  readonly needed: boolean;
}

/** A machine as the cloud has made it, with optional facts for the inventory (`MadeHost`). */
export interface MadeMachine extends MadeHost {
  /** Its address in the private network: a plain string, or a token if the cloud computes it. */
  readonly address: string;
  /** The device path of each disk by the disk's name, for mount steps. */
  readonly devices: Readonly<Record<string, string>>;
}

/** A pool. The boot text is the same for every member, so that a scaling group can use it as its template. */
export interface PoolSpec extends HostSpec {
  /** The addresses of its tier in each zone. */
  readonly ranges: readonly string[];
  /** The number of members, or the least number if they scale. */
  readonly machines: number;
  /** Between how many members the cloud chooses by their load. Left out for all others; never there if the cloud does not scale. */
  readonly scale?: WholeScale;
  /** `start-first`: new members serve before old ones are removed. `stop-first`: old members are removed before new ones start. */
  readonly roll: "start-first" | "stop-first";
  /** Whether members need the directory `CloudCan.sharedFiles`. Called at synth; never true if the cloud has no such directory. */
  readonly files: () => boolean;
}

/** A pool as the cloud has made it, with optional facts for the inventory. */
export interface MadePool extends Pick<InventoryReached, "resource" | "renew" | "login"> {
  readonly name: string;
  /** Its members for the inventory, as Terraform references. Left out if Terraform does not manage members individually. */
  readonly members?: readonly InventoryMember[];
  /** The command that lists the current members, for the inventory. */
  readonly list?: string;
  /** The options with which a command of `cdktf-mastodon` reaches a member, as in `--ssh root@203.0.113.7`. Left out if no login is possible. */
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
  /** The public host name. */
  readonly host: string;
  readonly pool: MadePool;
  /** The port on which members of the pool listen. */
  readonly port: number;
  readonly check: HealthCheck;
  /**
   * How many WebSockets it carries at the same time, if the page says so. Each is a connection that stays open, besides those of requests. If the
   * cloud's front door holds a limited number of connections, it chooses one that is large enough, or refuses the page.
   */
  readonly clients: number | undefined;
}

export interface MadeFrontDoor {
  /**
   * Whether its certificates are signed by no public authority, so that only those who ask for no proof can use it.
   * @default false
   */
  readonly selfSigned?: boolean;
  /** For the inventory, if the cloud makes a machine for the front door. */
  readonly machine?: InventoryFrontDoor["machine"];
  /** The address ranges from which it connects to pools. */
  readonly sources: readonly string[];
  route(id: string, spec: RouteSpec): void;
  /** Lines for the end of a deploy that tell how to open a host name that has a route, its URL first. */
  visit(host: string): readonly string[];
}

export interface MailboxSpec {
  /** Which hosts may deliver mail to it. Called at synth. */
  readonly openings: () => readonly Flow[];
}

export interface MadeMailbox {
  /** The address at which it accepts SMTP, without TLS and without authentication. */
  readonly address: string;
  readonly port: number;
}
