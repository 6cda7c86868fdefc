// What all members of a pool are launched from: `launchTemplateConfig(network, spec, instanceOf(scope, network, spec, poolTier(name)))`.

import { LaunchTemplateConfig } from "@cdktf/provider-aws/lib/launch-template";
import { HostSpec } from "../../core/host-spec";
import { credits, InstanceOf, METADATA, rootDisk } from "./instance";
import { instanceType } from "./instance-types";
import type { AwsNetwork } from "./network";
import { POOL_TAG } from "./tags";

/** All but its name and boot text, so that a change of any of it can be answered with new members. */
export function launchTemplateConfig(
  network: AwsNetwork,
  { name }: HostSpec,
  of: InstanceOf & { readonly onSpot: boolean },
): LaunchTemplateConfig {
  const { encrypted, deleteOnTermination, ...disk } = rootDisk(network.settings);
  const tags = network.tags(name, { [POOL_TAG]: name });
  return {
    imageId: of.image.id,
    instanceType: of.type.type,
    // Members on spare capacity may have a type that is not burstable, for which AWS refuses to hear of credits.
    ...(of.onSpot ? {} : credits(of.type)),
    iamInstanceProfile: { name: of.identity.profile },
    // A template that says how its interface is made says the security groups there.
    ...(of.publicAddress
      ? { networkInterfaces: [{ associatePublicIpAddress: "true", deleteOnTermination: "true", securityGroups: [of.group] }] }
      : { vpcSecurityGroupIds: [of.group] }),
    ...(of.keyName !== undefined && { keyName: of.keyName }),
    // A member reads the name of its group in its tags; see member.sh.
    metadataOptions: { ...METADATA, instanceMetadataTags: "enabled" },
    blockDeviceMappings: [
      {
        deviceName: of.image.rootDevice,
        ebs: { ...disk, encrypted: String(encrypted), deleteOnTermination: String(deleteOnTermination) },
      },
    ],
    // The scaling group tags instances, and nothing else that it makes.
    tagSpecifications: ["volume", "network-interface"].map((resourceType) => ({ resourceType, tags })),
    tags,
  };
}

/** The name of a pool's tier, by which it has a role and a security group; no tier of kept machines has it. */
export function poolTier(name: string): string {
  return `pool-${name}`;
}

/** The types that do for a member on spare capacity, that of the page first: the more there are, the seldomer all of them are taken away. */
export function spotTypes({ settings }: AwsNetwork, { role, size }: HostSpec): readonly string[] {
  const of = settings.cpus(role);
  const choices = [of, of === "steady" ? "burstable" : "steady"] as const;
  const found = choices.map((cpus) => instanceType(settings.architecture(role), cpus, size));
  return [...new Set(found.flatMap((choice) => ("type" in choice ? [choice.type] : [])))];
}
