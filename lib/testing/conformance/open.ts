// Rule: only what has a route is reachable from the internet.

import type { MakeCloud } from ".";
import { probe } from "./page";
import { resources } from "./plan";

const WORLD = ["0.0.0.0/0", "::/0"];
const PORTS_OF_THE_WORLD = [80, 443];

/** Finds rules of the cloud's firewall: objects that contain 0.0.0.0/0 or ::/0, and their ports. */
export function opensNothing(make: MakeCloud): readonly string[] {
  const { plan } = probe(make());
  // Some providers have a resource for each rule, and another type of it for outgoing ones.
  return [...resources(plan)]
    .filter(([address]) => !/^\w*egress\w*\./.test(address))
    .flatMap(([address, config]) => open(config).map((what) => `the world may reach ${what}: ${address}`));
}

function open(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(open);
  if (!names(value)) return inner;
  const of = value as Readonly<Record<string, unknown>>;
  const protocol = String(of["protocol"] ?? of["ip_protocol"] ?? "any");
  if (protocol.startsWith("icmp")) return inner;
  // Outgoing rules and routes open nothing.
  if (of["direction"] === "out" || of["type"] === "egress" || Object.keys(of).some((name) => name.startsWith("destination_")))
    return inner;
  const ports = Object.entries(of)
    .filter(([name]) => /port/.test(name))
    .map(([, port]) => String(port));
  const closed = ports.length > 0 && ports.every((port) => PORTS_OF_THE_WORLD.includes(Number(port)));
  return closed ? inner : [`${protocol} ${ports.length === 0 ? "on all ports" : [...new Set(ports)].join("-")}`, ...inner];
}

/** Whether an object itself names the world, as an address or in a list of them. */
function names(value: object): boolean {
  const own = Array.isArray(value) ? [] : Object.values(value);
  return own.some(
    (one) => WORLD.includes(one as string) || (Array.isArray(one) && one.some((item) => WORLD.includes(item as string))),
  );
}
