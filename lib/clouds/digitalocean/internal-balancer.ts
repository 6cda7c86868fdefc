// The internal balancer: a load balancer without public address that checks the health of pools without a route, such as Sidekiq. Their gates read
// the result from DigitalOcean's API. It is one for all such pools, since droplets of several pools can have the same tag. Its name at DigitalOcean
// is `SITE-internal`.

import { READINESS_PORT } from "../../core/ports";
import { balancer } from "./balancer";
import { DigitalOceanNetwork, INTERNAL } from "./network";
import { addressOf } from "../shared/terraform-address";

/** Makes it if any pool has no route. Called at the end of the page. */
export function internalBalancer(network: DigitalOceanNetwork): void {
  const pools = network.poolsWithoutRoute;
  if (pools.length === 0) return;
  const tag = network.tag(INTERNAL);
  const made = balancer(network.scope, "InternalBalancer", network, {
    name: "internal",
    tag: tag.name,
    check: { port: READINESS_PORT, path: "/", status: 200 },
    nodes: 1,
    open: false,
    rules: [{ entryProtocol: "http", entryPort: READINESS_PORT, targetProtocol: "http", targetPort: READINESS_PORT }],
  });
  for (const pool of pools)
    network.addDoor({ pool, balancer: `\${${addressOf(made)}.id}`, port: READINESS_PORT, tag, internal: true });
}
