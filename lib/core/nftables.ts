// The firewall on a host: `nftables(openings, { addresses: ["169.254.169.254"], users: [] })`.

import { Flow, portName } from "./flow";

export interface Metadata {
  /** The addresses of the cloud's metadata service. */
  readonly addresses: readonly string[];
  /** UIDs of users besides root that may connect to it. */
  readonly users: readonly number[];
}

/** The address of the metadata service at most clouds. */
export const METADATA: readonly string[] = ["169.254.169.254"];

/**
 * The incoming flows of a host as an nftables rule set. All other incoming connections are refused.
 * @param dhcp6 whether the host has its IPv6 address from DHCPv6
 */
export function nftables(
  openings: readonly Flow[],
  metadata: Metadata = { addresses: METADATA, users: [] },
  dhcp6 = false,
): string {
  const ports = new Map<string, Opened>();
  for (const flow of openings) {
    const { port, protocol = "tcp" } = flow;
    const opened = ports.get(portName(flow)) ?? { port, protocol, sources: new Set<string>() };
    flow.sources.forEach((source) => opened.sources.add(source));
    ports.set(portName(flow), opened);
  }
  const rules = [...ports.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1)).flatMap(accept);
  return [
    "#!/usr/sbin/nft -f",
    "flush ruleset",
    "table inet host {",
    "  chain input {",
    "    type filter hook input priority filter; policy drop;",
    "    ct state established,related accept",
    "    ct state invalid drop",
    '    iif "lo" accept',
    "    icmp type echo-request limit rate 10/second accept",
    "    meta l4proto ipv6-icmp accept",
    // The request went to a multicast address, so the kernel does not know the answer as one.
    ...(dhcp6 ? ["    ip6 saddr fe80::/10 udp dport 546 accept"] : []),
    ...rules,
    // Reject instead of drop, so that a refused caller fails at once and does not wait for its time-out.
    "    ip protocol tcp reject with tcp reset",
    "  }",
    "  chain output {",
    "    type filter hook output priority filter; policy accept;",
    ...metadata.addresses.map((address) => closed(address, metadata.users)),
    "  }",
    "}",
    "",
  ].join("\n");
}

interface Opened {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly sources: Set<string>;
}

function accept({ port, protocol, sources: all }: Opened): readonly string[] {
  const sources = [...all].sort();
  const families = {
    ip: sources.filter((source) => !source.includes(":")),
    ip6: sources.filter((source) => source.includes(":")),
  };
  return Object.entries(families)
    .filter(([, ranges]) => ranges.length > 0)
    .map(([family, ranges]) => `    ${family} saddr { ${ranges.join(", ")} } ${protocol} dport ${port} accept`);
}

// The metadata service gives the boot text with its secrets, or the machine's credentials, to any local process.
function closed(address: string, users: readonly number[]): string {
  const allowed = [0, ...users].sort((a, b) => a - b);
  const others = allowed.length === 1 ? "0" : `{ ${allowed.join(", ")} }`;
  return `    meta skuid != ${others} ${address.includes(":") ? "ip6" : "ip"} daddr ${address} reject`;
}
