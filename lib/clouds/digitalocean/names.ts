// How machines find each other where DigitalOcean computes their addresses: `new PrivateNames(scope, { site, cidr, zone, problems })`.
// Each kept machine has a record in a zone of the account, made after the droplet, and boot texts hold names only. Hosts ask the zone's servers
// themselves, so that nobody has to lead to the zone.

import { join } from "node:path";
import { Domain } from "@cdktf/provider-digitalocean/lib/domain";
import { Record as ZoneRecord } from "@cdktf/provider-digitalocean/lib/record";
import { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { isDomain } from "../../core/address";
import { AddedSteps } from "../../core/cloud";
import { HostSpec } from "../../core/host-spec";
import { Problem, Problems } from "../../core/problems";
import { Taken } from "../../core/program";
import { script } from "../../core/script";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";

/** In which zone the machines have their names. */
export interface NamesZone {
  /**
   * The zone, which may be one of the page's own such as `machines.social.example`: only the machines ask for it, and they ask DigitalOcean's
   * servers, so no registrar has to lead there. Everybody who asks these servers can read names and private addresses. A change replaces all
   * machines of pools, and kept ones have to be renewed.
   */
  readonly zone: string;
  /**
   * Whether the page makes the zone. DigitalOcean refuses one that another account has.
   * @default false - it is there
   */
  readonly create?: boolean;
}

export interface PrivateNamesSpec {
  /** The site's name. */
  readonly site: string;
  /** The range of the VPC: no other address is believed. */
  readonly cidr: string;
  /** `undefined` refuses the page, once it has a machine that another one is to find. */
  readonly zone: NamesZone | undefined;
  readonly problems: Problems;
}

/** How long others may remember a record, in seconds; the least that DigitalOcean takes. */
export const RECORD_SECONDS = 30;
/** What machines are called in the zone: `social-database-1.internal.ZONE`. */
const SUBDOMAIN = "internal";
const SERVERS = ["ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com"];
/** A look, a pause and a look that finds the first two servers silent still fit into two lifetimes of a record. */
const PAUSE_SECONDS = 15;
/** How long one server may take for all names. */
const SERVER_SECONDS = 5;
/** How long a boot waits for the names; then it begins anew. A droplet that had to be made anew takes minutes. */
const BOOT_SECONDS = 600;
const COMMAND = "/usr/local/sbin/private-names";
const UNIT = "private-names.service";
/** The host name of a machine, a dash and the site's name are one label of at most 63 characters. */
const LONGEST_ZONE = 253 - 63 - SUBDOMAIN.length - 2;

// Before the settings of a program that has to find another machine by then, such as HAProxy.
const TAKEN: Taken = {
  what: "addresses of other machines",
  does: "set",
  script: `${COMMAND} boot\nsystemctl restart ${UNIT}\n`,
};

export class PrivateNames {
  private zoneResource: Domain | undefined;

  constructor(
    private readonly scope: Construct,
    private readonly spec: PrivateNamesSpec,
  ) {
    const { zone, problems } = spec;
    if (zone !== undefined) problems.add(scope, wrongZone(zone.zone));
  }

  /** What a host performs to find whom it calls. It waits for their addresses when it boots, which nothing that makes a droplet or a record does. */
  steps(host: HostSpec): AddedSteps {
    const names = host.names().map(({ name }) => name);
    if (names.length === 0) return { first: [], last: [] };
    const { first, mask } = numbersOf(this.spec.cidr);
    const content = script(join(__dirname, "names.sh"), {
      NAMES: names.join(" "),
      PREFIX: `${this.spec.site}-`,
      SUFFIX: `${SUBDOMAIN}.${this.spec.zone?.zone ?? "invalid"}`,
      SERVERS: SERVERS.join(" "),
      NETWORK_FIRST: first,
      NETWORK_MASK: mask,
      HOSTS: "/etc/hosts",
      PROXY: "/etc/haproxy/haproxy.cfg",
      PAUSE_SECONDS,
      SERVER_SECONDS,
      BOOT_SECONDS,
    });
    return {
      first: [
        { kind: "package", names: ["bind9-dnsutils"] },
        { kind: "file", path: COMMAND, content, mode: "0755", taken: TAKEN },
        { kind: "file", path: `/etc/systemd/system/${UNIT}`, content: KEEPS },
        { kind: "run", why: "addresses of other machines", script: `${COMMAND} boot\n` },
        { kind: "start", units: [UNIT] },
      ],
      last: [],
    };
  }

  /**
   * The records of all machines that these hosts call; called once, when the page is whole. Whatever waits until members of pools serve has to
   * depend on them: with ten such waiting, Terraform would do nothing else, and the members wait for the records.
   */
  records(hosts: readonly HostSpec[]): readonly TerraformResource[] {
    const { site, zone, problems } = this.spec;
    const addresses = new Map(hosts.flatMap((host) => host.names()).map(({ name, address }) => [name, address]));
    if (addresses.size === 0) return [];
    if (zone === undefined) {
      problems.add(this.scope, NO_ZONE);
      return [];
    }
    const names = new Construct(this.scope, "Names");
    if (zone.create === true) this.zoneResource = new Domain(names, "Zone", { name: zone.zone });
    return [...addresses]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => {
        return new ZoneRecord(names, name, {
          domain: this.zoneResource?.name ?? zone.zone,
          type: "A",
          name: `${site}-${name}.${SUBDOMAIN}`,
          value,
          ttl: RECORD_SECONDS,
        });
      });
  }
}

// A loop, since systemd's timers are a minute late unless each says otherwise.
const KEEPS = unit({
  Unit: { Description: "Looks up the addresses of other machines", ...NEVER_GIVEN_UP },
  Service: { ExecStart: `${COMMAND} keep`, ...RESTARTED, RestartSec: PAUSE_SECONDS },
  Install: AT_BOOT,
});

const NO_ZONE: Problem = {
  wrong: "no zone at DigitalOcean is named, and machines find each other by records in one",
  remedy:
    'give dns: digitalOceanDns({ zone: "social.example" }) if the domain stands at DigitalOcean; if not, ' +
    'names: { zone: "machines.social.example", create: true }, a zone for the machines alone, to which no registrar has to lead',
};

function wrongZone(zone: string): Problem | undefined {
  if (isDomain(zone) && zone.length <= LONGEST_ZONE) return undefined;
  return {
    wrong: `the zone of the machines' names is "${zone}"`,
    value: zone,
    remedy: `give a lower-case domain such as machines.social.example, of at most ${LONGEST_ZONE} characters`,
  };
}

/** The first address of a range, and the bits that all of its addresses share, as numbers. */
function numbersOf(cidr: string): { readonly first: number; readonly mask: number } {
  const [address, prefix] = cidr.split("/") as [string, string];
  const first = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return { first, mask: 2 ** 32 - 2 ** (32 - Number(prefix)) };
}
