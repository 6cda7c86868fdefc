// What a page may say about DigitalOcean, and what holds if it says nothing.

import { DropletConfig } from "@cdktf/provider-digitalocean/lib/droplet";
import { LoadbalancerConfig } from "@cdktf/provider-digitalocean/lib/loadbalancer";
import { Role } from "../../core/address-plan";
import { Dns } from "../../core/dns";
import { Problem } from "../../core/problems";
import { wrongNumber } from "../../core/whole-number";
import { isRange } from "../../core/range";
import { DigitalOceanDns } from "./dns";
import { CONNECTIONS_OF_A_NODE, NODES_OF_A_BALANCER } from "./limits";
import { NamesZone } from "./names";
import { Cpus, Region, REGIONS } from "./sizes";

/** The last word on each resource: gets its finished configuration and returns what shall stand in the plan. */
export interface Tune {
  /** @param host the host's or pool's name on the page, and its role */
  readonly droplet?: (config: DropletConfig, host: { readonly name: string; readonly role: Role }) => DropletConfig;
  readonly loadBalancer?: (config: LoadbalancerConfig, route: { readonly host: string }) => LoadbalancerConfig;
}

export interface Ssh {
  /** Names of SSH keys in the account. */
  readonly keys: readonly string[];
  /** Address ranges from which port 22 is open, in CIDR notation. */
  readonly from: readonly string[];
  /**
   * Whether a deploy applies changed settings to running kept machines by `ssh`.
   * @default false
   */
  readonly settings?: boolean;
}

