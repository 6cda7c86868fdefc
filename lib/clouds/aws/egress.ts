// How machines reach the Internet: a route table for each zone, and the gateways that its routes lead to. `egress(network, base).routeTables`.
// Each zone has a table of its own in every variant, so another variant changes routes and no subnet.

import { EgressOnlyInternetGateway } from "@cdktf/provider-aws/lib/egress-only-internet-gateway";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { TerraformResource } from "cdktf";
import type { AwsNetwork } from "./network";
import { Base, idOf } from "./own-network";

/** How machines reach the Internet. */
export type Egress = "nat" | "nat in each zone" | "public addresses";

interface MadeEgress {
  /** The ids of the route tables of machines' subnets, by zone. */
  readonly routeTables: readonly string[];
  /** What must stand before a machine reaches the Internet. */
  readonly ready: readonly TerraformResource[];
}

export function egress(network: AwsNetwork, base: Base): MadeEgress {
  if (base.routeTables !== undefined) return { routeTables: base.routeTables, ready: base.ready };
  const { scope, settings } = network;
  const vpcId = base.vpc;
  const tables = settings.zones.map(
    (letter) => new RouteTable(scope, `Routes-${letter}`, { vpcId, tags: network.tags(`machines-${letter}`) }),
  );
  const world = ipv4(network, base);
  const egressOnlyGatewayId =
    base.egressOnlyGateway ?? idOf(new EgressOnlyInternetGateway(scope, "EgressOnlyGateway", { vpcId, tags: network.tags("") }));
  const routes = tables.flatMap((table, zone) => {
    const letter = settings.zones[zone]!;
    const routeTableId = idOf(table);
    return [
      new Route(scope, `Route-${letter}-ipv4`, { routeTableId, destinationCidrBlock: "0.0.0.0/0", ...world(zone) }),
      // Machines have public addresses of IPv6 in every variant; this gateway lets nobody in.
      new Route(scope, `Route-${letter}-ipv6`, { routeTableId, destinationIpv6CidrBlock: "::/0", egressOnlyGatewayId }),
    ];
  });
  const routeTables = tables.map(idOf);
  // It costs nothing, and what goes to S3 by a NAT gateway costs as much as all else.
  const s3 = new VpcEndpoint(scope, "S3", {
    vpcId,
    serviceName: `com.amazonaws.${settings.region}.s3`,
    vpcEndpointType: "Gateway",
    routeTableIds: routeTables,
    tags: network.tags("s3"),
  });
  return { routeTables, ready: [...base.ready, ...routes, s3] };
}

/** Where the route to all of IPv4 leads, by zone. */
function ipv4(
  network: AwsNetwork,
  base: Base,
): (zone: number) => { readonly natGatewayId?: string; readonly gatewayId?: string } {
  const { settings } = network;
  if (settings.egress === "public addresses") {
    const gatewayId = base.internetGateway();
    return () => ({ gatewayId });
  }
  const zones = settings.egress === "nat" ? settings.zones.slice(0, 1) : settings.zones;
  const gateways = zones.map((letter, zone) => idOf(natGateway(network, base, letter, zone)));
  return (zone) => ({ natGatewayId: gateways[zone] ?? gateways[0]! });
}

function natGateway(network: AwsNetwork, base: Base, letter: string, zone: number): NatGateway {
  const { scope } = network;
  const tags = network.tags(`nat-${letter}`);
  // Both need the Internet gateway, which no attribute of theirs says.
  const dependsOn = [...base.ready];
  const address = new Eip(scope, `NatAddress-${letter}`, { domain: "vpc", tags, dependsOn });
  return new NatGateway(scope, `Nat-${letter}`, {
    allocationId: idOf(address),
    subnetId: base.publicSubnets[zone]!,
    tags,
    dependsOn,
  });
}
