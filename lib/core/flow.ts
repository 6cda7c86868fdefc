// Who may talk to whom, on which port and why: what `endpoint.reachedBy(host, "…")` records.

export interface Flow {
  /** Who calls: a role of the site, or the front door. */
  readonly from: string;
  /** The addresses that the caller may have. */
  readonly sources: readonly string[];
  /** The tier that listens, or the name of something outside the page. */
  readonly to: string;
  readonly port: number;
  readonly why: string;
}

/** The flows as an nftables rule set for the host that they lead to: everything else from outside is refused. */
export function nftables(openings: readonly Flow[]): string {
  const ports = new Map<number, Set<string>>();
  for (const flow of openings) {
    const sources = ports.get(flow.port) ?? new Set<string>();
    flow.sources.forEach((source) => sources.add(source));
    ports.set(flow.port, sources);
  }
  const rules = [...ports].sort(([a], [b]) => a - b).flatMap(([port, sources]) => accept(port, [...sources].sort()));
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
    ...rules,
    // Reject, so that a refused caller knows at once instead of waiting for its own time-out.
    "    ip protocol tcp reject with tcp reset",
    "  }",
    "  chain output {",
    "    type filter hook output priority filter; policy accept;",
    // Cloud difference: DigitalOcean and Hetzner serve the boot text, secrets and all, to any local process that asks.
    "    meta skuid != 0 ip daddr 169.254.169.254 reject",
    "  }",
    "}",
    "",
  ].join("\n");
}

function accept(port: number, sources: readonly string[]): readonly string[] {
  const families = {
    ip: sources.filter((source) => !source.includes(":")),
    ip6: sources.filter((source) => source.includes(":")),
  };
  return Object.entries(families)
    .filter(([, ranges]) => ranges.length > 0)
    .map(([family, ranges]) => `    ${family} saddr { ${ranges.join(", ")} } tcp dport ${port} accept`);
}