export interface DigitalOceanProps {
  /**
   * Where everything stands, such as `fra1` for Frankfurt. Change it before the first deploy only: volumes cannot move, so a change is refused
   * while they are protected.
   * @throws at synth if DigitalOcean has no such region, or one without volumes or sizable load balancers
   */
  readonly region: Region;
  /**
   * What machines compute with, for all or by role, as in `{ postgres: "dedicated" }`. A change replaces the machines of pools, and reaches kept
   * ones when they are renewed.
   * @default "shared"
   * @throws at synth if DigitalOcean has no such droplet that is large enough
   */
  readonly cpus?: Cpus | Readonly<Partial<Record<Role, Cpus>>>;
  /**
   * The image that machines start from: a slug, or the number of an image of the account. A change replaces the machines of pools and leaves kept
   * ones alone.
   * @default "debian-13-x64"
   * @throws when the plan is made, if the account has no such image
   */
  readonly image?: string;
  /**
   * The id of a VPC that stands already; its range lies within the site's `network`. Change it before the first deploy only: it replaces every
   * machine.
   * @default - one of the page's own with the site's `network`. DigitalOcean makes the first VPC of a region that region's default, and then
   *   deletes it never: its destroy ends in "Can not delete default VPCs"
   * @throws when the plan is made, if there is no such VPC in the region, or its range lies elsewhere
   */
  readonly vpc?: string;
  /**
   * Whether machines and load balancers have public IPv6 addresses besides IPv4; neither costs extra. A change replaces load balancers, with their
   * addresses, and the machines of pools, and reaches kept machines when they are renewed.
   * @default true
   */
  readonly ipv6?: boolean;
  /**
   * SSH access of administrators: names of SSH keys in the account, and the address ranges from which port 22 is open. A change of `keys` replaces
   * the machines of pools; kept ones change when they are renewed. A change of `from` changes every host firewall, so it replaces the machines of
   * pools, and kept ones must be renewed unless `settings` is true.
   *
   * With `settings: true` a deploy applies changed settings to running kept machines by `ssh` as root, from the machine that deploys: its address
   * must be in `from`, and one of the `keys` in the agent or in ~/.ssh/config. A machine's host key is accepted at its first deploy and stored in
   * known_hosts, so always deploy from the same machine, or copy that file. A running machine accepts the keys that
   * it was made with, and the ranges that it was made with or got last. A change of `settings` makes all kept machines older than the page.
   * @default - no access: port 22 is closed, and DigitalOcean mails a root password for each droplet; changed settings of kept machines wait for a
   *   renewal, and an output lists these machines
   * @throws at synth if a range is not in CIDR notation, if `settings` is true without keys or ranges, or together with `monitoring`; when the plan
   *   is made, if the account has no such key
   */
  readonly ssh?: Ssh;
  /**
   * Whether DigitalOcean's monitoring agent is installed, which draws graphs in the control panel. Its user may then ask the metadata service, where
   * the boot text stands with all of the machine's secrets. A change replaces the machines of pools, and reaches kept ones when they are renewed.
   * @default false
   * @throws at synth together with `ssh.settings`: a delivered host firewall would shut the agent out
   */
  readonly monitoring?: boolean;
  /**
   * Who writes the host names of the front door into DNS. With `digitalOceanDns` it also gets its certificates, and machines find each other in
   * that zone.
   * @default - nobody: an output says which records to make by hand
   */
  readonly dns?: Dns;
  /**
   * In which zone machines find each other. A change replaces the machines of pools, and kept ones want renewing.
   * @default - the zone of `digitalOceanDns`
   * @throws at synth if there is neither, and a machine is to find another
   */
  readonly names?: NamesZone;
  /**
   * A certificate for all host names of the front door and its private key, as PEM. Give the key by a sensitive variable. The certificate is no
   * secret: only if its text stands on the page can it be checked that it covers every host name; of one that comes by a variable nothing is
   * compared, and the plan carries a note.
   * @throws at synth if it does not cover a host name of the front door
   * @default - Let's Encrypt's with `digitalOceanDns`; without it the front door speaks plain HTTP, for a proxy before it or a test
   */
  readonly certificate?: { readonly certificate: string; readonly privateKey: string };
  /**
   * How many connections the load balancer of each route holds at the same time, streaming included. It gets a node for every 10,000, which costs 12
   * dollars a month. DigitalOcean changes the number of nodes at most once an hour.
   * @default - 10,000, and as many as the `clients` of the tier that it leads to if those are more
   * @throws at synth if it is not a whole number from 1 to 2,000,000, or less than the `clients` of a tier
   */
  readonly connections?: number;
  /**
   * Whether a plan that would delete a disk is refused, whatever the reason. Set it to false and deploy before you destroy disks.
   * @default true
   */
  readonly protectDisks?: boolean;
  /**
   * Whether a plan that would delete one of the site's databases that DigitalOcean runs (`managedPostgres`, `managedValkey`) is refused, whatever the
   * reason: the page without it, another id of it, or `terraform destroy`. Set it to false and deploy before you destroy one: data and DigitalOcean's
   * backups go with it.
   * @default true
   */
  readonly protectDatabases?: boolean;
  /**
   * How long new machines of a pool may take to serve, in seconds, before the deploy fails and the old ones go on. DigitalOcean tells the health of
   * machines every two minutes only.
   * @default 1800
   * @throws at synth if it is not a whole number from 600
   */
  readonly readySeconds?: number;
  /**
   * How many requests a second Terraform sends at the most. DigitalOcean answers 250 a minute and 5000 an hour.
   * @default 4
   * @throws at synth if it is not a whole number from 1
   */
  readonly requestsPerSecond?: number;
  /**
   * Whether the account may send mail on the ports 25, 465 and 587, which new accounts may not until support has opened them.
   * @default false - a page that sends mail there is refused
   */
  readonly mailPorts?: boolean;
  /**
   * The last word on each real resource.
   * @default - none
   */
  readonly tune?: Tune;
}

export class Settings {
  readonly region: Region;
  readonly image: string;
  readonly ipv6: boolean;
  readonly monitoring: boolean;
  readonly ssh: Ssh;
  readonly protectDisks: boolean;
  readonly protectDatabases: boolean;
  readonly readySeconds: number;
  readonly requestsPerSecond: number;
  readonly mailPorts: boolean;
  readonly tune: Tune;

