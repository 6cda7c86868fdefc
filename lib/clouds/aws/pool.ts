// A pool at AWS: a launch template and a scaling group for each generation, and a gate that sees the members of the new one serve.

import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { LaunchTemplate, LaunchTemplateConfig } from "@cdktf/provider-aws/lib/launch-template";
import { Fn, Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { MadePool, PoolSpec } from "../../core/cloud";
import { MEMBER } from "../../core/inventory";
import { bootText } from "../shared/boot-text";
import { addressOf } from "../shared/terraform-address";
import { TerraformData } from "../shared/terraform-data";
import { instanceOf } from "./instance";
import { access } from "./access";
import { launchTemplateConfig, poolTier, spotTypes } from "./launch-template";
import { GENERATION_LENGTH, memberRights } from "./member";
import { AwsNetwork } from "./network";
import { onSpot, scalingGroupConfig, scalingPolicies } from "./scaling-group";
import { POOL_TAG, SITE_TAG } from "./tags";

export function pool(scope: Construct, id: string, network: AwsNetwork, spec: PoolSpec): MadePool {
  const { settings, site } = network;
  const { name, role, machines } = spec;
  const tuned = { name, role };
  network.host(scope, spec);
  const tier = poolTier(name);
  const of = instanceOf(scope, network, spec, tier);
  of.identity.allow(memberRights(network, name));
  const boot = bootText(scope, `${id}Boot`, spec.bootText);
  // What the generation is made of is known after the user-data that names it.
  let generation = "";
  const named = Lazy.stringValue({ produce: () => generation });
  const { userData, object } = network.bootTexts.add(scope, id, { tier, name, boot, identity: of.identity, generation: named });
  const plain = { ...launchTemplateConfig(network, spec, { ...of, onSpot: onSpot(network, spec) }), userData };
  const config = settings.tune.launchTemplate?.(plain, tuned) ?? plain;
  // A new name for each attempt, not for each text: after a failed gate the group of an earlier page may still stand under its own.
  const renewal = new TerraformData(scope, `${id}Renewal`, {
    triggersReplace: { boot: boot.hash, ...madeOf(network, spec, config) },
  });
  generation = new TerraformLocal(scope, `${id}Generation`, Fn.substr(renewal.id, 0, GENERATION_LENGTH)).asString;
  const groupName = `${site}-${name}-${generation}`;
  const startFirst = spec.roll === "start-first";
  const lifecycle = { createBeforeDestroy: startFirst, replaceTriggeredBy: [addressOf(renewal)] };
  object.lifecycle = lifecycle;
  const template = new LaunchTemplate(scope, `${id}Template`, {
    ...config,
    name: groupName,
    // Another version of Terraform may compress the same text to other bytes; the renewal makes the template anew when the text is another.
    lifecycle: { ...lifecycle, ignoreChanges: ["user_data"] },
  });
  const whole = {
    ...scalingGroupConfig(network, spec, { name: groupName, template }),
    // Hooks of a group that stands cannot change; another limit holds from the next generation on.
    lifecycle: { ...lifecycle, ignoreChanges: ["initial_lifecycle_hook"] },
    dependsOn: [...of.ready],
  };
  const group = new AutoscalingGroup(scope, id, settings.tune.autoscalingGroup?.(whole, tuned) ?? whole);
  // The gate depends on them: so the policies of the group that serves go after the gate as well.
  const policies = scalingPolicies(scope, id, group, network, spec);
  const targets = () => network.targetsOf(name).map(({ arn }) => arn);
  network.atEnd(() => {
    if (targets().length > 0) group.targetGroupArns = [...targets()];
  });
  const joined = Lazy.stringValue({ produce: () => targets().join(" ") });
  const resource = addressOf(group);
  // It is made anew with the group and stands between the new one and the end of the old: that waits for all that hangs on the new. Also when the
  // page asks for another number of members, so that a deploy ends when they serve.
  const gate = new TerraformData(scope, `${id}Settled`, {
    triggersReplace: { group: group.id, machines: `${machines}`, targets: joined },
    dependsOn: [...policies],
    provisioners: [
      network.gate.call("serve", {
        POOL: name,
        REGION: settings.region,
        GROUP: group.id,
        TAGS: [`${SITE_TAG}=${site}`, `${POOL_TAG}=${name}`].join(" "),
        TARGETS: joined,
        LIMIT_SECONDS: String(settings.readySeconds),
      }),
    ],
  });
  const cpus = of.type.cpus * (spec.scale?.most ?? machines);
  network.found.uses({ standing: cpus, rolling: startFirst ? cpus : 0, spot: onSpot(network, spec) });
  network.admit({ name, role, gate });
  const login = access(network).login?.(MEMBER);
  const reached = login !== undefined && { login, loginOptions: `--site ${site}` };
  return { name, resource, renew: addressOf(renewal), list: listOf(network, name), ...reached };
}

/** All besides the boot text that members are made of: a change of it makes a new generation, and does not leave old members among new ones. */
function madeOf(
  network: AwsNetwork,
  spec: PoolSpec,
  { userData: _, ...template }: LaunchTemplateConfig,
): Record<string, unknown> {
  return { template, ...(onSpot(network, spec) && { spot: spotTypes(network, spec) }) };
}

function listOf({ settings, site }: AwsNetwork, name: string): string {
  const filters = [`tag:${SITE_TAG},Values=${site}`, `tag:${POOL_TAG},Values=${name}`, "instance-state-name,Values=running"];
  return [
    `aws ec2 describe-instances --region ${settings.region} --output text`,
    `--filters ${filters.map((filter) => `Name=${filter}`).join(" ")}`,
    "--query 'Reservations[].Instances[].[InstanceId,PrivateIpAddress,LaunchTime]'",
  ].join(" ");
}
