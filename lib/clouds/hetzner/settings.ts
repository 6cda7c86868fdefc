// What a page may say about Hetzner, and what holds if it says nothing.

import { LoadBalancerConfig } from "@cdktf/provider-hcloud/lib/load-balancer";
import { LoadBalancerServiceConfig } from "@cdktf/provider-hcloud/lib/load-balancer-service";
import { ServerConfig } from "@cdktf/provider-hcloud/lib/server";
import { VolumeConfig } from "@cdktf/provider-hcloud/lib/volume";
import { Role } from "../../core/address-plan";
import { Dns } from "../../core/dns";
import { Problem } from "../../core/problems";
import { wrongNumber } from "../../core/whole-number";
import { isRange } from "./range";
import { Cpus, Location, LOCATIONS } from "./sizes";

/** Which public addresses a machine has. Other servers and the registry of the images are reached by IPv4 only, in part. */
export type PublicAddresses = "ipv4+ipv6" | "ipv4" | "ipv6";

/** The last word on each resource: gets its finished configuration and returns what shall stand in the plan. */
export interface Tune {
  /** @param host the host's or pool's name on the page, and its role */
  readonly server?: (config: ServerConfig, host: { readonly name: string; readonly role: Role }) => ServerConfig;
  readonly volume?: (config: VolumeConfig, disk: { readonly machine: string; readonly disk: string }) => VolumeConfig;
  readonly loadBalancer?: (config: LoadBalancerConfig, route: { readonly host: string }) => LoadBalancerConfig;
  readonly service?: (config: LoadBalancerServiceConfig, route: { readonly host: string }) => LoadBalancerServiceConfig;
}

export interface Ssh {
  readonly keys: readonly string[];
  readonly from: readonly string[];
  /** @default false */
  readonly settings?: boolean;
}

export interface HetznerProps {
  /**
   * Where everything stands: Falkenstein, Nuremberg, Helsinki, Ashburn, Hillsboro or Singapore. Change it before the first deploy only: volumes
   * cannot move, so a change is refused while they are protected.
   */
  readonly location: Location;
  /**
   * What machines compute with, for all or by role, as in `{ postgres: "dedicated" }`. A change replaces the machines of pools, and
   * reaches kept ones when they are renewed.
   * @default "shared"
   * @throws at synth if Hetzner has no such CPUs, or no server large enough, at the location
   */
  readonly cpus?: Cpus | Readonly<Partial<Record<Role, Cpus>>>;
  /**
   * The image that machines start from: a name, or the number of a snapshot. A change replaces the machines of pools and leaves kept ones alone.
   * @default "debian-13"
   * @throws when the plan is made, if Hetzner has no such image
   */
  readonly image?: string;
  /**
   * Public addresses, for all machines or by role, as in `{ redis: "ipv6" }`; an IPv4 address costs extra. None lets anybody in but `ssh.from`. A
   * change replaces the machines of pools, and reaches kept ones when they are renewed.
   * @default "ipv4+ipv6"
   */
  readonly addresses?: PublicAddresses | Readonly<Partial<Record<Role, PublicAddresses>>>;
  /**
   * Who administers the machines: names of SSH keys that the project has, and the address ranges from which port 22 is open. A change of `keys`
   * replaces the machines of pools and leaves kept ones alone; one of `from` changes every host firewall, so it replaces the machines of pools,
   * and kept ones want renewing unless `settings` is true.
   *
   * With `settings: true` a deploy brings changed settings to kept machines that run, by the `ssh` of whoever deploys, as root: he must be among
   * `from`, with one of the `keys` in his agent or ~/.ssh/config. Each machine's host key is believed at its first deploy and remembered in his
   * known_hosts, so deploy from one place, or keep that file. A change of `settings` touches no machine.
   * @default - nobody: port 22 is closed to all; and settings wait until a kept machine is renewed, as an output says
   * @throws at synth if a range is not in CIDR notation, or `settings` is true without keys or ranges; when the plan is made, if the project has no such key
   */
  readonly ssh?: Ssh;
  /**
   * Who writes the host names of the front door into DNS. With `hetznerDns` it also gets its certificates.
   * @default - nobody: an output says which records to make by hand
   */
  readonly dns?: Dns;
  /**
   * A certificate for all host names of the front door and its private key, as PEM. Give the key by a sensitive variable. The certificate is no
   * secret: only if its text stands on the page can it be checked that it covers every host name; of one that comes by a variable nothing is
   * compared, and the plan carries a note.
   * @throws at synth if it does not cover a host name of the front door
   * @default - Hetzner's own with `hetznerDns`; without it the front door speaks plain HTTP, for a proxy before it or a test
   */
  readonly certificate?: { readonly certificate: string; readonly privateKey: string };
  /**
   * Whether disks refuse to be destroyed, both in Terraform and at Hetzner. Set it to false and deploy before you destroy them.
   * @default true
   */
  readonly protectDisks?: boolean;
  /**
   * Volumes that may lose their data, by their names at Hetzner, as in `["social-database-2-data"]`: a plan that would part from any other volume
   * of the site is refused. A volume that is named here while its machine is on the page is no longer protected, so name it, deploy, and then
   * take the machine off the page. Of a volume that was taken out of Terraform's state it says that it may stay without its machine.
   * @default - none
   */
  readonly releasedVolumes?: readonly string[];
  /**
   * How long new machines of a pool may take to serve, in seconds, before the deploy fails and the old ones go on.
   * @default 1200
   * @throws at synth if it is not a whole number from 1
   */
  readonly readySeconds?: number;
  /**
   * How often Terraform asks whether something is done, in seconds. Hetzner answers 3600 requests an hour for a project.
   * @default 2
   * @throws at synth if it is not a whole number from 1
   */
  readonly pollSeconds?: number;
  /**
   * How many servers the account may have; the Console shows it under Limits. New accounts have few.
   * @default 100, which is what one network takes
   * @throws at synth if the page, with every pool doubled for a roll-out, needs more
   */
  readonly serverLimit?: number;
  /**
   * The last word on each real resource.
   * @default - none
   */
  readonly tune?: Tune;
}

