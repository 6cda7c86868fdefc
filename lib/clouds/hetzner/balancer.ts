// A load balancer in the site's network that reaches servers by their private addresses: `balancer(scope, "Door", network, { … })`.

import { LoadBalancer, LoadBalancerConfig } from "@cdktf/provider-hcloud/lib/load-balancer";
import { LoadBalancerNetwork } from "@cdktf/provider-hcloud/lib/load-balancer-network";
import { LoadBalancerTargetA as LoadBalancerTarget } from "@cdktf/provider-hcloud/lib/load-balancer-target";
import { Token } from "cdktf";
import { Construct } from "constructs";
import { shortened } from "../../core/names";
import { balancerFor } from "./limits";
import { HetznerNetwork } from "./network";

export interface BalancerOf {
  readonly name: string;
  /** The pools that it reaches. */
  readonly pools: readonly string[];
  /** Whether the world reaches it. */
  readonly open: boolean;
  readonly tune: (config: LoadBalancerConfig) => LoadBalancerConfig;
}

export interface Balancer {
  readonly balancer: LoadBalancer;
  /** The target of each pool, in the order given. */
  readonly targets: readonly LoadBalancerTarget[];
}

export function balancer(scope: Construct, id: string, network: HetznerNetwork, of: BalancerOf): Balancer {
  const servers = of.pools.reduce((sum, pool) => sum + network.peak(pool), 0);
  const { type, targets } = balancerFor(servers);
  if (servers > targets) {
    network.problems.add(scope, {
      wrong: `the load balancer ${of.name} reaches ${servers} servers while its pools roll, and ${type} takes ${targets}`,
      remedy: "use fewer and larger machines",
    });
  }
  network.uses.push({ servers: 0, rolling: 0, balancers: 1 });
  const made = new LoadBalancer(
    scope,
    id,
    of.tune({
      name: shortened(`${network.site}-${of.name}`),
      loadBalancerType: type,
      location: network.settings.location,
      algorithm: { type: "least_connections" },
      labels: { site: network.site },
    }),
  );
  const attached = new LoadBalancerNetwork(scope, `${id}Network`, {
    loadBalancerId: Token.asNumber(made.id),
    subnetId: network.subnet(network.balancers).id,
    enablePublicInterface: of.open,
  });
  const reached = of.pools.map(
    (pool) =>
      new LoadBalancerTarget(scope, `${id}Target-${pool}`, {
        loadBalancerId: Token.asNumber(made.id),
        type: "label_selector",
        labelSelector: `site=${network.site},pool=${pool}`,
        usePrivateIp: true,
        // Private targets are refused until the load balancer is in the network.
        dependsOn: [attached],
      }),
  );
  return { balancer: made, targets: reached };
}
