// The private network at AWS: the VPC, its subnets, and what must stand before a machine boots. `network.vpc.subnet("10.20.16.0/28", 0)`.

import { createHash } from "node:crypto";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { VpcIpv6CidrBlockAssociation } from "@cdktf/provider-aws/lib/vpc-ipv6-cidr-block-association";
import { TerraformResource } from "cdktf";
import { Role } from "../../core/address-plan";
import { addressOf } from "../shared/terraform-address";
import { TerraformData } from "../shared/terraform-data";
import { serviceRange } from "./cloud-ranges";
import { egress } from "./egress";
import { existingNetwork } from "./existing-network";
import { Ipv6Block, Ipv6Plan } from "./ipv6-plan";
import type { AwsNetwork } from "./network";
import { Base, idOf, ownNetwork, subnetOf } from "./own-network";

export { type Egress } from "./egress";
export { type ExistingNetwork, type ExistingSubnet } from "./existing-network";

const HASH_LENGTH = 16;

export class AwsVpc {
  /** Its id. */
  readonly id: string;
  /**
   * What must stand before a machine boots: its ways out and the rules of security groups. One resource that depends on all of them, so that a
   * machine's own block stays when they change.
   */
  readonly ready: readonly TerraformResource[];
  private readonly whole: TerraformData;
  private readonly base: Base;
  private readonly routeTables: readonly string[];
  private readonly plan: Ipv6Plan;
  private readonly before: TerraformResource[] = [];
  private readonly subnets = new Map<string, string>();
  private readonly blocks = new Map<Ipv6Block, string>();
  /** The slots of each role that have subnets. */
  private readonly slots = new Map<Role, Set<number>>();

  constructor(private readonly network: AwsNetwork) {
    const { scope, settings, cidr } = network;
    const { existing } = settings.props;
    this.plan = new Ipv6Plan(cidr);
    this.base = existing === undefined ? ownNetwork(network) : existingNetwork(network, existing);
    this.id = this.base.vpc;
    if (this.base.ipv6 !== undefined) this.blocks.set("General", this.base.ipv6);
    const { routeTables, ready } = egress(network, this.base);
    this.routeTables = routeTables;
    this.before.push(...ready);
    this.whole = new TerraformData(scope, "NetworkReady", {});
    this.ready = [this.whole];
  }

  /** The ids of the public subnets, by zone. */
  get publicSubnets(): readonly string[] {
    return this.base.publicSubnets;
  }

  /** The IPv4 ranges of the public subnets, from which the load balancer reaches machines, by zone. */
  get publicRanges(): readonly string[] {
    return this.base.publicRanges;
  }

  /** Whether machines have public addresses of IPv4 (`associate_public_ip_address`). */
  get publicAddress(): boolean {
    return this.network.settings.egress === "public addresses";
  }

  /** The ids of the subnets of managed services such as databases, by zone, without a route to the Internet; made at first use. */
  get serviceSubnets(): readonly string[] {
    const { spec, settings } = this.network;
    return settings.zones.map((letter, zone) => this.closedSubnet(`services-${letter}`, serviceRange(spec, zone), zone));
  }

  /** The id of the subnet of a tier in a zone; made once. */
  subnet(range: string, zone: number): string {
    const known = this.subnets.get(range);
    if (known !== undefined) return known;
    const { network } = this;
    const { scope, settings } = network;
    const { role, slot, block, number } = this.plan.place(range, zone);
    this.claim(role, slot);
    const id = range.replace(/[./]/g, "-");
    const subnet = new Subnet(scope, `Subnet-${id}`, {
      vpcId: this.id,
      availabilityZone: network.zone(zone),
      cidrBlock: range,
      ipv6CidrBlock: subnetOf(this.block(block), number),
      assignIpv6AddressOnCreation: true,
      tags: network.tags(`${role}-${slot}-${settings.zones[zone]!}`),
    });
    const association = { subnetId: idOf(subnet), routeTableId: this.routeTables[zone]! };
    this.before.push(new RouteTableAssociation(scope, `Routes-${id}`, association));
    this.subnets.set(range, idOf(subnet));
    return idOf(subnet);
  }

  /** The id of a subnet that no route leads out of, made once. */
  closedSubnet(name: string, range: string, zone: number): string {
    const { network } = this;
    const known = this.subnets.get(range);
    const id =
      known ??
      idOf(
        new Subnet(network.scope, `Subnet-${name}`, {
          vpcId: this.id,
          availabilityZone: network.zone(zone),
          cidrBlock: range,
          tags: network.tags(name),
        }),
      );
    this.subnets.set(range, id);
    return id;
  }

  /** Tells of something that must stand before a machine boots. */
  needs(resource: TerraformResource): void {
    this.before.push(resource);
  }

  /** The page is whole. */
  end(): void {
    const { scope, gates } = this.network;
    const needs = this.before.map(addressOf).sort();
    this.whole.dependsOn = needs;
    if (gates.length === 0) return;
    // After a failed roll-out Terraform no longer knows what the old members depended on. It deletes what the page has no more after all that depended
    // on it in the last apply has been changed: this resource changes with the list, and only when new members serve.
    const hash = createHash("sha256").update(needs.join(" ")).digest("hex").slice(0, HASH_LENGTH);
    new TerraformData(scope, "NetworkServed", { input: { needs: hash }, dependsOn: [this.whole, ...gates] });
  }

  /** A block of IPv6 of the VPC, as an expression; made at first use. */
  private block(name: Ipv6Block): string {
    const known = this.blocks.get(name);
    if (known !== undefined) return known;
    const made = new VpcIpv6CidrBlockAssociation(this.network.scope, `Ipv6-${name}`, {
      vpcId: this.id,
      assignGeneratedIpv6CidrBlock: true,
    });
    const block = `${addressOf(made)}.ipv6_cidr_block`;
    this.blocks.set(name, block);
    return block;
  }

  /** Refuses two tiers whose subnets would have the same numbers of IPv6. */
  private claim(role: Role, slot: number): void {
    const slots = this.slots.get(role) ?? new Set<number>();
    this.slots.set(role, slots);
    if (slots.has(slot)) return;
    const other = [...slots].find((one) => this.plan.alike(role, one, slot));
    slots.add(slot);
    if (other === undefined) return;
    const { problems, scope } = this.network;
    problems.atSynth(() => {
      const free = this.plan.free(role, [...slots]);
      const both = [slot, other].sort((a, b) => a - b).join(" and ");
      problems.add(scope, {
        wrong: `two tiers of ${role}, in slots ${both}, would have the same range of IPv6`,
        remedy: `give the one that is not deployed yet another slot${free === undefined ? ", or use fewer tiers" : `, such as ${free}`}`,
      });
    });
  }
}
