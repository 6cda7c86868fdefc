// A pool at Hetzner. A roll-out makes new servers beside the old ones, a gate waits until they serve, then the old ones are deleted.

import { PlacementGroup } from "@cdktf/provider-hcloud/lib/placement-group";
import { Server } from "@cdktf/provider-hcloud/lib/server";
import { DataResource, Fn, Lazy, TerraformLocal, Token } from "cdktf";
import { Construct } from "constructs";
import { MadePool, PoolSpec } from "../../core/cloud";
import { bootText } from "../shared/boot-text";
import { SERVERS_OF_A_GROUP, STOP_SECONDS } from "./limits";
import { Door, HetznerNetwork } from "./network";
import { checkRegistries, madeOf, rootAt, serverConfig, ssh } from "./server";

export function pool(scope: Construct, id: string, network: HetznerNetwork, spec: PoolSpec): MadePool {
  const { settings } = network;
  const { name, role, machines, size } = spec;
  const range = spec.ranges[0]!;
  const startFirst = spec.roll === "start-first";
  checkRegistries(scope, network, role, spec.images);
  const boot = bootText(scope, `${id}Boot`, () => spec.bootText() + madeOf(scope, network, { role, size, range }));
  // Each attempt gets new names, not each boot text: after a failed gate, servers of an earlier attempt may still exist with their names.
  const renewal = new DataResource(scope, `${id}Renewal`, { triggersReplace: { boot: boot.hash } });
  const generation = new TerraformLocal(scope, `${id}Generation`, Fn.substr(renewal.id, 0, 6)).asString;
  const subnet = network.subnet(range);
  // During a roll-out two generations are in the placement groups, after a failed gate three.
  const generations = startFirst ? 3 : 1;
  const ofAGroup = Math.floor(SERVERS_OF_A_GROUP / generations);
  const groups = Array.from({ length: Math.ceil(machines / ofAGroup) }, (_, n) => network.group(role, range, n + 1));
  const config = serverConfig(scope, network, {
    // The generation is part of the name: names are unique in a project, and old and new members exist at the same time.
    name: `${name}-\${count.index + 1}-${generation}`,
    role,
    range,
    size,
    group: Token.asNumber(groupOf(groups, ofAGroup)),
    userData: boot.packed,
    shutsDown: false,
    labels: { pool: name },
  });
  const whole = {
    ...config,
    // One resource with `count` for all members: if the number decreases, the surplus members are still instances of an existing block, so Terraform
    // destroys them after the gate and runs their provisioners. If a whole block is removed, Terraform does neither.
    count: machines,
    // No fixed address: the old member still has one of the tier's.
    network: [{ networkId: network.id, subnetId: subnet.id, aliasIps: [] }],
    lifecycle: {
      createBeforeDestroy: startFirst,
      // Another version of Terraform may compress the same text to other bytes. Servers are replaced by the renewal resource instead.
      ignoreChanges: ["user_data"],
      replaceTriggeredBy: [`terraform_data.${renewal.friendlyUniqueId}`],
    },
    // Members that a roll-out replaces or a smaller page removes have already been shut down by the gate. This is for all other cases.
    provisioners: [network.gate.call("stop", { SERVER: "${self.id}", LIMIT_SECONDS: STOP_SECONDS }, "destroy")],
  };
  const members = new Server(scope, id, settings.tune.server?.(whole, { name, role }) ?? whole);
  const all = `hcloud_server.${members.friendlyUniqueId}`;
  const doors = (of: (door: Door) => readonly string[]) =>
    Lazy.stringValue({ produce: () => network.doorsOf(name).flatMap(of).join(" ") });
  // The gate is replaced with the members. Terraform destroys old members only after everything that depends on the new ones, so after the gate.
  const gate = new DataResource(scope, `${id}Settled`, {
    triggersReplace: { members: `\${join(" ", ${all}[*].id)}`, doors: doors((door) => door.needs) },
    provisioners: [
      network.gate.call("serve", {
        SITE: network.site,
        POOL: name,
        FORMER_POOLS: Lazy.stringValue({ produce: () => network.namesOf(name).slice(1).join(" ") }),
        SERVERS: `\${join(" ", formatlist("%s=%s", ${all}[*].name, ${all}[*].id))}`,
        DOORS: doors((door) => [`${door.balancer}:${door.port}`]),
        LIMIT_SECONDS: String(settings.readySeconds),
        PAUSE_SECONDS: Lazy.stringValue({ produce: () => String(network.pauseSeconds) }),
        STOP_SECONDS,
      }),
    ],
  });
  network.uses.push({ servers: machines, rolling: startFirst ? machines : 0, balancers: 0 });
  network.admit({ scope, name, role, machines, peak: machines * generations, gate });
  const login = (n: number) => rootAt(settings, role, `${all}[${n}]`);
  return {
    name,
    resource: all,
    renew: `terraform_data.${renewal.friendlyUniqueId}`,
    members: Array.from({ length: machines }, (_, n) => ({
      name: `\${${all}[${n}].name}`,
      address: `\${one(${all}[${n}].network[*].ip)}`,
      resource: `${all}[${n}]`,
      ...ssh(login(n)),
    })),
    ...(login(0) !== undefined && { loginOptions: `--ssh ${login(0)}` }),
  };
}

/** The placement group of a member, by its number, so that members keep their group when the pool grows or shrinks. */
function groupOf(groups: readonly PlacementGroup[], members: number): string {
  const ids = groups.map((group) => `hcloud_placement_group.${group.friendlyUniqueId}.id`);
  return ids.length === 1 ? `\${${ids[0]}}` : `\${[${ids.join(", ")}][floor(count.index / ${members})]}`;
}