export class Settings {
  readonly location: Location;
  readonly image: string;
  readonly ssh: Ssh;
  readonly protectDisks: boolean;
  readonly releasedVolumes: readonly string[];
  readonly readySeconds: number;
  readonly pollSeconds: number;
  readonly serverLimit: number;
  readonly tune: Tune;

  constructor(readonly props: HetznerProps) {
    this.location = Object.hasOwn(LOCATIONS, props.location) ? props.location : "fsn1";
    this.image = props.image ?? "debian-13";
    this.ssh = props.ssh ?? { keys: [], from: [] };
    this.protectDisks = props.protectDisks ?? true;
    this.releasedVolumes = props.releasedVolumes ?? [];
    this.readySeconds = props.readySeconds ?? 1200;
    this.pollSeconds = props.pollSeconds ?? 2;
    this.serverLimit = props.serverLimit ?? 100;
    this.tune = props.tune ?? {};
  }

  /** Everything that is no location, no number or no range. */
  get wrong(): readonly Problem[] {
    const { location } = this.props;
    const places = Object.keys(LOCATIONS).join(", ");
    const place =
      location === this.location
        ? []
        : [{ wrong: `location of Hetzner is "${String(location)}"`, value: String(location), remedy: `use one of ${places}` }];
    const { readySeconds, pollSeconds, serverLimit } = this;
    const numbers = Object.entries({ readySeconds, pollSeconds, serverLimit }).flatMap(
      ([name, value]) => wrongNumber(`${name} of Hetzner`, value, { least: 1 }) ?? [],
    );
    const ranges = this.ssh.from
      .filter((range) => !isRange(range))
      .map((range) => ({
        wrong: `ssh.from of Hetzner names "${range}"`,
        remedy: "use ranges that begin with their first address, such as 203.0.113.7/32 or 2001:db8::/48",
      }));
    const { keys, from, settings = false } = this.ssh;
    const closed = [...(keys.length === 0 ? ["keys"] : []), ...(from.length === 0 ? ["from"] : [])];
    const shut = {
      wrong: `ssh.settings of Hetzner is true, and ssh.${closed.join(" and ssh.")} is empty, so nobody can deliver them`,
      remedy: "name a key of the project and the range from which you deploy, or leave settings out",
    };
    return [...place, ...numbers, ...ranges, ...(settings && closed.length > 0 ? [shut] : [])];
  }

  cpus(role: Role): Cpus {
    return byRole(this.props.cpus, role) ?? "shared";
  }

  addresses(role: Role): PublicAddresses {
    return byRole(this.props.addresses, role) ?? "ipv4+ipv6";
  }
}

function byRole<Value extends string>(
  given: Value | Readonly<Partial<Record<Role, Value>>> | undefined,
  role: Role,
): Value | undefined {
  return typeof given === "object" ? given[role] : given;
}
