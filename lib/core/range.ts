// Checks an address range as firewalls accept it: `isRange("203.0.113.0/24")`, `isPrivateRange("10.0.0.0/24")`.

import { isIP } from "node:net";

/** Whether it is an IPv4 or IPv6 range in CIDR notation without host bits. */
export function isRange(range: string): boolean {
  const [, address, prefix] = /^([0-9a-f:.]+)\/(0|[1-9]\d{0,2})$/i.exec(range) ?? [];
  if (address === undefined || isIP(address) === 0) return false;
  const bits = isIP(address) === 4 ? 32 : 128;
  const hostBits = bits - Number(prefix);
  return hostBits >= 0 && numberOf(address) % 2n ** BigInt(hostBits) === 0n;
}

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/** Whether it is such a range of IPv4, and all its addresses are private ones (RFC 1918, RFC 6598). */
export function isPrivateRange(range: string): boolean {
  return isRange(range) && !range.includes(":") && PRIVATE.some((whole) => isWithin(range, whole));
}

function isWithin(range: string, whole: string): boolean {
  const [[address, prefix], [first, most]] = [range.split("/"), whole.split("/")] as [[string, string], [string, string]];
  const hostBits = BigInt(32 - Number(most));
  return Number(prefix) >= Number(most) && numberOf(address) >> hostBits === numberOf(first) >> hostBits;
}

function numberOf(address: string): bigint {
  if (isIP(address) === 4) return joined(address.split(".").map(Number), 8n);
  const [left, right] = address.split("::").map(groups);
  const zeros = right === undefined ? 0 : 8 - left!.length - right.length;
  return joined([...left!, ...Array.from({ length: zeros }, () => 0), ...(right ?? [])], 16n);
}

/** Groups of an IPv6 address; the last two may be written as an IPv4 address. */
function groups(text: string): readonly number[] {
  return (text === "" ? [] : text.split(":")).flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a, b, c, d] = group.split(".").map(Number) as [number, number, number, number];
    return [a * 256 + b, c * 256 + d];
  });
}

const joined = (parts: readonly number[], bits: bigint) => parts.reduce((sum, part) => (sum << bits) + BigInt(part), 0n);
