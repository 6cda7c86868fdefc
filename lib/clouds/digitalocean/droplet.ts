// What all droplets of a site have in common: `dropletConfig(where, network, { name: "database-1", … })`.

import { DropletConfig } from "@cdktf/provider-digitalocean/lib/droplet";
import { Construct } from "constructs";
import { HostSpec } from "../../core/host-spec";
import { DigitalOceanNetwork } from "./network";
import { Settings } from "./settings";
import { dropletSize } from "./sizes";

export interface DropletOf {
  readonly name: string;
  readonly host: HostSpec;
  /** The hosts that share a firewall. */
  readonly tier: string;
  readonly userData: string;
}

/** The cheapest droplet that is large enough; a problem of `where` if there is none. */
function sizeOf(where: Construct, network: DigitalOceanNetwork, { role, size }: HostSpec): string {
  const choice = dropletSize(network.settings.cpus(role), size);
  if ("slug" in choice) return choice.slug;
  network.problems.add(where, choice);
  return "none";
}

/**
 * All besides the boot text that a droplet is made of, as a comment at its end. So a change of any of it is a change of the text, which Terraform
 * answers with a new droplet: by itself it would switch off all members of a pool together to give them another size.
 */
export function madeOf(where: Construct, network: DigitalOceanNetwork, host: HostSpec): string {
  const { image, region, ipv6, monitoring, ssh } = network.settings;
  const words = [sizeOf(where, network, host), image, region, ipv6 ? "ipv6" : "ipv4", ...(monitoring ? ["monitoring"] : [])];
  return `# ${[...words, ...ssh.keys].join(" ")}\n`;
}

export function dropletConfig(where: Construct, network: DigitalOceanNetwork, of: DropletOf): DropletConfig {
  const { settings, site, found, vpc } = network;
  const { tag, firewall } = network.firewalls.cover(where, of.tier, of.host);
  return {
    name: `${site}-${of.name}`,
    size: sizeOf(where, network, of.host),
    image: settings.image,
    region: settings.region,
    vpcUuid: vpc,
    ipv6: settings.ipv6,
    monitoring: settings.monitoring,
    // It would open a way in for whoever may use the control panel.
    dropletAgent: false,
    ...(found.keys !== undefined && { sshKeys: found.keys }),
    userData: of.userData,
    tags: [network.tag("").name, network.roleTag(of.host.role).name, tag.name],
    // A firewall by tag covers a droplet from its first second, but only if it stands by then.
    dependsOn: [firewall],
    // The provider's own minute is too short for one that has volumes to part from.
    timeouts: { delete: "10m" },
  };
}

/** The login of a droplet, as in `root@203.0.113.7`; `undefined` if there is no SSH key or no allowed range. */
export function loginAt(settings: Settings, droplet: string): string | undefined {
  if (settings.ssh.keys.length === 0 || settings.ssh.from.length === 0) return undefined;
  return `root@\${${droplet}.ipv4_address}`;
}

/** The command that logs in, for the inventory. */
export function ssh(login: string | undefined): { readonly login?: string } {
  return login === undefined ? {} : { login: `ssh ${login}` };
}
