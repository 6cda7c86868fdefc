// A pool at Hetzner: new servers beside the old ones, a gate that sees them serve, then the old ones go.

import { Server } from "@cdktf/provider-hcloud/lib/server";
import { DataResource, Fn, Lazy, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { MadePool, PoolSpec } from "../../core/cloud";
import { bootText } from "./boot-text";
import { SERVERS_OF_A_GROUP } from "./limits";
import { Door, HetznerNetwork } from "./network";
import { PublicAddresses } from "./settings";
import { checkRegistries, madeOf, serverConfig, STOP_SECONDS } from "./server";

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
  const members = Array.from({ length: machines }, (_, n) => {
    const config = serverConfig(scope, network, {
      // The generation is part of the name: names are unique in a project, and old and new members stand side by side.
      name: `${name}-${n + 1}-${generation}`,
      role,
      range,
      size,
      group: Math.floor(n / ofAGroup) + 1,
      userData: boot.packed,
      shutsDown: false,
      labels: { pool: name },
    });
    const whole = {
      ...config,
      // No address of its own: the old member still has it.
      network: [{ networkId: network.id, subnetId: subnet.id, aliasIps: [] }],
      lifecycle: {
        createBeforeDestroy: startFirst,
        // Another Terraform may compress the same text to other bytes. Only another text brings new servers, by way of the renewal.
        ignoreChanges: ["user_data"],
        replaceTriggeredBy: [`terraform_data.${renewal.friendlyUniqueId}`],
      },
      // For a destroy of the whole. What a roll-out replaces has been shut down by the gate, and of what leaves the page Terraform asks nothing.
      provisioners: [network.gate.call("stop", { SERVER: "${self.id}", LIMIT_SECONDS: STOP_SECONDS }, "destroy")],
    };
    return new Server(scope, `${id}${n + 1}`, settings.tune.server?.(whole, { name, role }) ?? whole);
  });
  network.uses.push({ servers: machines, rolling: startFirst ? machines : 0, balancers: 0 });
  network.admit({ name, peak: machines * generations });
  const doors = (of: (door: Door) => readonly string[]) =>
    Lazy.stringValue({ produce: () => network.doorsOf(name).flatMap(of).join(" ") });
  // It is made anew with its members and stands between them and the end of the old ones: those wait for all that hangs on the new.
  new DataResource(scope, `${id}Settled`, {
    triggersReplace: { members: members.map((member) => member.id).join(" "), doors: doors((door) => door.needs) },
    provisioners: [
      network.gate.call("serve", {
        SITE: network.site,
        POOL: name,
        SERVERS: members.map((member) => `${member.name}=${member.id}`).join(" "),
        DOORS: doors((door) => [`${door.balancer}:${door.port}`]),
        LIMIT_SECONDS: String(settings.readySeconds),
        STOP_SECONDS,
      }),
    ],
  });
  const login = loginOf(members[0], settings.addresses(role));
  return {
    name,
    ...(settings.ssh.keys.length > 0 &&
      settings.ssh.from.length > 0 &&
      login !== undefined && { loginOptions: `--ssh root@${login}` }),
  };
}

function loginOf(member: Server | undefined, addresses: PublicAddresses): string | undefined {
  return addresses === "ipv6" ? member?.ipv6Address : member?.ipv4Address;
}
