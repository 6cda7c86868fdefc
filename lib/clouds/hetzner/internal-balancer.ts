// A load balancer that the world does not reach: it sees whether members of pools without a route serve, so that their gates can ask.

import { LoadBalancerService } from "@cdktf/provider-hcloud/lib/load-balancer-service";
import { READINESS_PORT } from "../../core/ports";
import { balancer } from "./balancer";
import { HetznerNetwork } from "./network";

/** Made when the page is whole, if any pool has no route. */
export function internalBalancer(network: HetznerNetwork): void {
  const pools = network.unseen.map((pool) => pool.name).sort();
  if (pools.length === 0) return;
  const { scope } = network;
  const made = balancer(scope, "Witness", network, { name: "witness", pools, open: false, tune: (config) => config });
  const service = new LoadBalancerService(scope, "WitnessService", {
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
    network.sees({ pool, balancer: made.balancer.id, port: READINESS_PORT, needs });
  });
}
