// Allowed connections: from where, to where, on which port and why. `endpoint.reachedBy(host, "…")` records them.

import { Role } from "./address-plan";

/** The side that opens a connection. */
export type Caller =
  | { readonly kind: "role"; readonly role: Role }
  | { readonly kind: "front door" }
  /** Not a part of the site, such as administrators. */
  | { readonly kind: "external"; readonly name: string };

/** The side that accepts a connection. */
export type Listener =
  | { readonly kind: "host"; readonly name: string; readonly role: Role }
  /** A managed service of the cloud that the page makes, such as a database. */
  | { readonly kind: "managed"; readonly name: string }
  /** A server that the page does not make. */
  | { readonly kind: "external"; readonly name: string }
  /** Servers whose addresses are not known, such as those with which Mastodon federates. */
  | { readonly kind: "anywhere"; readonly name: string };

export interface Flow {
  readonly from: Caller;
  /** The address ranges of the caller, as far as they are known. */
  readonly sources: readonly string[];
  readonly to: Listener;
  readonly port: number;
  /**
   * The transport protocol.
   * @default "tcp"
   */
  readonly protocol?: "tcp" | "udp";
  readonly why: string;
}

/** The name of a caller for tables and messages. */
export function callerName(from: Caller): string {
  return from.kind === "role" ? from.role : from.kind === "external" ? from.name : from.kind;
}

/** A port for tables, as in `9094`, or `9094/udp` if it is not one of TCP. */
export function portName({ port, protocol = "tcp" }: Pick<Flow, "port" | "protocol">): string {
  return protocol === "tcp" ? `${port}` : `${port}/${protocol}`;
}

/** The flows as a table: by `NAME:PORT` of the listener, lines of `CALLER: why`. */
export function flowTable(flows: readonly Flow[]): Readonly<Record<string, readonly string[]>> {
  const rows = new Map<string, Set<string>>();
  for (const flow of flows) {
    const { from, to, why } = flow;
    const at = `${to.name}:${portName(flow)}`;
    rows.set(at, (rows.get(at) ?? new Set<string>()).add(`${callerName(from)}: ${why}`));
  }
  return Object.fromEntries([...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([to, from]) => [to, [...from].sort()]));
}
