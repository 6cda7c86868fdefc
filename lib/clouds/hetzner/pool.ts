// A pool at Hetzner: new servers beside the old ones, a gate that sees them serve, then the old ones go.

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
  // A new name for each attempt, not for each text: after a failed gate the servers of an earlier page may still stand under theirs.
  const renewal = new DataResource(scope, `${id}Renewal`, { triggersReplace: { boot: boot.hash } });
  const generation = new TerraformLocal(scope, `${id}Generation`, Fn.substr(renewal.id, 0, 6)).asString;
  const subnet = network.subnet(range);
  // While the pool rolls both generations are in the groups, and after a failed gate a third one.
  const generations = startFirst ? 3 : 1;
  const ofAGroup = Math.floor(SERVERS_OF_A_GROUP / generations);
  const groups = Array.from({ length: Math.ceil(machines / ofAGroup) }, (_, n) => network.group(role, range, n + 1));
  const config = serverConfig(scope, network, {
    // The generation is part of the name: names are unique in a project, and old and new members stand side by side.
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
    // One resource for all: what a smaller page no longer has is then still an instance of a block, so Terraform ends it after the gate, as it
    // does with the old members, and runs its provisioner. Of a block that is gone it would do neither.
    count: machines,
    // No address of its own: the old member still has it.
    network: [{ networkId: network.id, subnetId: subnet.id, aliasIps: [] }],
    lifecycle: {
      createBeforeDestroy: startFirst,
      // Another Terraform may compress the same text to other bytes. Only another text brings new servers, by way of the renewal.
      ignoreChanges: ["user_data"],
      replaceTriggeredBy: [`terraform_data.${renewal.friendlyUniqueId}`],
    },
    // What a roll-out replaces or a smaller page takes away has been shut down by the gate before; this is for the others.
    provisioners: [network.gate.call("stop", { SERVER: "${self.id}", LIMIT_SECONDS: STOP_SECONDS }, "destroy")],
  };
  const members = new Server(scope, id, settings.tune.server?.(whole, { name, role }) ?? whole);
  const all = `hcloud_server.${members.friendlyUniqueId}`;
  const doors = (of: (door: Door) => readonly string[]) =>
    Lazy.stringValue({ produce: () => network.doorsOf(name).flatMap(of).join(" ") });
  // It is made anew with its members and stands between them and the end of the old ones: those wait for all that hangs on the new.
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

/** The spread group of a member, by its number: a pool that grows or shrinks moves none. */
function groupOf(groups: readonly PlacementGroup[], members: number): string {
  const ids = groups.map((group) => `hcloud_placement_group.${group.friendlyUniqueId}.id`);
  return ids.length === 1 ? `\${${ids[0]}}` : `\${[${ids.join(", ")}][floor(count.index / ${members})]}`;
}
