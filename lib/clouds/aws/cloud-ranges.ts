// What the range of role `cloud` is for at AWS, a /20: public subnets, those of managed services, and that of the way in, each by zone.

import { SiteSpec } from "../../core/cloud";
import { rangeIn } from "./ipv6-plan";

/** A /24 for each zone: the load balancer takes up to 8 addresses in each and more under load, NAT gateways one. */
const SUBNET = 256;
const SERVICES_FROM = 1024;
const ACCESS_FROM = 2048;
/** A /28, AWS' smallest subnet. */
const ACCESS_SUBNET = 16;

type Roles = Pick<SiteSpec, "roles">;

export function publicRange({ roles }: Roles, zone: number): string {
  return rangeIn(roles.cloud, zone * SUBNET, SUBNET);
}

export function serviceRange({ roles }: Roles, zone: number): string {
  return rangeIn(roles.cloud, SERVICES_FROM + zone * SUBNET, SUBNET);
}

/** The range of the EC2 Instance Connect Endpoint, of which a VPC has one. */
export function accessRange({ roles }: Roles): string {
  return rangeIn(roles.cloud, ACCESS_FROM, ACCESS_SUBNET);
}

/** The part of the range in which public subnets of a VPC that stands already may be. */
export function publicRanges({ roles }: Roles): string {
  return rangeIn(roles.cloud, 0, SERVICES_FROM);
}
