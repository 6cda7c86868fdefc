// What a page may say about AWS, and what holds if it says nothing.

import { AutoscalingGroupConfig } from "@cdktf/provider-aws/lib/autoscaling-group";
import { InstanceConfig } from "@cdktf/provider-aws/lib/instance";
import { LaunchTemplateConfig } from "@cdktf/provider-aws/lib/launch-template";
import { LbConfig } from "@cdktf/provider-aws/lib/lb";
import { Role } from "../../core/address-plan";
import { Dns } from "../../core/dns";
import { Problem } from "../../core/problems";
import { wrongNumber } from "../../core/whole-number";
import { Access } from "./access";
import { AccessLogs } from "./access-logs";
import { Architecture, Cpus } from "./instance-types";
import { Egress, ExistingNetwork } from "./vpc";

/** The last word on each resource: gets its finished configuration and returns what shall stand in the plan. */
export interface Tune {
  /** @param host the machine's name on the page, and its role */
  readonly instance?: (config: InstanceConfig, host: TunedHost) => InstanceConfig;
  /** @param host the pool's name on the page, and its role */
  readonly launchTemplate?: (config: LaunchTemplateConfig, host: TunedHost) => LaunchTemplateConfig;
  readonly autoscalingGroup?: (config: AutoscalingGroupConfig, host: TunedHost) => AutoscalingGroupConfig;
  readonly loadBalancer?: (config: LbConfig) => LbConfig;
}

interface TunedHost {
  readonly name: string;
  readonly role: Role;
}

export interface AwsProps {
  /**
   * Where everything stands, such as `eu-central-1` for Frankfurt. Change it before the first deploy only: disks cannot move, so a change is refused
   * while they are protected.
   * @throws at synth if it has not the form of a region's name
   */
  readonly region: string;
  /**
   * The letters of the availability zones over which machines are spread, in this order. Machines of a tier are assigned to them in turn, so the members
   * of a quorum of three are in three zones. Change it before the first deploy only: it moves subnets, and so replaces machines.
   * @default ["a", "b", "c"]
   * @throws at synth if there are not two to four, or two of them are the same; if there are two and the page has Sentinels or another quorum, unless
   *   `quorumInTwoZones`; when the plan is made, if the account has no such zone
   */
  readonly zones?: readonly string[];
  /**
   * Whether a page with Sentinels may have two zones. In one of them is then the majority of the voters: while that zone is away, nothing fails over,
   * and Redis takes no writes.
   * @default false
   */
  readonly quorumInTwoZones?: boolean;
  /**
   * How machines reach the Internet, which is the larger part of AWS' fixed costs after machines; see docs/aws.md for prices. A change replaces the
   * members of pools, and gives kept machines public addresses when they are renewed: without a NAT gateway they reach nothing by IPv4 until then,
   * so renew them at once. IPv6 reaches the Internet in each variant by an egress-only gateway, which costs nothing; the Internet reaches machines
   * by neither.
   *
   * - `nat`: one NAT gateway, in the first zone. While that zone is away, no machine reaches the Internet by IPv4.
   * - `nat in each zone`: one in each zone.
   * - `public addresses`: no NAT gateway; each machine has a public address, behind security groups that let nobody in from the Internet.
   * @default "nat"
   */
  readonly egress?: Egress;
  /**
   * A VPC that stands already, in which the page makes its subnets. Change it before the first deploy only: it replaces every machine.
   * @default - one of the page's own with the site's `network`
   * @throws at synth if it does not name a public subnet for each zone; when the plan is made, if the VPC does not hold the site's `network`
   */
  readonly existing?: ExistingNetwork;
  /**
   * What processors machines have, for all or by role: `arm64` (Graviton, which costs about a fifth less), or `x86_64`. A change replaces the members of
   * pools, and reaches kept machines when they are renewed. Container images of the page must have been built for it.
   * @default "x86_64"
   */
  readonly architecture?: Architecture | Readonly<Partial<Record<Role, Architecture>>>;
  /**
   * Whether machines have processors that may be fully used for a part of the time only (`burstable`, types t3 and t4g), or always (`steady`, types c7,
   * m7 and r7), for all or by role, as in `{ postgres: "steady" }`. Burstable ones that are used for longer cost more by the hour. A change replaces the
   * members of pools, and reaches kept machines when they are renewed.
   * @default "burstable"
   * @throws at synth if AWS has no such type that is large enough; when the plan is made, if a zone of the page does not have it, or the account may
   *   not run so many CPUs while all pools roll
   */
  readonly cpus?: Cpus | Readonly<Partial<Record<Role, Cpus>>>;
  /**
   * Which of Debian's images machines start from, by its name, in which `*` stands for any characters and `{arch}` for Debian's word for the processor.
   * The newest that matches is taken at the first deploy, and stays until this text changes, also for members that are made later. A change replaces the
   * members of pools, and reaches kept machines when they are renewed.
   * @default "debian-13-{arch}-*"
   * @throws when the plan is made, if the owner has no such image
   */
  readonly image?: string;
  /**
   * The account that owns the image.
   * @default "136693071363" - Debian's, in all commercial regions
   */
  readonly imageOwner?: string;
  /**
   * A way in for administrators: an EC2 Instance Connect Endpoint, by which `ssh` reaches machines that have no public address. A change of `keyName`
   * replaces the members of pools, and reaches kept machines when they are renewed.
   * @default - no way in: port 22 is closed
   */
  readonly access?: Access;
  /**
   * Who writes the host names of the front door into DNS. With `route53` it also gets its certificate.
   * @default - nobody: an output says which records to make by hand, and `certificateArn` is needed
   */
  readonly dns?: Dns;
  /**
   * Certificates in AWS Certificate Manager that cover all host names of the front door, by their ARNs; `Certificate` makes them in a step before.
   * Clients that name no host get the first. Whether they cover the host names is not checked before a browser does.
   * @default - certificates that the page makes, if `dns` is `route53`
   * @throws at synth if there is neither, or one is not in the page's region
   */
  readonly certificateArn?: string | readonly string[];
  /**
   * A web ACL of AWS WAF for the front door, by its ARN. Try it in counting mode first: AWS' own sets of rules refuse bodies of more than 8 KiB, and so
   * uploads, and requests of programs, and so those of other servers. While WAF itself is away, requests fail; `tune.loadBalancer` may let them through.
   * @default - none
   * @throws at synth if it is not one for load balancers in the page's region
   */
  readonly webAclArn?: string;
  /**
   * Access logs of the front door, in a closed bucket that deletes them after some days. They hold the address of everybody who asks, and the access
   * tokens that browsers write into the URL of streaming: whoever reads the logs can act as these people. If you take it off the page again, the bucket
   * goes with all logs.
   * @default - none
   */
  readonly logsWithAccessTokens?: AccessLogs;
  /**
   * Which roles run on spare capacity (spot), which costs about a third and may be taken away within two minutes: `sidekiq` alone, whose jobs are then
   * done by others. Schedulers are never on it, nor the first member of each pool. A change replaces the members. An account that has never had spare
   * capacity needs its role first: `aws iam create-service-linked-role --aws-service-name spot.amazonaws.com`.
   * @default false
   */
  readonly spotSidekiq?: boolean;
  /**
   * The KMS key for disks and databases, by its ARN. Its policy must let AWSServiceRoleForAutoScaling use it and make grants: without that AWS launches no
   * member of a pool. Change it before the first deploy only: neither can change its key.
   * @default - the key that AWS has for this in each account
   */
  readonly kmsKeyArn?: string;
  /**
   * Whether a plan that would delete a disk is refused, whatever the reason. Set it to false and deploy before you destroy disks. A machine that stays
   * without its disk was stopped for that: renew it. As long as disks and databases are protected, so is the load balancer, to whose name DNS records
   * lead.
   * @default true
   */
  readonly protectDisks?: boolean;
  /**
   * Whether a plan that would delete one of the site's databases that AWS runs (`rds`, `elastiCache`) is refused, whatever the reason. Set it to false
   * and deploy before you destroy one.
   * @default true
   */
  readonly protectDatabases?: boolean;
  /**
   * How long new members of a pool may take to serve, in seconds, before the deploy fails and the old ones go on. A member that takes longer is
   * replaced by AWS, at any time. A change replaces no member: for those replacements it holds from the next roll-out on.
   * @default 1800 - at the first deploy a web machine waits for the database to boot and to be prepared
   * @throws at synth if it is not a whole number from 300 to 7200
   */
  readonly readySeconds?: number;
  /**
   * Whether the account may send mail on port 25, which AWS blocks until support has opened it.
   * @default false - a page that sends mail there is refused
   */
  readonly mailPort25?: boolean;
  /**
   * The last word on each real resource.
   * @default - none
   */
  readonly tune?: Tune;
}

