// A load balancer that the world does not reach: it sees whether members of pools without a route serve, so that their gates can ask.
// One for all such pools, since a tag may stand on droplets of several.

import { READINESS_PORT } from "../../core/ports";
import { balancer } from "./balancer";
import { DigitalOceanNetwork, WITNESSED } from "./network";
import { addressOf } from "./terraform-address";

/** Made when the page is whole, if any pool has no route. */
export function witness(network: DigitalOceanNetwork): void {
  const pools = network.unseen;
  if (pools.length === 0) return;
  const made = balancer(network.scope, "Witness", network, {
    name: "witness",
    tag: network.tag(WITNESSED).name,
    check: { port: READINESS_PORT, path: "/", status: 200 },
    nodes: 1,
    open: false,
    rules: [{ entryProtocol: "http", entryPort: READINESS_PORT, targetProtocol: "http", targetPort: READINESS_PORT }],
  });
  for (const pool of pools) network.sees({ pool, balancer: `\${${addressOf(made)}.id}`, port: READINESS_PORT, witness: true });
}
