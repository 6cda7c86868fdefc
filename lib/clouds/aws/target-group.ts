// The target group of a route: the members that answer for a host name, and how the load balancer finds out which of them are well.

import { LbTargetGroup } from "@cdktf/provider-aws/lib/lb-target-group";
import { createHash } from "node:crypto";
import { Construct } from "constructs";
import { RouteSpec } from "../../core/cloud";
import { HEALTH_TIMEOUT_SECONDS } from "../../core/limits";
import { BALANCER_NAME_LENGTH, DEREGISTRATION_SECONDS } from "./limits";
import type { AwsNetwork } from "./network";

/** It belongs to the host name, not to the pool: members of a pool under another name join those that serve. */
export function targetGroup(scope: Construct, at: string, network: AwsNetwork, { host, port, check }: RouteSpec): LbTargetGroup {
  const { site, cidr, problems, settings, vpc } = network;
  if (check.status < 200 || check.status > 499) {
    problems.add(scope, {
      wrong: `a healthy machine is to answer ${check.path} with ${check.status}, and AWS' load balancers take 200 to 499 for healthy`,
      remedy: "have it answer with 200",
    });
  }
  // The new one stands beside the old one for a while, so the name changes with all that replaces it.
  const replaces = [site, host, port, cidr, settings.props.existing?.vpc ?? ""];
  const hash = createHash("sha256").update(JSON.stringify(replaces)).digest("hex").slice(0, 8);
  const start = `${site}-${at}`.slice(0, BALANCER_NAME_LENGTH - hash.length - 1).replace(/-+$/, "");
  return new LbTargetGroup(scope, `Targets-${at}`, {
    name: `${start}-${hash}`,
    vpcId: vpc.id,
    targetType: "instance",
    protocol: "HTTP",
    port,
    // New members get their share at once, and slow ones less.
    loadBalancingAlgorithmType: "least_outstanding_requests",
    deregistrationDelay: String(DEREGISTRATION_SECONDS),
    healthCheck: {
      protocol: "HTTP",
      port: String(check.port),
      path: check.path,
      matcher: String(check.status),
      timeout: HEALTH_TIMEOUT_SECONDS,
      // AWS wants it to be longer than the time-out.
      interval: HEALTH_TIMEOUT_SECONDS + 1,
      healthyThreshold: 2,
      unhealthyThreshold: 2,
    },
    tags: network.tags(at),
    lifecycle: { createBeforeDestroy: true },
  });
}