  constructor(readonly props: DigitalOceanProps) {
    this.region = REGIONS.includes(props.region) ? props.region : "fra1";
    this.image = props.image ?? "debian-13-x64";
    this.ipv6 = props.ipv6 ?? true;
    this.monitoring = props.monitoring ?? false;
    this.ssh = props.ssh ?? { keys: [], from: [] };
    this.protectDisks = props.protectDisks ?? true;
    this.protectDatabases = props.protectDatabases ?? true;
    this.readySeconds = props.readySeconds ?? 1800;
    this.requestsPerSecond = props.requestsPerSecond ?? 4;
    this.mailPorts = props.mailPorts ?? false;
    this.tune = props.tune ?? {};
  }

  /** Everything that is no region, no number or no range. */
  get wrong(): readonly Problem[] {
    const { region, connections = CONNECTIONS_OF_A_NODE } = this.props;
    const given = String(region);
    const wrong = { wrong: `region of DigitalOcean is "${given}"`, value: given, remedy: `use one of ${REGIONS.join(", ")}` };
    const most = CONNECTIONS_OF_A_NODE * NODES_OF_A_BALANCER;
    const numbers = [
      wrongNumber("readySeconds of DigitalOcean", this.readySeconds, { least: 600 }),
      wrongNumber("requestsPerSecond of DigitalOcean", this.requestsPerSecond, { least: 1 }),
      wrongNumber("connections of DigitalOcean", connections, { least: 1, most }),
    ];
    const ranges = this.ssh.from
      .filter((range) => !isRange(range))
      .map((range) => ({
        wrong: `ssh.from of DigitalOcean names "${range}"`,
        remedy: "use ranges that begin with their first address, such as 203.0.113.7/32 or 2001:db8::/48",
      }));
    return [
      ...(region === this.region ? [] : [wrong]),
      ...numbers.filter((one) => one !== undefined),
      ...ranges,
      ...this.undeliverable,
    ];
  }

  private get undeliverable(): readonly Problem[] {
    const { keys, from, settings = false } = this.ssh;
    if (!settings) return [];
    const closed = [...(keys.length === 0 ? ["keys"] : []), ...(from.length === 0 ? ["from"] : [])];
    const shut = {
      wrong: `ssh.settings of DigitalOcean is true, and ssh.${closed.join(" and ssh.")} is empty, so they cannot be delivered`,
      remedy: "name a key of the account and the range from which you deploy, or leave settings out",
    };
    const agent = {
      wrong:
        "ssh.settings and monitoring of DigitalOcean are both true, and a delivered host firewall would shut the monitoring agent out",
      remedy: "leave one of them out",
    };
    return [...(closed.length > 0 ? [shut] : []), ...(this.monitoring ? [agent] : [])];
  }

  cpus(role: Role): Cpus {
    const { cpus } = this.props;
    return (typeof cpus === "object" ? cpus[role] : cpus) ?? "shared";
  }

  /** In which zone machines find each other. */
  get names(): NamesZone | undefined {
    const { names, dns } = this.props;
    return names ?? (dns instanceof DigitalOceanDns ? { zone: dns.zone } : undefined);
  }

  /** How many nodes the load balancer of a route has that carries so many WebSockets. */
  nodesFor(clients: number): number {
    return Math.ceil((this.props.connections ?? Math.max(CONNECTIONS_OF_A_NODE, clients)) / CONNECTIONS_OF_A_NODE);
  }

  /** What is wrong with a route to `host` that is to carry so many WebSockets. */
  tooMany(host: string, clients: number): Problem | undefined {
    const { connections = CONNECTIONS_OF_A_NODE * NODES_OF_A_BALANCER } = this.props;
    if (clients <= connections) return undefined;
    return this.props.connections === undefined
      ? {
          wrong: `${host} is to carry ${clients} WebSockets`,
          remedy: `use at most ${connections} clients, the most of a load balancer`,
        }
      : {
          wrong: `${host} is to carry ${clients} WebSockets, and connections of DigitalOcean is ${connections}`,
          remedy: "leave connections out, or give at least as many as clients",
        };
  }
}
