// The load balancer of the front door, and what it does before it knows the host name: `loadBalancer(scope, network)`, `listeners(scope, …)`.

import { Lb, LbConfig } from "@cdktf/provider-aws/lib/lb";
import { LbListener } from "@cdktf/provider-aws/lib/lb-listener";
import { Wafv2WebAclAssociation } from "@cdktf/provider-aws/lib/wafv2-web-acl-association";
import { Construct } from "constructs";
import { shortened } from "../../core/names";
import { HTTP_PORT, HTTPS_PORT } from "../../core/ports";
import { addressOf } from "../shared/terraform-address";
import { accessLogs } from "./access-logs";
import { BALANCER_NAME_LENGTH } from "./limits";
import type { AwsNetwork } from "./network";

/**
 * After how many seconds without traffic it closes a connection, on both sides. Longer than Puma's slowest answer, and than the pauses between streaming's
 * signs of life, of which the longest is 30 seconds.
 */
export const IDLE_SECONDS = 120;

/** TLS 1.2 and 1.3 with authenticated encryption and forward secrecy only, and key exchange against later quantum computers where the client can. */
const TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09";

export function loadBalancer(scope: Construct, network: AwsNetwork): Lb {
  const { settings, groups, vpc } = network;
  const { logsWithAccessTokens: logs, webAclArn } = settings.props;
  const protect = settings.protectDisks && settings.protectDatabases;
  const written = logs && accessLogs(new Construct(scope, "AccessLogs"), network, logs);
  const config: LbConfig = {
    // The site's name comes second: AWS takes no name that begins with "internal-".
    name: shortened(`front-door-${network.site}`, BALANCER_NAME_LENGTH),
    internal: false,
    loadBalancerType: "application",
    ipAddressType: "dualstack",
    subnets: [...vpc.publicSubnets],
    securityGroups: [groups.door],
    enableDeletionProtection: protect,
    // What one server reads as a header and another one does not is a way to smuggle requests.
    dropInvalidHeaderFields: true,
    desyncMitigationMode: "defensive",
    // The address of who asks is put behind those that the client sends; hosts believe what the load balancer has put there, without a port.
    xffHeaderProcessingMode: "append",
    enableXffClientPort: false,
    idleTimeout: IDLE_SECONDS,
    clientKeepAlive: 3600,
    enableHttp2: true,
    ...(written && { accessLogs: { bucket: written.bucket, enabled: true } }),
    tags: network.tags("front-door"),
    // DNS records by hand lead to its name, which a new one would not have.
    lifecycle: { preventDestroy: protect },
  };
  const made = new Lb(scope, "Balancer", settings.tune.loadBalancer?.(config) ?? config);
  // AWS makes it only in subnets that lead to the Internet, and tries at once to write logs.
  const needs = written ? [written.ready] : [];
  network.atEnd(() => {
    made.dependsOn = [...(made.dependsOn ?? []), ...[...needs, ...vpc.ready].map(addressOf)];
  });
  const arn = `\${${addressOf(made)}.arn}`;
  if (webAclArn !== undefined) new Wafv2WebAclAssociation(scope, "WebAcl", { resourceArn: arn, webAclArn });
  return made;
}

/** Leads plain requests to TLS, and answers those for host names without a route; returns the listener that has the rules of routes. */
export function listeners(scope: Construct, network: AwsNetwork, balancer: Lb, certificateArn: string): LbListener {
  const loadBalancerArn = `\${${addressOf(balancer)}.arn}`;
  new LbListener(scope, "Plain", {
    loadBalancerArn,
    port: HTTP_PORT,
    protocol: "HTTP",
    defaultAction: [{ type: "redirect", redirect: { protocol: "HTTPS", port: String(HTTPS_PORT), statusCode: "HTTP_301" } }],
    tags: network.tags("plain"),
  });
  return new LbListener(scope, "Encrypted", {
    loadBalancerArn,
    port: HTTPS_PORT,
    protocol: "HTTPS",
    sslPolicy: TLS_POLICY,
    certificateArn,
    defaultAction: [
      {
        type: "fixed-response",
        // Misdirected: a browser with a connection for another host name opens one of its own.
        fixedResponse: { contentType: "text/plain", statusCode: "421", messageBody: "Nothing here has this name.\n" },
      },
    ],
    tags: network.tags("encrypted"),
  });
}
