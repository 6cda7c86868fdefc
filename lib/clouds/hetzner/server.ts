// The common configuration of all servers of a site: `serverConfig(where, network, { name: "database-1", … })`.

import { ServerConfig } from "@cdktf/provider-hcloud/lib/server";
import { Construct } from "constructs";
import { Role } from "../../core/address-plan";
import { registryOf } from "../../core/image";
import { Size } from "../../core/size";
import { HetznerNetwork } from "./network";
import { Settings } from "./settings";
import { serverType } from "./sizes";

export interface ServerOf {
  readonly name: string;
  readonly role: Role;
  readonly range: string;
  readonly size: Size;
  /** The id of its placement group. */
  readonly group: number;
  readonly userData: string;
  /** Whether the provider shuts it down before it deletes it. */
  readonly shutsDown: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** The smallest server type that is large enough; adds a problem of `where` if there is none. */
export function typeOf(where: Construct, network: HetznerNetwork, role: Role, size: Size): string {
  const { settings } = network;
  const choice = serverType(settings.location, settings.cpus(role), size);
  if ("type" in choice) return choice.type;
  network.problems.add(where, choice);
  return "none";
}

/**
 * The other inputs of a server as a comment for the end of its boot text, so that a change of any of them changes the text and the server is
 * replaced. Otherwise Terraform would power off every server to change its type, and leave it off if Hetzner has no capacity for that type.
 */
export function madeOf(where: Construct, network: HetznerNetwork, of: Pick<ServerOf, "role" | "size" | "range">): string {
  const { settings } = network;
  const type = typeOf(where, network, of.role, of.size);
  const words = [type, settings.image, settings.location, settings.addresses(of.role), of.range, ...settings.ssh.keys];
  return `# ${words.join(" ")}\n`;
}

/** Registries without IPv6. */
const IPV4_ONLY: readonly string[] = ["ghcr.io"];

/** Refuses servers without IPv4 whose images are in a registry without IPv6. */
export function checkRegistries(where: Construct, network: HetznerNetwork, role: Role, images: () => readonly string[]): void {
  if (network.settings.addresses(role) !== "ipv6") return;
  network.problems.atSynth(() => {
    const image = images().find((one) => IPV4_ONLY.includes(registryOf(one) ?? ""));
    if (image === undefined) return;
    network.problems.add(where, {
      wrong: `it has IPv6 only, and ${registryOf(image)!}, from where it fetches ${image}, has none`,
      remedy: `give addresses of the role ${role} IPv4 too, as in { ${role}: "ipv4+ipv6" }, or name images in a registry that has IPv6`,
      cause: `IPv6 only: ${role}`,
    });
  });
}

/** Refuses a monitoring machine without IPv4: it visits the load balancer as most people do, by IPv4. */
export function checkVisits(where: Construct, network: HetznerNetwork, role: Role): void {
  if (role !== "monitoring" || network.settings.addresses(role) !== "ipv6") return;
  network.problems.add(where, {
    wrong: "it has IPv6 only, and visits the public host names by IPv4, so it would tell of a front door that is away",
    remedy: `give addresses of the role ${role} IPv4 too, as in { ${role}: "ipv4+ipv6" }`,
    cause: `IPv6 only: ${role}`,
  });
}

export function serverConfig(where: Construct, network: HetznerNetwork, server: ServerOf): ServerConfig {
  const { settings } = network;
  const addresses = settings.addresses(server.role);
  return {
    name: `${network.site}-${server.name}`,
    serverType: typeOf(where, network, server.role, server.size),
    image: settings.image,
    location: settings.location,
    // Set on the server and not by a label selector, so that the firewall is active at the first boot.
    firewallIds: [network.firewall],
    placementGroupId: server.group,
    publicNet: [{ ipv4Enabled: addresses !== "ipv6", ipv6Enabled: addresses !== "ipv4" }],
    ...(settings.ssh.keys.length > 0 ? { sshKeys: [...settings.ssh.keys] } : {}),
    userData: server.userData,
    labels: { site: network.site, role: server.role, ...server.labels },
    // Where possible the gate program shuts servers down, since it waits longer than the provider. The provider must not shut down a stopped server.
    shutdownBeforeDeletion: server.shutsDown,
  };
}

/** The login of a server, as in `root@203.0.113.7`; `undefined` if there is no SSH key or no allowed range. */
export function rootAt(settings: Settings, role: Role, server: string): string | undefined {
  if (settings.ssh.keys.length === 0 || settings.ssh.from.length === 0) return undefined;
  // A running server that was made with other addresses has none of the first kind until it is renewed.
  const kinds = ["ipv4_address", "ipv6_address"].map((kind) => `${server}.${kind}`);
  const [first, other] = settings.addresses(role) === "ipv6" ? kinds.reverse() : kinds;
  return `root@\${coalesce(${first}, ${other})}`;
}

/** The command that logs in, for the inventory. */
export function ssh(root: string | undefined): { readonly login?: string } {
  return root === undefined ? {} : { login: `ssh ${root}` };
}
