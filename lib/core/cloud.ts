// The contract of a cloud: all that a back-end must be able to do, as `hetzner({ … })` or `local({ … })` return it.
// A back-end may refuse a spec with a clear message; it may never overlook a field of one.

import { Construct } from "constructs";
import { Role } from "./address-plan";
import { Flow } from "./flow";
import { Size } from "./size";

export interface Cloud {
  /** For messages and golden files; never for an `if`. */
  readonly name: string;
  readonly can: CloudCan;
  /** Makes the private network of a site. */
  network(scope: Construct, spec: NetworkSpec): Network;
  /** Makes one kept machine. */
  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine;
  /** Makes n alike machines that are replaced freely. */
  pool(scope: Construct, id: string, spec: PoolSpec): MadePool;
  /** Makes what the world reaches. */
  frontDoor(scope: Construct, id: string, spec: FrontDoorSpec): MadeFrontDoor;
  /**
   * Makes a mail server that sends nothing and keeps all mail to be read, at most one a site. Only a cloud for trying out has it: elsewhere the
   * page must say where mail goes.
   */
  mailbox?(scope: Construct, spec: MailboxSpec): MadeMailbox;
}

export interface CloudCan {
  /** The largest boot text in bytes. */
  readonly bootTextBytes: number;
  /**
   * What of a boot text it counts: the `text`, or that `packed`, by gzip and then base64, as its back-end hands it over.
   * @default "text"
   */
  readonly bootTextCounts?: "text" | "packed";
  /** After how many seconds without traffic its front door closes a connection; hosts behind it keep theirs open longer. */
  readonly frontDoorIdleSeconds: number;
  /**
   * Where a member of a pool that asks for it (`PoolSpec.files`) finds one directory, the same for all such members of the site. It outlives
   * machines as a disk does, and goes with the site. Left out by a cloud without one: uploads then need an object store.
   */
  readonly sharedFiles?: string;
  /** What every host lets in besides the flows of the page, such as the administrators' SSH. */
  readonly openings?: readonly Omit<Flow, "to">[];
  /**
   * The port on which the cloud asks a member of a pool whether it serves, from the role `cloud`; it answers HTTP with 200 or 503. Pools
   * behind the front door are asked there instead.
   */
  readonly readinessPort?: number;
}

export interface NetworkSpec {
  /** The site's name, for physical names. */
  readonly site: string;
  readonly cidr: string;
  /** The range of each role, for clouds with subnets. */
  readonly roles: Readonly<Record<Role, string>>;
}

/** A handle of the back-end's own; the core only hands it on. */
export interface Network {
  readonly cidr: string;
  /** What this cloud has for the administrator of the site, as lines for the end of a deploy; asked for at synth. */
  readonly nextSteps?: () => readonly string[];
}

export interface MachineSpec {
  readonly network: Network;
  /** Host name, unique in the site. */
  readonly name: string;
  readonly role: Role;
  /** Where the machines of its tier have their addresses. */
  readonly range: string;
  /** The planned address; a cloud that cannot choose gives another in `MadeMachine.address`. */
  readonly address: string;
  readonly size: Size;
  readonly disks: readonly DiskSpec[];
  /** Debian packages that the program names; asked for at synth. */
  readonly packages: () => readonly string[];
  /** Container images that it runs, for a cloud that brings them itself; asked for at synth. */
  readonly images: () => readonly string[];
  /** The finished boot text, escaped for Terraform; asked for at synth. */
  readonly bootText: () => string;
  /** Who may come in; asked for at synth. */
  readonly openings: () => readonly Flow[];
  /** What a changed boot text does: `keep` leaves the machine alone, `replace` makes it anew (stop first). */
  readonly onChange: "keep" | "replace";
}

export interface DiskSpec {
  /** Unique on its machine. */
  readonly name: string;
  readonly gib: number;
}

export interface MadeMachine {
  /** What peers in the network reach it by: a plain string, or a token where the cloud computes it. */
  readonly address: string;
  /** The device path of each disk by its name, as the boot text must mount it. */
  readonly devices: Readonly<Record<string, string>>;
}

export interface PoolSpec {
  readonly network: Network;
  /** Members are called after it. */
  readonly name: string;
  readonly role: Role;
  /** Where members get their addresses. */
  readonly range: string;
  readonly machines: number;
  readonly size: Size;
  readonly packages: () => readonly string[];
  readonly images: () => readonly string[];
  /** The same text for every member, so that a scaling group can hold it as a template. */
  readonly bootText: () => string;
  readonly openings: () => readonly Flow[];
  /** `start-first`: new members serve before old ones leave. `stop-first`: the old ones are gone before new ones start. */
  readonly roll: "start-first" | "stop-first";
  /** Whether members need the directory `CloudCan.sharedFiles`; asked for at synth, and never true where the cloud has none. */
  readonly files: () => boolean;
}

export interface MadePool {
  readonly name: string;
  /** The options by which a command of `cdktf-mastodon` finds a member, as in `--ssh root@203.0.113.7`. Left out where nobody may log in. */
  readonly loginOptions?: string;
}

export interface HealthCheck {
  readonly port: number;
  readonly path: string;
  readonly status: number;
}

export interface FrontDoorSpec {
  readonly network: Network;
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
  /** The address ranges from which it reaches pools. */
  readonly sources: readonly string[];
  route(id: string, spec: RouteSpec): void;
  /** How the administrator opens a host name that has a route, as lines for the end of a deploy, its URL first. */
  visit(host: string): readonly string[];
}

export interface MailboxSpec {
  readonly network: Network;
  /** Who may hand in mail; asked for at synth. */
  readonly openings: () => readonly Flow[];
}

export interface MadeMailbox {
  /** Where it takes mail by SMTP, without TLS and without a login. */
  readonly address: string;
  readonly port: number;
}
