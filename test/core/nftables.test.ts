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
