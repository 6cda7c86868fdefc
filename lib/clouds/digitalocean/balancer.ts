// A load balancer in the site's VPC that reaches droplets by their tag: `balancer(scope, "Door", network, { … })`.

import { Loadbalancer, LoadbalancerConfig } from "@cdktf/provider-digitalocean/lib/loadbalancer";
import { Construct } from "constructs";
import { HealthCheck } from "../../core/cloud";
import { HEALTH_TIMEOUT_SECONDS } from "../../core/limits";
import { shortened } from "../../core/names";
import { NAME_LENGTH } from "./limits";
import { DigitalOceanNetwork } from "./network";

/** After how many seconds without traffic a connection is closed; the most that DigitalOcean allows. */
export const IDLE_SECONDS = 600;

export interface BalancerOf {
  readonly name: string;
  /** The tag of the droplets that it reaches. */
  readonly tag: string;
  readonly check: HealthCheck;
  readonly nodes: number;
  /** Whether the world reaches it. */
  readonly open: boolean;
  readonly rules: LoadbalancerConfig["forwardingRule"];
  readonly tune?: ((config: LoadbalancerConfig) => LoadbalancerConfig) | undefined;
}

export function balancer(scope: Construct, id: string, network: DigitalOceanNetwork, of: BalancerOf): Loadbalancer {
  const { settings, problems, site, vpc } = network;
  const { port, path, status } = of.check;
  if (status < 200 || status > 399) {
    problems.add(scope, {
      wrong: `a healthy machine is to answer ${path} with ${status}, and DigitalOcean's load balancers take 200 to 399 for healthy`,
      remedy: "have it answer with 200",
    });
  }
  network.uses.push({ droplets: 0, rolling: 0, balancers: 1 });
  const config: LoadbalancerConfig = {
    name: shortened(`${site}-${of.name}`, NAME_LENGTH),
    region: settings.region,
    type: "REGIONAL",
    // These two are never read back, and stand from the first day on: given later they would replace the load balancer.
    network: of.open ? "EXTERNAL" : "INTERNAL",
    networkStack: of.open && settings.ipv6 ? "DUALSTACK" : "IPV4",
    sizeUnit: of.nodes,
    vpcUuid: vpc,
    // By droplets' numbers it would leave the old members for the new ones the moment that these are switched on.
    dropletTag: of.tag,
    forwardingRule: of.rules,
    healthcheck: {
      protocol: "http",
      port,
      path,
      checkIntervalSeconds: HEALTH_TIMEOUT_SECONDS,
      responseTimeoutSeconds: HEALTH_TIMEOUT_SECONDS,
      unhealthyThreshold: 2,
      healthyThreshold: 2,
    },
    httpIdleTimeoutSeconds: IDLE_SECONDS,
    enableBackendKeepalive: true,
  };
  return new Loadbalancer(scope, id, of.tune?.(config) ?? config);
}
