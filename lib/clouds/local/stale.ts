// Which kept machines of this host are older than the page, in one output for each site.

import { Stale } from "../../core/stale";
import type { LocalNetwork } from "./network";

const known = new WeakMap<LocalNetwork, Stale>();

export function stale(network: LocalNetwork): Stale {
  const found = known.get(network) ?? new Stale(network.scope, network.site);
  known.set(network, found);
  return found;
}