const ZONES: readonly string[] = ["a", "b", "c"];

export class Settings {
  readonly region: string;
  /** The letters of the zones. */
  readonly zones: readonly string[];
  readonly egress: Egress;
  readonly image: string;
  readonly imageOwner: string;
  readonly protectDisks: boolean;
  readonly protectDatabases: boolean;
  readonly readySeconds: number;
  readonly tune: Tune;

  constructor(readonly props: AwsProps) {
    this.region = isRegion(props.region) ? props.region : "eu-central-1";
    const { zones = ZONES } = props;
    this.zones = wrongZones(zones) === undefined ? zones : ZONES;
    this.egress = props.egress ?? "nat";
    this.image = props.image ?? "debian-13-{arch}-*";
    this.imageOwner = props.imageOwner ?? "136693071363";
    this.protectDisks = props.protectDisks ?? true;
    this.protectDatabases = props.protectDatabases ?? true;
    this.readySeconds = props.readySeconds ?? 1800;
    this.tune = props.tune ?? {};
  }

  architecture(role: Role): Architecture {
    const { architecture } = this.props;
    return (typeof architecture === "object" ? architecture[role] : architecture) ?? "x86_64";
  }

  cpus(role: Role): Cpus {
    const { cpus } = this.props;
    return (typeof cpus === "object" ? cpus[role] : cpus) ?? "burstable";
  }

  /** Everything that has not the form that it must have. */
  get wrong(): readonly Problem[] {
    const { region, zones = ZONES } = this.props;
    const wrongRegion = {
      wrong: `region of AWS is "${region}"`,
      value: region,
      remedy: "give the name of a region, such as eu-central-1",
    };
    const all = [
      isRegion(region) ? undefined : wrongRegion,
      wrongZones(zones),
      wrongNumber("readySeconds of AWS", this.readySeconds, { least: 300, most: 7200 }),
    ];
    return all.filter((one) => one !== undefined);
  }
}

/** Whether it has the form of a region's name. */
export function isRegion(region: string): boolean {
  return /^[a-z]{2}(-[a-z]+)+-[1-9]$/.test(region);
}

function wrongZones(zones: readonly string[]): Problem | undefined {
  const letters = zones.every((zone) => /^[a-z]$/.test(zone)) && new Set(zones).size === zones.length;
  if (letters && zones.length >= 2 && zones.length <= 4) return undefined;
  return {
    wrong: `zones of AWS is ${JSON.stringify(zones)}`,
    remedy: 'give two to four letters, each once, such as ["a", "b", "c"] for eu-central-1a, eu-central-1b and eu-central-1c',
  };
}
