// Who may talk to whom, on which port and why: what `endpoint.reachedBy(host, "…")` records.

import { Role } from "./address-plan";

/** Who begins a connection. */
export type Caller =
  | { readonly kind: "role"; readonly role: Role }
  | { readonly kind: "front door" }
  /** Somebody outside the site, such as administrators. */
  | { readonly kind: "external"; readonly name: string };

/** Who takes a connection. */
export type Listener =
  | { readonly kind: "host"; readonly name: string; readonly role: Role }
  /** A service that the page has the cloud run, such as a database. */
  | { readonly kind: "managed"; readonly name: string }
  /** Something that the page does not make. */
  | { readonly kind: "external"; readonly name: string }
  /** Whoever it is, such as the servers with which Mastodon federates: no address of theirs is known. */
  | { readonly kind: "anywhere"; readonly name: string };

export interface Flow {
  readonly from: Caller;
  /** The addresses that the caller may have, as far as they are known. */
  readonly sources: readonly string[];
  readonly to: Listener;
  readonly port: number;
  /**
   * By which protocol.
   * @default "tcp"
   */
  readonly protocol?: "tcp" | "udp";
  readonly why: string;
}

/** A caller as people read it. */
export function callerName(from: Caller): string {
  return from.kind === "role" ? from.role : from.kind === "external" ? from.name : from.kind;
}

/** The flows as a table, by `NAME:PORT` of who listens, each with `CALLER: why`. */
export function flowTable(flows: readonly Flow[]): Readonly<Record<string, readonly string[]>> {
  const rows = new Map<string, Set<string>>();
  for (const { from, to, port, why } of flows) {
    const at = `${to.name}:${port}`;
    rows.set(at, (rows.get(at) ?? new Set<string>()).add(`${callerName(from)}: ${why}`));
  }
  return Object.fromEntries([...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([to, from]) => [to, [...from].sort()]));
}
