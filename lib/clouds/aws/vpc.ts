// The private network at AWS: the VPC, its subnets, and how machines reach the Internet.

import { TerraformResource } from "cdktf";
import type { AwsNetwork } from "./network";

/** How machines reach the Internet. */
export type Egress = "nat" | "nat in each zone" | "public addresses";

/** A VPC that stands already. */
export interface ExistingNetwork {
  /** Its id. It holds the site's `network`. */
  readonly vpc: string;
  /** The ids of public subnets for the load balancer and NAT gateways, one in each zone, in the order of `zones`. */
  readonly publicSubnets: readonly string[];
}

export class AwsVpc {
  /** Its id. */
  readonly id: string = "vpc-0";
  /** What must stand before a machine boots: its ways out. */
  readonly ready: readonly TerraformResource[] = [];

  constructor(private readonly network: AwsNetwork) {}

  /** The ids of the public subnets, by zone. */
  get publicSubnets(): readonly string[] {
    return this.network.settings.zones.map(() => "subnet-0");
  }

  /** The IPv4 ranges of the public subnets, from which the load balancer reaches machines, by zone. */
  get publicRanges(): readonly string[] {
    return this.network.settings.zones.map(() => this.network.spec.roles.cloud);
  }

  /** The id of the subnet of a tier in a zone; made once. */
  subnet(_range: string, _zone: number): string {
    return "subnet-0";
  }

  /** The page is whole. */
  end(): void {}
}
