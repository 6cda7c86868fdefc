// A pool on this host. A roll-out makes new members beside the old ones, a gate waits until they serve, then the old ones are removed.

import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { MadePool, PoolSpec } from "../../core/cloud";
import { bootText, notSecret } from "../shared/boot-text";
import { login } from "./machine";
import { LocalNetwork } from "./network";
import { TerraformData } from "../shared/terraform-data";

export function pool(scope: Construct, id: string, network: LocalNetwork, spec: PoolSpec): MadePool {
  const { driver } = network;
  const { name, role } = spec;
  const range = spec.ranges[0]!;
  network.carries("pool", spec);
  const boot = bootText(scope, `${id}Boot`, spec.bootText);
  // Each attempt gets new names, not each boot text: after a failed gate, members of an earlier attempt may still exist with their names.
  const renewal = new TerraformData(scope, `${id}Renewal`, { triggersReplace: { boot: boot.hash, range, name } });
  const members = new TerraformData(scope, id, {
    // One resource with `count` for all members: if the number decreases, the surplus members are still instances of an existing block, so Terraform
    // destroys them after the gate and runs their provisioners. If a whole block is removed, Terraform does neither.
    count: spec.machines,
    // The generation is part of the name, since old and new members exist at the same time.
    input: { site: network.site, pool: name, name: `${name}-\${count.index + 1}-\${substr(${addressOf(renewal)}.id, 0, 6)}` },
    lifecycle: { createBeforeDestroy: spec.roll === "start-first", replaceTriggeredBy: [addressOf(renewal)] },
    dependsOn: [...network.ready],
    provisioners: [
      driver.call("machine create", {
        ...network.environment,
        NAME: "${self.input.name}",
        POOL: name,
        ROLE: role,
        RANGE: range,
        ALONE: spec.roll === "stop-first" ? "yes" : "",
        DIRECTORIES: Lazy.stringValue({ produce: () => (spec.files() ? "files=/srv/files" : "") }),
        // Otherwise Terraform would hide the driver's output. The text itself is never printed.
        BOOT_TEXT: notSecret(boot.packed),
        LIMIT_SECONDS: String(network.settings.bootSeconds),
      }),
      // Not called for what a start-first roll-out replaces; the gate below removes those.
      driver.call(
        "pool remove",
        { SITE: "${self.input.site}", POOL: "${self.input.pool}", NAME: "${self.input.name}" },
        "destroy",
      ),
    ],
  });
  network.awaits(members);
  const all = `${addressOf(members)}[*]`;
  const door = Lazy.stringValue({ produce: () => network.door(name)?.machine ?? "" });
  const backends = Lazy.stringValue({ produce: () => network.door(name)?.backends ?? "" });
  // The gate is replaced with the members. Terraform destroys old members only after everything that depends on the new ones, so after the gate.
  const gate = network.gate(scope, `${id}Settled`, { members: `\${join(" ", ${all}.id)}`, door, backends }, "pool settle", {
    POOL: name,
    MEMBERS: `\${join(" ", ${all}.input.name)}`,
    FRONT_DOOR: Lazy.stringValue({ produce: () => network.door(name)?.name ?? "" }),
    TARGETS_BACKENDS: backends,
  });
  network.roles.add({ role, name, gate });
  return {
    name,
    resource: addressOf(members),
    renew: addressOf(renewal),
    // Without addresses: the driver assigns them, and Terraform does not have them.
    members: Array.from({ length: spec.machines }, (_, n) => {
      const resource = `${addressOf(members)}[${n}]`;
      const member = `\${${resource}.input.name}`;
      return { name: member, resource, login: login(network, member) };
    }),
    list: `npx cdktf-mastodon local list ${network.site}`,
    loginOptions: `--site ${network.site}`,
  };
}

function addressOf(resource: TerraformData): string {
  return `terraform_data.${resource.friendlyUniqueId}`;
}
