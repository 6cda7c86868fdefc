// A kept machine at Hetzner: a server with a fixed private address and volumes that outlive it.

import { Server, ServerConfig } from "@cdktf/provider-hcloud/lib/server";
import { Volume, VolumeConfig } from "@cdktf/provider-hcloud/lib/volume";
import { VolumeAttachment } from "@cdktf/provider-hcloud/lib/volume-attachment";
import { Token } from "cdktf";
import { Construct } from "constructs";
import { MachineSpec, MadeMachine } from "../../core/cloud";
import { DiskSpec } from "../../core/host-spec";
import { shortened } from "../../core/names";
import { shrinks } from "../../core/size";
import { bootText, settingsText } from "../shared/boot-text";
import { TerraformData } from "../shared/terraform-data";
import { DISK_GIB, DISKS_OF_A_SERVER, NAME_LENGTH, SERVERS_OF_A_GROUP, STOP_SECONDS } from "./limits";
import { HetznerNetwork } from "./network";
import { checkRegistries, checkVisits, madeOf, rootAt, serverConfig, ssh } from "./server";

// Changes of these take effect by renewal only. In place, Terraform would power off all machines of the site at the same time.
const RENEWED = ["user_data", "ssh_keys", "image", "server_type", "public_net"];

export function keptMachine(scope: Construct, id: string, network: HetznerNetwork, spec: MachineSpec): MadeMachine {
  const { settings } = network;
  const kept = spec.onChange === "keep";
  const group = Math.floor((spec.number - 1) / SERVERS_OF_A_GROUP) + 1;
  const volumes = spec.disks.map((disk) => ({
    name: disk.name,
    volume: volume(scope, `${id}${disk.name}`, network, spec.name, disk),
  }));
  if (spec.disks.length > DISKS_OF_A_SERVER) {
    network.problems.add(scope, {
      wrong: `it has ${spec.disks.length} disks, and a server takes ${DISKS_OF_A_SERVER}`,
      remedy: "use fewer and larger disks",
    });
  }
  checkRegistries(scope, network, spec.role, spec.images);
  checkVisits(scope, network, spec.role);
  const whole = (text: () => string) => () => text() + madeOf(scope, network, spec);
  const boot = bootText(scope, `${id}Boot`, whole(spec.bootText), kept ? whole(spec.renewedText) : undefined);
  const subnet = network.subnet(spec.range);
  const config = serverConfig(scope, network, {
    name: spec.name,
    role: spec.role,
    range: spec.range,
    size: spec.size,
    group: Token.asNumber(network.group(spec.role, spec.range, group).id),
    userData: boot.packed,
    // If it has disks, the gate program shuts it down before the first disk is detached.
    shutsDown: spec.disks.length === 0,
    labels: { machine: spec.name, boot: boot.hash },
  });
  const server = new Server(
    scope,
    id,
    tuned(network, spec, {
      ...config,
      network: [
        // Without the empty list, every apply detaches the private interface of a running server and attaches it again.
        { networkId: network.id, subnetId: subnet.id, ip: spec.address, aliasIps: [] },
      ],
      ...(kept ? { lifecycle: { ignoreChanges: [...RENEWED, 'labels["boot"]'] } } : {}),
    }),
  );
  const attached = attach(
    scope,
    id,
    network,
    server,
    volumes.map((one) => one.volume),
  );
  const there = [server, ...attached] as const;
  const delivered = kept && settings.ssh.settings === true ? [deliver(scope, id, network, spec, there)] : [];
  // Pools roll only after these: new members may need connections that a kept machine accepts only with its new settings.
  network.keep({ scope, role: spec.role, range: spec.range, made: [...there, ...(spec.needed ? delivered : [])] });
  network.uses.push({ servers: 1, rolling: 0, balancers: 0 });
  const resource = `hcloud_server.${server.friendlyUniqueId}`;
  const madeWith = `lookup(${resource}.labels, "boot", "")`;
  if (kept) network.outdated.add({ name: spec.name, address: resource, madeWith, now: boot.hashName });
  return {
    address: spec.address,
    resource,
    renew: resource,
    older: `\${${madeWith} != ${boot.hashName}}`,
    ...ssh(rootAt(settings, spec.role, resource)),
    devices: Object.fromEntries(volumes.map(({ name, volume }) => [name, volume.linuxDevice])),
  };
}

