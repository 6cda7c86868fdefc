// A VPC that stands already: `aws({ region: "eu-central-1", existing: { vpc: "vpc-0123", publicSubnets: [ … ] } })`.
// What the page says of it is compared with what stands when the plan is made, so a wrong id fails before anything is changed.

import { DataAwsInternetGateway } from "@cdktf/provider-aws/lib/data-aws-internet-gateway";
import { DataAwsRouteTable } from "@cdktf/provider-aws/lib/data-aws-route-table";
import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DataAwsVpc } from "@cdktf/provider-aws/lib/data-aws-vpc";
import { TerraformDataSource } from "cdktf";
import { Problem } from "../../core/problems";
import { isRange } from "../../core/range";
import { publicRanges } from "./cloud-ranges";
import { addressNumber } from "./ipv6-plan";
import type { AwsNetwork } from "./network";
import { Base } from "./own-network";

/** A VPC that stands already. */
export interface ExistingNetwork {
  /**
   * Its id. The site's `network`, a /16, must be one of its ranges, and free but for public subnets: add it as a further range, if the VPC has
   * others already. It resolves names (DNS support). The page adds up to four blocks of IPv6 to it, of which AWS allows five.
   */
  readonly vpc: string;
  /** Public subnets for the load balancer and for NAT gateways, one in each zone, in the order of `zones`. */
  readonly publicSubnets: readonly ExistingSubnet[];
  /**
   * Route tables for the subnets of machines, by their ids, one for each zone, in the order of `zones`. Whoever gives them also gives the ways to
   * the Internet and to S3: of `egress` only `public addresses` then has an effect, that machines have some.
   * @default - the page makes some, with NAT gateways, an egress-only Internet gateway and an endpoint of S3
   */
  readonly routeTables?: readonly string[];
  /**
   * The id of the VPC's egress-only Internet gateway, if it has one: AWS allows one.
   * @default - the page makes one
   */
  readonly egressOnlyGateway?: string;
}

export interface ExistingSubnet {
  /** Its id. */
  readonly id: string;
  /**
   * Its IPv4 range, from which the load balancer reaches machines: hosts accept it. AWS wants at least a /27 for a load balancer; of the site's
   * `network` it may have the first 1024 addresses. It also has an IPv6 range, and a route to the Internet.
   */
  readonly range: string;
}

export function existingNetwork(network: AwsNetwork, existing: ExistingNetwork): Base {
  const { scope, cidr, settings } = network;
  for (const problem of wrongExisting(network, existing)) network.problems.add(scope, problem);
  const { path } = scope.node;
  const vpc = new DataAwsVpc(scope, "Vpc", {
    id: existing.vpc,
    lifecycle: {
      postcondition: [
        {
          condition: `\${contains(self.cidr_block_associations[*].cidr_block, "${cidr}")}`,
          errorMessage:
            `${path}: the VPC \${self.id} has the ranges \${join(", ", self.cidr_block_associations[*].cidr_block)} / add the site's network ` +
            `${cidr} to them, or give the site the network that is one of them`,
        },
        {
          condition: "${self.enable_dns_support}",
          errorMessage: `${path}: the VPC \${self.id} does not resolve names / switch its DNS support on`,
        },
      ],
    },
  });
  const vpcId = found(vpc);
  const subnets = existing.publicSubnets.slice(0, settings.zones.length).map(({ id, range }, zone) => {
    const subnet = new DataAwsSubnet(scope, `PublicSubnet-${settings.zones[zone]!}`, {
      id,
      lifecycle: {
        postcondition: [
          {
            condition: `\${self.vpc_id == "${existing.vpc}" && self.availability_zone == "${network.zone(zone)}"}`,
            errorMessage:
              `${path}: the public subnet \${self.id} is in the zone \${self.availability_zone} of \${self.vpc_id} / name one in ` +
              `${network.zone(zone)} of ${existing.vpc}`,
          },
          {
            condition: `\${self.cidr_block == "${range}" && self.ipv6_cidr_block != ""}`,
            errorMessage:
              `${path}: the public subnet \${self.id} has the IPv4 range \${self.cidr_block} and the IPv6 range "\${self.ipv6_cidr_block}" / ` +
              `write the first into the page instead of ${range}, and give the subnet the second if it has none`,
          },
        ],
      },
    });
    return found(subnet);
  });
  const tables = existing.routeTables?.map((routeTableId, zone) => {
    const table = new DataAwsRouteTable(scope, `Routes-${settings.zones[zone] ?? zone}`, {
      routeTableId,
      lifecycle: {
        postcondition: [
          {
            condition: `\${self.vpc_id == "${existing.vpc}"}`,
            errorMessage: `${path}: the route table \${self.id} belongs to \${self.vpc_id} / name one of ${existing.vpc}`,
          },
        ],
      },
    });
    return found(table);
  });
  let gateway: string | undefined;
  return {
    vpc: vpcId,
    // A page whose subnets are too few is refused; until then the last stands for those that are missing.
    publicSubnets: settings.zones.map((_, zone) => subnets[zone] ?? subnets.at(-1) ?? "none"),
    publicRanges: existing.publicSubnets.map(({ range }) => range),
    internetGateway: () =>
      (gateway ??= found(
        new DataAwsInternetGateway(scope, "InternetGateway", { filter: [{ name: "attachment.vpc-id", values: [existing.vpc] }] }),
      )),
    ...(tables !== undefined && { routeTables: settings.zones.map((_, zone) => tables[zone] ?? "none") }),
    ...(existing.egressOnlyGateway !== undefined && { egressOnlyGateway: existing.egressOnlyGateway }),
    ready: [],
  };
}

