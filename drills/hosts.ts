// The machines of a site and their roles, from the inventory: `hostsOf(inventory, machines)`.

import { Inventory, InventoryUnit } from "../lib/core/inventory";
import { Machine } from "../scripts/cluster";

export type Role = "web" | "streaming" | "sidekiq" | "scheduler" | "redis" | "pgbouncer" | "postgres" | "etcd" | "front-door";

/** A machine, and what it does. */
export interface Host extends Machine {
  readonly roles: ReadonlySet<Role>;
  readonly units: readonly InventoryUnit[];
}

/** Units that a drill looks for are called after the role; what only helps another has none. */
const ROLES: readonly Role[] = ["web", "streaming", "sidekiq", "redis", "pgbouncer", "postgres", "etcd"];

/** What each machine does. One that the last deploy has not described, as in the middle of the next one, does nothing that is known. */
export function hostsOf(inventory: Inventory, machines: readonly Machine[]): readonly Host[] {
  const { frontDoor, pools } = inventory;
  return machines.map((machine) => {
    // Members come and go with each roll-out, and are of their pool all the same.
    const kept = inventory.machines.find(({ name }) => name === machine.name);
    const units = (kept ?? pools.find(({ name }) => name === machine.pool))?.units ?? [];
    const roles = new Set(units.flatMap(rolesOf));
    if (machine.name === frontDoor?.machine?.name) roles.add("front-door");
    return { ...machine, roles, units };
  });
}

function rolesOf({ what, facts }: InventoryUnit): readonly Role[] {
  const roles = ROLES.filter((role) => role === what);
  return facts["scheduler"] === true ? [...roles, "scheduler"] : roles;
}

/** Whether a machine does nothing else that anybody would miss. A member of etcd is one of several, and may be away. */
export function doesOnly({ roles }: Pick<Host, "roles">, role: Role): boolean {
  return roles.has(role) && [...roles].every((one) => one === role || one === "etcd");
}

/** The host names that browsers ask for, and the domain of the accounts, which need not be one of them. */
export function namesOf(inventory: Inventory): { readonly domain: string; readonly host: string; readonly streaming: string } {
  const { host, facts } = inventory;
  const web = inventory.pools.flatMap(({ units }) => units).find(({ what }) => what === "web");
  const streaming = web?.facts["streaming"];
  return {
    domain: String(facts["domain"] ?? host),
    host,
    streaming: typeof streaming === "string" ? new URL(streaming).hostname : host,
  };
}