function tuned(network: HetznerNetwork, { name, role }: MachineSpec, config: ServerConfig): ServerConfig {
  return network.settings.tune.server?.(config, { name, role }) ?? config;
}

// Replaced when the settings change, but not when the server is: a new server boots with them.
function deliver(
  scope: Construct,
  id: string,
  network: HetznerNetwork,
  { name, settings }: MachineSpec,
  there: readonly [Server, ...VolumeAttachment[]],
): TerraformData {
  const address = `hcloud_server.${there[0].friendlyUniqueId}`;
  const text = settingsText(scope, `${id}SettingsText`, settings);
  return new TerraformData(scope, `${id}Settings`, {
    triggersReplace: { settings: text.hash },
    dependsOn: [...there],
    provisioners: [
      network.overSsh.deliver({
        host: `\${coalesce(${address}.ipv4_address, ${address}.ipv6_address)}`,
        hostKeyName: `hcloud-\${${address}.id}`,
        name,
        settings: text.packed,
      }),
    ],
  });
}

function volume(scope: Construct, id: string, network: HetznerNetwork, machine: string, disk: DiskSpec): Volume {
  const { settings } = network;
  if (disk.gib > DISK_GIB.most) {
    network.problems.add(scope, {
      wrong: `its disk ${disk.name} has ${disk.gib} GiB`,
      remedy: `use at most ${DISK_GIB.most}, which is Hetzner's largest volume`,
    });
  }
  const name = shortened(`${network.site}-${machine}-${disk.name}`, NAME_LENGTH);
  const guarded = settings.protectDisks && !settings.releasedVolumes.includes(name);
  const config = {
    name,
    // Like a server type, the volume is the smallest one that is large enough.
    size: Math.max(disk.gib, DISK_GIB.least),
    location: settings.location,
    labels: { site: network.site, machine, disk: disk.name, construct: network.found.keeps({ scope, id }) },
    // Terraform's `prevent_destroy` has no effect once the block is removed, so Hetzner's delete protection is set too.
    deleteProtection: guarded,
    lifecycle: { preventDestroy: guarded },
  };
  const whole = settings.tune.volume?.(config, { machine, disk: disk.name }) ?? config;
  return new Volume(scope, id, {
    ...whole,
    lifecycle: { ...whole.lifecycle, precondition: [neverShrinks(scope, network, whole, disk)] },
  });
}

// Hetzner would also refuse it, but in the middle of an apply. Before the first apply there is no such volume, and the condition is true.
function neverShrinks(scope: Construct, network: HetznerNetwork, config: VolumeConfig, disk: DiskSpec) {
  const has = `max(0, [for one in ${network.found.volumes} : one.size if one.name == "${config.name}"]...)`;
  const wanted = { name: disk.name, gib: config.size };
  return { condition: `\${${has} <= ${config.size}}`, errorMessage: shrinks(scope.node.path, wanted, `\${${has}}`) };
}

// One after the other: Hetzner locks a server while a volume is being attached, and the provider's retries end after about five volumes.
function attach(scope: Construct, id: string, network: HetznerNetwork, server: Server, volumes: readonly Volume[]) {
  const made: VolumeAttachment[] = [];
  volumes.forEach((volume, n) => {
    const attachment = new VolumeAttachment(scope, `${id}Attached${n + 1}`, {
      volumeId: Token.asNumber(volume.id),
      serverId: Token.asNumber(server.id),
      automount: false,
      dependsOn: made.slice(-1),
      // A volume is detached before its server is deleted, so whatever writes to it must have ended before.
      provisioners: [network.gate.call("stop", { SERVER: "${self.server_id}", LIMIT_SECONDS: STOP_SECONDS }, "destroy")],
    });
    made.push(attachment);
  });
  return made;
}
