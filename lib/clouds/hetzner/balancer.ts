// A load balancer in the site's network, with servers as targets by their private addresses: `balancer(scope, "Door", network, { … })`.

import { LoadBalancer, LoadBalancerConfig } from "@cdktf/provider-hcloud/lib/load-balancer";
import { LoadBalancerNetwork } from "@cdktf/provider-hcloud/lib/load-balancer-network";
import { LoadBalancerTargetA as LoadBalancerTarget } from "@cdktf/provider-hcloud/lib/load-balancer-target";
import { Lazy, TerraformLocal, Token } from "cdktf";
import { Construct } from "constructs";
import { shortened } from "../../core/names";
import { balancerFor, balancerTypeFor, NAME_LENGTH } from "./limits";
import { HetznerNetwork, PoolOfSite } from "./network";
import { list } from "./found-resources";

export interface BalancerOf {
  readonly name: string;
  /** The pools that are its targets. */
  readonly pools: readonly string[];
  /** How many WebSockets it carries at the same time; 0 if the page does not say. */
  readonly clients: number;
  /** Whether it has a public interface. */
  readonly open: boolean;
  readonly tune: (config: LoadBalancerConfig) => LoadBalancerConfig;
}

export interface Balancer {
  readonly balancer: LoadBalancer;
  /** The target of each pool, in the order given. */
  readonly targets: readonly LoadBalancerTarget[];
}

export function balancer(scope: Construct, id: string, network: HetznerNetwork, of: BalancerOf): Balancer {
  const sum = (count: (pool: PoolOfSite) => number) => of.pools.reduce((all, name) => all + count(network.pool(name)!), 0);
  const servers = sum((pool) => pool.peak);
  const fitting = balancerFor(servers, of.clients);
  const { type, targets, connections } = fitting;
  // Hetzner refuses a type with too few targets for the servers that the load balancer has. So the type fits the servers that exist when the plan is
  // made plus those that the apply adds; once old servers are deleted, the next deploy takes a smaller type.
  const { servers: found } = network.found;
  const names = () => of.pools.flatMap((pool) => network.namesOf(pool));
  const roles = [...new Set(of.pools.map((name) => network.pool(name)!.role))];
  const counted = new TerraformLocal(
    scope,
    `${id}Servers`,
    Lazy.stringValue({
      produce: () => {
        const pool = `lookup(one.labels, "pool", "")`;
        const own = `contains(${list(names())}, ${pool})`;
        // Servers of a pool that is no longer on the page may still be targets of this load balancer, until other servers serve.
        const gone = `contains(${list(roles)}, lookup(one.labels, "role", "")) && !contains(${list(["", ...network.poolNames])}, ${pool})`;
        return `\${length([for one in ${found} : one if ${own} || ${gone}]) + ${sum((pool) => pool.machines)}}`;
      },
    }),
  );
  if (servers > targets) {
    network.problems.add(scope, {
      wrong: `the load balancer ${of.name} reaches ${servers} servers while its pools roll, and ${type} takes ${targets}`,
      remedy: "use fewer and larger machines",
    });
  }
  if (of.clients > connections) {
    network.problems.add(scope, {
      wrong: `the load balancer ${of.name} is to carry ${of.clients} WebSockets, and ${type}, the largest, holds ${connections} connections`,
      remedy: `use at most ${connections} clients`,
    });
  }
  network.uses.push({ servers: 0, rolling: 0, balancers: 1 });
  const made = new LoadBalancer(
    scope,
    id,
    of.tune({
      name: shortened(`${network.site}-${of.name}`, NAME_LENGTH),
      loadBalancerType: balancerTypeFor(fitting, `local.${counted.friendlyUniqueId}`),
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
  const reach = (pool: string) =>
    new LoadBalancerTarget(scope, `${id}Target-${pool}`, {
      loadBalancerId: Token.asNumber(made.id),
      type: "label_selector",
      labelSelector: `site=${network.site},pool=${pool}`,
      usePrivateIp: true,
      // Private targets are refused until the load balancer is in the network.
      dependsOn: [attached],
      // The target of a pool that is no longer on the page must be deleted when the pool is: after the other pools of its role serve.
      lifecycle: { createBeforeDestroy: true },
    });
  // The servers of a renamed pool serve under its old name until the new ones serve. Renames are known at the end of the page.
  network.atEnd(() => of.pools.flatMap((pool) => network.namesOf(pool).slice(1)).forEach(reach));
  return { balancer: made, targets: of.pools.map(reach) };
}
