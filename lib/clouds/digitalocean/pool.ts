// A pool at DigitalOcean: new droplets beside the old ones, a gate that sees them serve, then the old ones go.

import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { Fn, Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { MadePool, PoolSpec } from "../../core/cloud";
import { bootText } from "../shared/boot-text";
import { TerraformData } from "../shared/terraform-data";
import { dropletConfig, loginAt, madeOf, ssh } from "./droplet";
import { STOP_SECONDS } from "./limits";
import { DigitalOceanNetwork } from "./network";
import { addressOf } from "../shared/terraform-address";
import { packedText } from "./user-data";

export function pool(scope: Construct, id: string, network: DigitalOceanNetwork, spec: PoolSpec): MadePool {
  const { settings } = network;
  const { name, role, machines } = spec;
  network.host(scope, spec);
  const startFirst = spec.roll === "start-first";
  const boot = bootText(scope, `${id}Boot`, () => spec.bootText() + madeOf(scope, network, spec));
  // A new name for each attempt, not for each text: after a failed gate the droplets of an earlier page may still stand under theirs.
  const renewal = new TerraformData(scope, `${id}Renewal`, { triggersReplace: { boot: boot.hash } });
  const generation = new TerraformLocal(scope, `${id}Generation`, Fn.substr(renewal.id, 0, 6)).asString;
  const config = dropletConfig(scope, network, {
    name: `${name}-\${count.index + 1}-${generation}`,
    host: spec,
    tier: `pool-${name}`,
    userData: packedText(boot.packed),
  });
  const whole = {
    ...config,
    // One resource for all: what a smaller page no longer has is then still an instance of a block, so Terraform ends it after the gate, as it
    // does with the old members, and runs its provisioner. Of a block that is gone it would do neither.
    count: machines,
    // By the hash of the text alone: another Terraform may compress the same text to other bytes.
    lifecycle: { createBeforeDestroy: startFirst, replaceTriggeredBy: [addressOf(renewal)], ignoreChanges: ["user_data"] },
    // What a roll-out replaces or a smaller page takes away has been shut down by the gate before; this is for the others.
    provisioners: [network.gate.call("stop", { DROPLET: "${self.id}", LIMIT_SECONDS: STOP_SECONDS }, "destroy")],
  };
  const members = new Droplet(scope, id, settings.tune.droplet?.(whole, { name, role }) ?? whole);
  network.atEnd(() => (members.tags = [...members.tagsInput!, ...network.servingTags(name)]));
  const resource = addressOf(members);
  const all = `${resource}[*]`;
  const atEnd = (words: () => readonly string[]) => Lazy.stringValue({ produce: () => words().join(" ") });
  const balancers = atEnd(() => network.doorsOf(name).map((door) => door.balancer));
  // It is made anew with its members and stands between them and the end of the old ones: those wait for all that hangs on the new.
  const gate = new TerraformData(scope, `${id}Settled`, {
    triggersReplace: { members: `\${join(" ", ${all}.id)}`, balancers },
    provisioners: [
      network.gate.call("serve", {
        POOL: name,
        POOL_TAG: network.poolTag(name).name,
        SERVING_TAGS: atEnd(() => network.servingTags(name)),
        DROPLETS: `\${join(" ", formatlist("%s=%s", ${all}.name, ${all}.id))}`,
        BALANCERS: balancers,
        LIMIT_SECONDS: String(settings.readySeconds),
        PAUSE_SECONDS: Lazy.stringValue({ produce: () => String(network.pauseSeconds) }),
        STOP_SECONDS,
      }),
    ],
  });
  network.uses.push({ droplets: machines, rolling: startFirst ? machines : 0, balancers: 0 });
  network.admit({ name, role, gate });
  const login = (n: number) => loginAt(settings, `${resource}[${n}]`);
  return {
    name,
    resource,
    renew: addressOf(renewal),
    members: Array.from({ length: machines }, (_, n) => ({
      name: `\${${resource}[${n}].name}`,
      address: `\${${resource}[${n}].ipv4_address_private}`,
      resource: `${resource}[${n}]`,
      ...ssh(login(n)),
    })),
    ...(login(0) !== undefined && { loginOptions: `--ssh ${login(0)}` }),
  };
}
