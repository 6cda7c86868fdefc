// The sentinels that monitor a Redis, however its clients find it: `watchers(inventory, "CACHE_")`.

import { Inventory } from "../lib/core/inventory";
import { SENTINEL_PORT } from "../lib/mastodon/ports";
import { Use } from "./questions";

/** The instance, and its sentinels with their ports; nothing of both if nobody of the page watches it. */
export interface Watchers {
  readonly name: string;
  readonly sentinels: string;
}

const USES: Readonly<Record<Use, string>> = { "": "main", CACHE_: "cache", SIDEKIQ_: "sidekiq" };

export function watchers(inventory: Inventory, use: Use): Watchers {
  const all = inventory.machines.flatMap(({ units }) => units).filter(({ what }) => what === "redis");
  const of = (wanted: Use) => all.find(({ facts }) => facts["use"] === USES[wanted]);
  // Without a Redis of its own, a use shares the main one.
  const { name, sentinels } = (of(use) ?? of(""))?.facts ?? {};
  if (typeof name !== "string" || !Array.isArray(sentinels) || sentinels.length === 0) return { name: "", sentinels: "" };
  return { name, sentinels: sentinels.map((host) => `${host}:${SENTINEL_PORT}`).join(" ") };
}

/** How many machines hold the instance, its master among them. */
export function copies(inventory: Inventory, instance: string): number {
  const holds = (units: Inventory["machines"][number]["units"]) =>
    units.some(({ what, facts }) => what === "redis" && facts["name"] === instance);
  return inventory.machines.filter(({ units }) => holds(units)).length;
}
