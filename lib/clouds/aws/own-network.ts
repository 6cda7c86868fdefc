// The page's own VPC: dual stack, with a public subnet in each zone. `ownNetwork(network).publicSubnets`.
// It has no flow logs: they hold who talked to whom, cost by the gigabyte, and AWS lets one add them to any VPC at any time.

import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { TerraformResource } from "cdktf";
import { addressOf } from "../shared/terraform-address";
import { publicRange } from "./cloud-ranges";
import { Ipv6Plan } from "./ipv6-plan";
import type { AwsNetwork } from "./network";

/** What the rest of the network stands on, the page's own or one that stands already. Ids are expressions. */
export interface Base {
  readonly vpc: string;
  /** By zone. */
  readonly publicSubnets: readonly string[];
  readonly publicRanges: readonly string[];
  /** The VPC's first block of IPv6, if it is the page's. */
  readonly ipv6?: string;
  /** The id of the Internet gateway, which is found if the page has not made it. */
  internetGateway(): string;
  /** The routes of the machines' subnets by zone, if others have made them. */
  readonly routeTables?: readonly string[];
  /** The id of an egress-only Internet gateway, of which a VPC has one at most, if others have made it. */
  readonly egressOnlyGateway?: string;
  /** What must stand before others reach the Internet. */
  readonly ready: readonly TerraformResource[];
}

export function ownNetwork(network: AwsNetwork): Base {
  const { scope, spec, settings } = network;
  const vpc = new Vpc(scope, "Vpc", {
    cidrBlock: network.cidr,
    assignGeneratedIpv6CidrBlock: true,
    enableDnsHostnames: true,
    enableDnsSupport: true,
    tags: network.tags(""),
  });
  const vpcId = idOf(vpc);
  const ipv6 = `${addressOf(vpc)}.ipv6_cidr_block`;
  // The group of whatever is made without another; by itself it lets its members reach each other and the world.
  new DefaultSecurityGroup(scope, "DefaultSecurityGroup", { vpcId, tags: network.tags("default") });
  const gateway = new InternetGateway(scope, "InternetGateway", { vpcId, tags: network.tags("") });
  const table = new RouteTable(scope, "PublicRoutes", { vpcId, tags: network.tags("public") });
  const world = { routeTableId: idOf(table), gatewayId: idOf(gateway) };
  const routes = [
    new Route(scope, "PublicRoute-ipv4", { ...world, destinationCidrBlock: "0.0.0.0/0" }),
    new Route(scope, "PublicRoute-ipv6", { ...world, destinationIpv6CidrBlock: "::/0" }),
  ];
  const plan = new Ipv6Plan(network.cidr);
  const made = settings.zones.map((letter, zone) => {
    const cidrBlock = publicRange(spec, zone);
    const subnet = new Subnet(scope, `PublicSubnet-${letter}`, {
      vpcId,
      availabilityZone: network.zone(zone),
      cidrBlock,
      ipv6CidrBlock: subnetOf(ipv6, plan.place(cidrBlock, zone).number),
      tags: network.tags(`public-${letter}`),
    });
    const association = { subnetId: idOf(subnet), routeTableId: idOf(table) };
    return { subnet, association: new RouteTableAssociation(scope, `PublicRoutes-${letter}`, association) };
  });
  return {
    vpc: vpcId,
    publicSubnets: made.map(({ subnet }) => idOf(subnet)),
    publicRanges: settings.zones.map((_, zone) => publicRange(spec, zone)),
    ipv6,
    internetGateway: () => idOf(gateway),
    ready: [gateway, ...routes, ...made.map(({ association }) => association)],
  };
}

export function idOf(resource: TerraformResource): string {
  return `\${${addressOf(resource)}.id}`;
}

/** The /64 of a number in a block of IPv6, a /56. */
export function subnetOf(block: string, number: number): string {
  return `\${cidrsubnet(${block}, 8, ${number})}`;
}
