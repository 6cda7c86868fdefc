import { Flow, flowTable } from "../../lib/core/flow";
import { nftables } from "../../lib/core/nftables";

const output = (text: string) => text.split("\n").filter((line) => line.includes("daddr"));

test("only root may ask the cloud about a machine", () => {
  expect(output(nftables([]))).toEqual(["    meta skuid != 0 ip daddr 169.254.169.254 reject"]);
});

test("users who act with the machine's own rights may ask as well, at each address", () => {
  const metadata = { addresses: ["169.254.169.254", "fd00:ec2::254"], users: [991] };
  expect(output(nftables([], metadata))).toEqual([
    "    meta skuid != { 0, 991 } ip daddr 169.254.169.254 reject",
    "    meta skuid != { 0, 991 } ip6 daddr fd00:ec2::254 reject",
  ]);
});

test("answers of DHCPv6 come in where machines have their addresses by it, after what is known and before what is refused", () => {
  const rule = "    ip6 saddr fe80::/10 udp dport 546 accept";
  const [before, after] = [nftables([]).split("\n"), nftables([], undefined, true).split("\n")];
  expect(before).not.toContain(rule);
  expect(after.filter((line) => line !== rule)).toEqual(before);
  expect(after[after.indexOf(rule) - 1]).toBe("    meta l4proto ipv6-icmp accept");
});

test("a port of UDP is open for UDP only, after that of TCP with the same number", () => {
  const flow = (port: number, sources: readonly string[], protocol?: "udp"): Flow => ({
    from: { kind: "role", role: "monitoring" },
    sources,
    to: { kind: "host", name: "monitoring-1", role: "monitoring" },
    port,
    ...(protocol && { protocol }),
    why: "alerts",
  });
  const flows = [
    flow(9094, ["10.20.2.0/24"], "udp"),
    flow(9094, ["10.20.1.0/24"]),
    flow(53, ["10.20.3.0/24", "fd00::/8"], "udp"),
  ];
  expect(
    nftables(flows)
      .split("\n")
      .filter((line) => line.includes("saddr")),
  ).toEqual([
    "    ip saddr { 10.20.3.0/24 } udp dport 53 accept",
    "    ip6 saddr { fd00::/8 } udp dport 53 accept",
    "    ip saddr { 10.20.1.0/24 } tcp dport 9094 accept",
    "    ip saddr { 10.20.2.0/24 } udp dport 9094 accept",
  ]);
  expect(flowTable(flows)).toEqual({
    "monitoring-1:53/udp": ["monitoring: alerts"],
    "monitoring-1:9094": ["monitoring: alerts"],
    "monitoring-1:9094/udp": ["monitoring: alerts"],
  });
});
