// The internal balancer: a load balancer without public interface that checks the health of pools without a route, such as Sidekiq. Their gates read
// the result from Hetzner's API. Its name at Hetzner is `SITE-internal`.

import { LoadBalancerService } from "@cdktf/provider-hcloud/lib/load-balancer-service";
import { READINESS_PORT } from "../../core/ports";
import { balancer } from "./balancer";
import { HetznerNetwork } from "./network";

/** Makes it if any pool has no route. Called at the end of the page. */
export function internalBalancer(network: HetznerNetwork): void {
  const pools = network.poolsWithoutCheck.map((pool) => pool.name).sort();
  if (pools.length === 0) return;
  const { scope } = network;
  const made = balancer(scope, "InternalBalancer", network, {
    name: "internal",
    pools,
    clients: 0,
    open: false,
    tune: (config) => config,
  });
  const service = new LoadBalancerService(scope, "InternalBalancerService", {
    loadBalancerId: made.balancer.id,
    protocol: "http",
    listenPort: READINESS_PORT,
    destinationPort: READINESS_PORT,
    healthCheck: {
      protocol: "http",
      port: READINESS_PORT,
      interval: 15,
      timeout: 10,
      retries: 1,
      http: { path: "/", statusCodes: ["200"], tls: false },
    },
  });
  pools.forEach((pool, n) => {
    const needs = [service.id, made.targets[n]!.id];
    network.addDoor({ pool, balancer: made.balancer.id, port: READINESS_PORT, needs });
  });
}
