// The output of kept machines that are older than the page, one for each site.

import { OutdatedMachines } from "../../core/outdated-machines";
import type { LocalNetwork } from "./network";

const known = new WeakMap<LocalNetwork, OutdatedMachines>();

export function outdatedMachines(network: LocalNetwork): OutdatedMachines {
  const found = known.get(network) ?? new OutdatedMachines(network.scope, network.site);
  known.set(network, found);
  return found;
}