function found(source: TerraformDataSource): string {
  return `\${data.${source.terraformResourceType}.${source.friendlyUniqueId}.id}`;
}

const LEAST_PREFIX = 27;

function wrongExisting({ spec, cidr, settings }: AwsNetwork, existing: ExistingNetwork): readonly Problem[] {
  const { zones } = settings;
  const { vpc, publicSubnets, routeTables, egressOnlyGateway } = existing;
  const ids = [
    ["existing.vpc", vpc, "vpc"],
    ...publicSubnets.map(({ id }, at) => [`existing.publicSubnets[${at}].id`, id, "subnet"] as const),
    ...(routeTables ?? []).map((id, at) => [`existing.routeTables[${at}]`, id, "rtb"] as const),
    ...(egressOnlyGateway === undefined ? [] : [["existing.egressOnlyGateway", egressOnlyGateway, "eigw"] as const]),
  ] as const;
  const wrongIds = ids
    .filter(([, id, kind]) => !new RegExp(`^${kind}-[0-9a-f]+$`).test(id))
    .map(([prop, id, kind]) => ({
      wrong: `${prop} of AWS is "${id}"`,
      value: id,
      remedy: `give the id of one, such as ${kind}-0123456789abcdef0`,
    }));
  const lists = [
    ["existing.publicSubnets", publicSubnets.length],
    ["existing.routeTables", routeTables?.length ?? zones.length],
  ] as const;
  const wrongLists = lists
    .filter(([, length]) => length !== zones.length)
    .map(([prop, length]) => ({
      wrong: `${prop} of AWS has ${length}, and there are ${zones.length} zones`,
      remedy: `give one for each of ${zones.join(", ")}, in this order`,
    }));
  const wrongRanges = publicSubnets
    .filter(({ range }) => !isPublicRange(range, cidr, publicRanges(spec)))
    .map(({ id, range }) => ({
      wrong: `the range of the public subnet ${id} is "${range}"`,
      value: range,
      remedy: `give its IPv4 range, a /${LEAST_PREFIX} or larger, outside of the site's network ${cidr} or inside of ${publicRanges(spec)}: the rest is for machines`,
    }));
  return [...wrongIds, ...wrongLists, ...wrongRanges];
}

function isPublicRange(range: string, site: string, allowed: string): boolean {
  if (!isRange(range) || range.includes(":") || Number(range.split("/")[1]) > LEAST_PREFIX) return false;
  const [one, all, some] = [ends(range), ends(site), ends(allowed)];
  const outside = one.last < all.first || one.first > all.last;
  return outside || (one.first >= some.first && one.last <= some.last);
}

function ends(range: string): { readonly first: number; readonly last: number } {
  const [address, prefix] = range.split("/");
  const first = addressNumber(address!);
  return { first, last: first + 2 ** (32 - Number(prefix)) - 1 };
}
