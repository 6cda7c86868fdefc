// AWS: `new Site(stack, "Social", { cloud: aws({ region: "eu-central-1", dns: route53({ zone: "social.example" }) }), … })`.
// Terraform and the gate find credentials as the AWS CLI does.

import { Construct } from "constructs";
import { Role } from "../../core/address-plan";
import {
  AddedSteps,
  Cloud,
  CloudCan,
  CloudSession,
  FrontDoorSpec,
  MachineSpec,
  MadeFrontDoor,
  MadeMachine,
  MadePool,
  PoolSpec,
  SiteSpec,
} from "../../core/cloud";
import { Flow } from "../../core/flow";
import { HostSpec } from "../../core/host-spec";
import { access } from "./access";
import { AwsFrontDoor, IDLE_SECONDS } from "./front-door";
import { hostSteps } from "./host-steps";
import { BOOT_TEXT_BYTES } from "./limits";
import { keptMachine } from "./machine";
import { AwsNetwork } from "./network";
import { pool } from "./pool";
import { AwsProps, Settings } from "./settings";

export { type Access } from "./access";
export { type AccessLogs } from "./access-logs";
export { Certificate, type CertificateProps } from "./certificate";
export { elastiCache, type ElastiCacheProps, type ElastiCacheUse, type ElastiCacheValkey } from "./elasticache";
export { type Architecture, type Cpus } from "./instance-types";
export { type Day, type Maintenance, type ManagedProps } from "./managed-place";
export { rds, type RdsPostgres, type RdsProps } from "./rds";
export { MediaBucket, type MediaBucketProps } from "./media-bucket";
export { type MediaCloudFrontProps } from "./media-cloudfront";
export { awsObjects, type AwsObjectsProps, type MediaAccess, type MediaPlace } from "./media-key";
export { route53, type Route53Props } from "./route53";
export { SesDomain, type SesDomainProps } from "./ses";
export { type AwsProps, type Tune } from "./settings";
export { secretsInState } from "./state-secrets";
export { type Egress, type ExistingNetwork, type ExistingSubnet } from "./vpc";

/** A cloud of one AWS account and region; one may carry several sites, each with a network of its own. */
export function aws(props: AwsProps): AwsCloud {
  return new AwsCloud(new Settings(props));
}

export class AwsCloud implements Cloud {
  readonly name = "AWS";
  readonly can: CloudCan;

  /** @internal */
  constructor(private readonly settings: Settings) {
    this.can = {
      bootText: { bytes: BOOT_TEXT_BYTES, counts: "text" },
      frontDoorIdleSeconds: IDLE_SECONDS,
      zones: settings.zones.length,
      quorumInTwoZones: settings.props.quorumInTwoZones === true,
      secrets: "store",
      identity: true,
      dhcp6: true,
      scales: true,
      scalesByUse: true,
    };
  }

  open(scope: Construct, spec: SiteSpec): CloudSession {
    return new AwsSession(new AwsNetwork(scope, spec, this.settings));
  }
}

/** The session, with what the functions of this folder that make managed services and buckets need of it. */
export class AwsSession implements CloudSession {
  constructor(readonly network: AwsNetwork) {}

  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine {
    return keptMachine(scope, id, this.network, spec);
  }

  pool(scope: Construct, id: string, spec: PoolSpec): MadePool {
    return pool(scope, id, this.network, spec);
  }

  frontDoor(scope: Construct, id: string, spec: FrontDoorSpec): MadeFrontDoor {
    return new AwsFrontDoor(new Construct(scope, id), this.network, spec);
  }

  sourcesOf(role: Role): readonly string[] {
    return [this.network.spec.roles[role]];
  }

  openings(): readonly Omit<Flow, "to">[] {
    return access(this.network).openings;
  }

  steps(host: HostSpec): AddedSteps {
    return hostSteps(this.network, host);
  }

  nextSteps(): readonly string[] {
    return [];
  }

  finish(): void {
    this.network.end();
  }
}
