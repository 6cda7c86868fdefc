// A pool on this host: new members beside the old ones, a gate that proves that they serve, then the old ones go.

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
  // A new name for each attempt, not for each text: after a failed gate the members of an earlier page may still serve under theirs.
  const renewal = new TerraformData(scope, `${id}Renewal`, { triggersReplace: { boot: boot.hash, range, name } });
  const members = new TerraformData(scope, id, {
    // One resource for all: what a smaller page no longer has is then still an instance of a block, so Terraform ends it after the gate, as it
    // does with the old members, and runs its provisioner. Of a block that is gone it would do neither.
    count: spec.machines,
    // The generation is part of the name, since old and new members stand side by side.
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
        // Else Terraform would hide every line that the driver prints. The text itself is printed nowhere.
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
  // It is made anew with the members. Terraform ends old members when all that depends on the new ones is made, so they wait for this.
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
    // This host gives them addresses that Terraform does not know.
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
