// The props of `hetzner()` and their defaults.

import { LoadBalancerConfig } from "@cdktf/provider-hcloud/lib/load-balancer";
import { LoadBalancerServiceConfig } from "@cdktf/provider-hcloud/lib/load-balancer-service";
import { ServerConfig } from "@cdktf/provider-hcloud/lib/server";
import { VolumeConfig } from "@cdktf/provider-hcloud/lib/volume";
import { Role } from "../../core/address-plan";
import { Dns } from "../../core/dns";
import { Problem } from "../../core/problems";
import { wrongNumber } from "../../core/whole-number";
import { isRange } from "../../core/range";
import { Cpus, Location, LOCATIONS } from "./sizes";

/** The public addresses of a machine. Some other servers of the Fediverse, and the registry of Mastodon's images, have IPv4 only. */
export type PublicAddresses = "ipv4+ipv6" | "ipv4" | "ipv6";

/** Functions that change the configuration of resources: each gets the finished configuration and returns the one for the plan. */
export interface Tune {
  /** @param host the host's or pool's name on the page, and its role */
  readonly server?: (config: ServerConfig, host: { readonly name: string; readonly role: Role }) => ServerConfig;
  readonly volume?: (config: VolumeConfig, disk: { readonly machine: string; readonly disk: string }) => VolumeConfig;
  readonly loadBalancer?: (config: LoadBalancerConfig, route: { readonly host: string }) => LoadBalancerConfig;
  readonly service?: (config: LoadBalancerServiceConfig, route: { readonly host: string }) => LoadBalancerServiceConfig;
}

export interface Ssh {
  /** Names or ids of SSH keys in the project. */
  readonly keys: readonly string[];
  /** Address ranges from which port 22 is open, in CIDR notation. */
  readonly from: readonly string[];
  /**
   * Whether a deploy applies changed settings to running kept machines by `ssh`.
   * @default false
   */
  readonly settings?: boolean;
}

export interface HetznerProps {
  /**
   * The location of all resources: Falkenstein, Nuremberg, Helsinki, Ashburn, Hillsboro or Singapore. Change it before the first deploy only:
   * volumes cannot move, so a change is refused while they are protected.
   */
  readonly location: Location;
  /**
   * The kind of CPUs, for all machines or by role, as in `{ postgres: "dedicated" }`. A change replaces the machines of pools; kept ones change when
   * they are renewed.
   * @default "shared"
   * @throws at synth if Hetzner has no such CPUs, or no server large enough, at the location
   */
  readonly cpus?: Cpus | Readonly<Partial<Record<Role, Cpus>>>;
  /**
   * The image of the machines: a name, or the id of a snapshot. A change replaces the machines of pools; kept ones change when they are renewed.
   * @default "debian-13"
   * @throws when the plan is made, if Hetzner has no such image
   */
  readonly image?: string;
  /**
   * Public addresses, for all machines or by role, as in `{ redis: "ipv6" }`; an IPv4 address costs extra. They accept connections from `ssh.from`
   * only. A change replaces the machines of pools; kept ones change when they are renewed.
   * @default "ipv4+ipv6"
   */
  readonly addresses?: PublicAddresses | Readonly<Partial<Record<Role, PublicAddresses>>>;
  /**
   * SSH access of administrators: names of SSH keys in the project, and the address ranges from which port 22 is open. A change of `keys` replaces
   * the machines of pools; kept ones change when they are renewed. A change of `from` changes every host firewall, so it replaces the machines of
   * pools, and kept ones must be renewed unless `settings` is true.
   *
   * With `settings: true` a deploy applies changed settings to running kept machines by `ssh` as root, from the machine that deploys: its address
   * must be in `from`, and one of the `keys` in the agent or in ~/.ssh/config. A machine's host key is accepted at its first deploy and stored in
   * known_hosts, so always deploy from the same machine, or copy that file. A running machine accepts the keys that
   * it was made with, and the ranges that it was made with or got last. A change of `settings` makes all kept machines older than the page.
   * @default - no access: port 22 is closed; changed settings of kept machines wait for a renewal, and an output lists these machines
   * @throws at synth if a range is not in CIDR notation, or `settings` is true without keys or ranges; when the plan is made, if the project has no such key
   */
  readonly ssh?: Ssh;
  /**
   * Makes the DNS records of the front door's host names. With `hetznerDns` Hetzner also issues the certificates.
   * @default - none: an output lists the records to make by hand
   */
  readonly dns?: Dns;
  /**
   * A certificate for all host names of the front door and its private key, as PEM. Give the key by a sensitive variable. The certificate is not
   * secret: give its text on the page, so that it can be checked whether it covers every host name. A certificate in a variable is not checked, and
   * the plan has a note about it.
   * @throws at synth if it does not cover a host name of the front door
   * @default - certificates issued by Hetzner with `hetznerDns`; otherwise plain HTTP, for a proxy in front of it or for tests
   */
  readonly certificate?: { readonly certificate: string; readonly privateKey: string };
  /**
   * Whether disks are protected from deletion, both in Terraform and at Hetzner. To destroy them, set it to false and deploy first.
   * @default true
   */
  readonly protectDisks?: boolean;
  /**
   * Volumes whose data may be deleted, by their names at Hetzner, as in `["social-database-2-data"]`. A plan in which any other volume of the site is
   * no longer on the page is refused. To delete a volume: name it here, deploy (this removes its protection), then remove the machine from the page.
   * A volume that was removed from Terraform's state must also be named here, if it is to remain without its machine.
   * @default - none
   */
  readonly releasedVolumes?: readonly string[];
  /**
   * How many seconds new machines of a pool may take until they serve. After that the deploy fails, and the old ones continue to serve.
   * @default 1200
   * @throws at synth if it is not a whole number from 1
   */
  readonly readySeconds?: number;
  /**
   * Seconds between two polls of Hetzner's API by Terraform. Hetzner allows 3600 requests an hour for a project.
   * @default 2
   * @throws at synth if it is not a whole number from 1
   */
  readonly pollSeconds?: number;
  /**
   * The account's limit of servers; the Console shows it under Limits. It is low for new accounts.
   * @default 100, which is what one network takes
   * @throws at synth if the page, with every pool doubled for a roll-out, needs more
   */
  readonly serverLimit?: number;
  /**
   * Functions that change the configuration of resources.
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

  /** Problems of the props. */
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
      wrong: `ssh.settings of Hetzner is true, and ssh.${closed.join(" and ssh.")} is empty, so they cannot be delivered`,
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
