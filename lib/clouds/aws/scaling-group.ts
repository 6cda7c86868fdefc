// One generation of a pool as an Auto Scaling group: `scalingGroupConfig(network, spec, { name, template })`. Why its settings are as they are.

import {
  AutoscalingGroup,
  AutoscalingGroupConfig,
  AutoscalingGroupInitialLifecycleHook,
} from "@cdktf/provider-aws/lib/autoscaling-group";
import { AutoscalingPolicy, AutoscalingPolicyTargetTrackingConfiguration } from "@cdktf/provider-aws/lib/autoscaling-policy";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { Construct } from "constructs";
import { PoolSpec } from "../../core/cloud";
import { spotTypes } from "./launch-template";
import { deleteMinutes, LAUNCH, TERMINATE, TERMINATE_SECONDS } from "./lifecycle";
import type { AwsNetwork } from "./network";
import { usedMetric } from "./pools-used";
import { POOL_TAG } from "./tags";

/** The tag with the name of the group, which a member reads in its metadata; see member.sh. */
export const GROUP_TAG = "cdktf-mastodon:group";

/** For how long the processors of a new member, busy with what a cold one does first, count nothing for scaling. */
const WARMUP_SECONDS = 120;

/** Members on demand in a pool on spare capacity: if all spare capacity is taken away at once, jobs are still done. */
const ON_DEMAND = 1;

export function scalingGroupConfig(
  network: AwsNetwork,
  spec: PoolSpec,
  { name, template }: { readonly name: string; readonly template: LaunchTemplate },
): AutoscalingGroupConfig {
  const { settings, vpc } = network;
  const tags = network.tags(spec.name, { [POOL_TAG]: spec.name, [GROUP_TAG]: name });
  const stopFirst = spec.roll === "stop-first";
  return {
    name,
    minSize: spec.machines,
    // Between the two limits scaling alone decides, and the page says nothing of it.
    ...(spec.scale === undefined
      ? { maxSize: spec.machines, desiredCapacity: spec.machines }
      : { maxSize: spec.scale.most, defaultInstanceWarmup: WARMUP_SECONDS }),
    vpcZoneIdentifier: spec.ranges.map((range, zone) => vpc.subnet(range, zone)),
    ...(onSpot(network, spec) ? mixed(spotTypes(network, spec), template) : { launchTemplate: versionOf(template) }),
    // The load balancer's opinion would end members that are busy. A member that hangs says so itself; see member.sh.
    healthCheckType: "EC2",
    // The hook has waited until the member serves.
    healthCheckGracePeriod: 0,
    initialLifecycleHook: hooks(settings.readySeconds),
    // Its own wait would make a failed roll-out a group that Terraform makes anew, after it has removed the one that serves. The gate waits.
    waitForCapacityTimeout: "0",
    // Both would start a member beside one that serves, for reasons of AWS' own.
    capacityRebalance: false,
    ...(stopFirst && { suspendedProcesses: ["AZRebalance"] }),
    // In the place of an unhealthy member: beside it, or when AWS has begun to end it. AWS does not wait until it has ended, as Terraform does in a
    // roll-out; it boots for minutes meanwhile, and a program of which two must never run has a lock of its own.
    instanceMaintenancePolicy: stopFirst
      ? { minHealthyPercentage: 0, maxHealthyPercentage: 100 }
      : { minHealthyPercentage: 100, maxHealthyPercentage: 200 },
    tag: Object.entries(tags).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
    timeouts: { delete: `${deleteMinutes(settings.readySeconds)}m` },
  };
}

/**
 * Keep a group's processors as busy as the page says, and as much of the pool in use. AWS adds members if one of them wants it, and removes some only if
 * all do. They stand as long as their group: one that serves may have to grow.
 */
export function scalingPolicies(
  scope: Construct,
  id: string,
  group: AutoscalingGroup,
  network: AwsNetwork,
  { name, scale }: PoolSpec,
): readonly AutoscalingPolicy[] {
  if (scale === undefined) return [];
  const { cpuPercent, usedPercent } = scale;
  const follows = (policy: string, more: string, target: AutoscalingPolicyTargetTrackingConfiguration) =>
    new AutoscalingPolicy(scope, `${id}${more}`, {
      name: policy,
      autoscalingGroupName: group.id,
      policyType: "TargetTrackingScaling",
      targetTrackingConfiguration: target,
      lifecycle: { createBeforeDestroy: true },
    });
  const predefinedMetricSpecification = { predefinedMetricType: "ASGAverageCPUUtilization" };
  return [
    follows("cpu", "Scale", { predefinedMetricSpecification, targetValue: cpuPercent }),
    ...(usedPercent === undefined
      ? []
      : [follows("used", "ScaleByUse", { customizedMetricSpecification: usedMetric(network, name), targetValue: usedPercent })]),
  ];
}

/** Whether its members are on spare capacity. The scheduler never is: there is one, and it would be away for a while. */
export function onSpot({ settings }: AwsNetwork, { role, roll }: PoolSpec): boolean {
  return settings.props.spotSidekiq === true && role === "sidekiq" && roll === "start-first";
}

function versionOf(template: LaunchTemplate): { readonly id: string; readonly version: string } {
  return { id: template.id, version: `${template.latestVersion}` };
}

function mixed(types: readonly string[], template: LaunchTemplate): Pick<AutoscalingGroupConfig, "mixedInstancesPolicy"> {
  const { id, version } = versionOf(template);
  return {
    mixedInstancesPolicy: {
      instancesDistribution: {
        onDemandBaseCapacity: ON_DEMAND,
        onDemandPercentageAboveBaseCapacity: 0,
        spotAllocationStrategy: "price-capacity-optimized",
      },
      launchTemplate: {
        launchTemplateSpecification: { launchTemplateId: id, version },
        override: types.map((instanceType) => ({ instanceType })),
      },
    },
  };
}

function hooks(readySeconds: number): AutoscalingGroupInitialLifecycleHook[] {
  return [
    {
      name: LAUNCH,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      defaultResult: "ABANDON",
      heartbeatTimeout: readySeconds,
    },
    {
      name: TERMINATE,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      defaultResult: "CONTINUE",
      heartbeatTimeout: TERMINATE_SECONDS,
    },
  ];
}
