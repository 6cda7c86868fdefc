// A pool on this host: new members beside the old ones, a gate that proves that they serve, then the old ones go.

import { Fn, Lazy } from "cdktf";
import { Construct } from "constructs";
import { MadePool, PoolSpec } from "../../core/cloud";
import { bootText, notSecret } from "../shared/boot-text";
import { login } from "./machine";
import { LocalNetwork } from "./network";
import { TerraformData } from "../shared/terraform-data";

export function pool(scope: Construct, id: string, network: LocalNetwork, spec: PoolSpec): MadePool {
  const { driver } = network;
  const range = spec.ranges[0]!;
  network.carries("pool", spec);
  const boot = bootText(scope, `${id}Boot`, spec.bootText);
  const members = Array.from({ length: spec.machines }, (_, n) => {
    // The generation is part of the name, since old and new members stand side by side.
    const name = `${spec.name}-${n + 1}-${Fn.substr(boot.hash, 0, 6)}`;
    const member = new TerraformData(scope, `${id}${n + 1}`, {
      input: { site: network.site, pool: spec.name, name },
      triggersReplace: { boot: boot.hash, range },
      lifecycle: { createBeforeDestroy: spec.roll === "start-first" },
      dependsOn: [...network.ready],
      provisioners: [
        driver.call("machine create", {
          ...network.environment,
          NAME: name,
          POOL: spec.name,
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
    network.awaits(member);
    return { id: member.id, name, resource: `terraform_data.${member.friendlyUniqueId}` };
  });
  const ids = members.map((member) => member.id).join(" ");
  const door = Lazy.stringValue({ produce: () => network.door(spec.name)?.machine ?? "" });
  const backends = Lazy.stringValue({ produce: () => network.door(spec.name)?.backends ?? "" });
  network.gate(scope, `${id}Settled`, { members: ids, door, backends }, "pool settle", {
    POOL: spec.name,
    MEMBERS: members.map((member) => member.name).join(" "),
    FRONT_DOOR: Lazy.stringValue({ produce: () => network.door(spec.name)?.name ?? "" }),
    TARGETS_BACKENDS: backends,
  });
  return {
    name: spec.name,
    // This host gives them addresses that Terraform does not know.
    members: members.map(({ name, resource }) => ({ name, resource, login: login(network, name) })),
    list: `npx cdktf-mastodon local list ${network.site}`,
    loginOptions: `--site ${network.site}`,
  };
}
