// A kept machine at DigitalOcean: a droplet over volumes that outlive it.

import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { Construct } from "constructs";
import { MachineSpec, MadeMachine } from "../../core/cloud";
import { DiskSpec } from "../../core/host-spec";
import { bootText, settingsText } from "../shared/boot-text";
import { TerraformData } from "../shared/terraform-data";
import { tierName } from "../shared/tier-name";
import { dropletConfig, loginAt, madeOf, ssh } from "./droplet";
import { DISK_GIB, DISKS_OF_A_DROPLET, STOP_SECONDS } from "./limits";
import { DigitalOceanNetwork } from "./network";
import { addressOf } from "../shared/terraform-address";
import { packedText } from "./user-data";

// What only a renewal brings. In place Terraform would switch machines off together, or replace them.
const RENEWED = ["user_data", "ssh_keys", "image", "size", "ipv6", "monitoring"];

export function keptMachine(scope: Construct, id: string, network: DigitalOceanNetwork, spec: MachineSpec): MadeMachine {
  const { settings } = network;
  const { name, role } = spec;
  network.host(scope, spec);
  if (spec.disks.length > DISKS_OF_A_DROPLET) {
    network.problems.add(scope, {
      wrong: `it has ${spec.disks.length} disks, and a droplet takes ${DISKS_OF_A_DROPLET}`,
      remedy: "use fewer and larger disks",
    });
  }
  const disks = spec.disks.map((disk) => ({ name: disk.name, ...volume(scope, network, name, disk) }));
  const kept = spec.onChange === "keep";
  const text = (of: () => string) => () => of() + madeOf(scope, network, spec);
  const boot = bootText(scope, `${id}Boot`, text(spec.bootText), kept ? text(spec.renewedText) : undefined);
  const whole = {
    ...dropletConfig(scope, network, { name, host: spec, tier: `machines-${tierName(spec)}`, userData: packedText(boot.packed) }),
    // From its first boot on: attached later, a disk would be missing then.
    volumeIds: disks.map((disk) => disk.id),
    ...(kept && { lifecycle: { ignoreChanges: RENEWED } }),
    // The provider takes the disks away before it deletes the droplet; what writes to them must have ended by then.
    provisioners: [network.gate.call("stop", { DROPLET: "${self.id}", LIMIT_SECONDS: STOP_SECONDS }, "destroy")],
  };
  const droplet = new Droplet(scope, id, settings.tune.droplet?.(whole, { name, role }) ?? whole);
  const resource = addressOf(droplet);
  const delivered = kept && settings.ssh.settings === true ? deliver(scope, id, network, spec, droplet) : undefined;
  // Pools roll only after these: new members may need connections that a kept machine accepts only with its new settings.
  network.keep(droplet, spec.needed ? delivered : undefined);
  network.uses.push({ droplets: 1, rolling: 0, balancers: 0 });
  const madeWith = `${addressOf(madeWithText(scope, id, droplet, boot.hash))}.output.boot`;
  if (kept) network.outdated.add({ name, address: resource, madeWith, now: boot.hashName });
  return {
    address: droplet.ipv4AddressPrivate,
    resource,
    renew: resource,
    older: `\${${madeWith} != ${boot.hashName}}`,
    ...ssh(loginAt(settings, resource)),
    devices: Object.fromEntries(disks.map((disk) => [disk.name, disk.device])),
  };
}

/**
 * Keeps the hash of the boot text with which a droplet was made, as its output. It is not on the droplet: a tag would be changed on running droplets,
 * and exist in the account for ever; and the provider's own hash of the user-data includes settings, which are delivered.
 */
function madeWithText(scope: Construct, id: string, droplet: Droplet, hash: string): TerraformData {
  return new TerraformData(scope, `${id}MadeWith`, {
    input: { boot: hash },
    triggersReplace: { droplet: droplet.id },
    lifecycle: { ignoreChanges: ["input"] },
  });
}

// Replaced when the settings change, but not when the droplet is: a new droplet boots with them.
function deliver(
  scope: Construct,
  id: string,
  network: DigitalOceanNetwork,
  { name, settings }: MachineSpec,
  droplet: Droplet,
): TerraformData {
  const text = settingsText(scope, `${id}SettingsText`, settings);
  return new TerraformData(scope, `${id}Settings`, {
    triggersReplace: { settings: text.hash },
    dependsOn: [droplet],
    provisioners: [
      network.overSsh.deliver({
        host: droplet.ipv4Address,
        hostKeyName: `digitalocean-${droplet.id}`,
        name,
        settings: text.packed,
      }),
    ],
  });
}

// Its name is ours, so the machine knows how to find it before it is there.
function volume(scope: Construct, network: DigitalOceanNetwork, machine: string, disk: DiskSpec) {
  if (disk.gib > DISK_GIB) {
    network.problems.add(scope, {
      wrong: `its disk ${disk.name} has ${disk.gib} GiB`,
      remedy: `use at most ${DISK_GIB}, which is DigitalOcean's largest volume`,
    });
  }
  const name = `${network.site}-${machine}-${disk.name}`;
  return { id: network.disk(name, disk.gib), device: `/dev/disk/by-id/scsi-0DO_Volume_${name}` };
}
