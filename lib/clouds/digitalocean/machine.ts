// A kept machine at DigitalOcean: a droplet over volumes that outlive it.

import { Droplet } from "@cdktf/provider-digitalocean/lib/droplet";
import { Fn, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import { MachineSpec, MadeMachine } from "../../core/cloud";
import { DiskSpec } from "../../core/host-spec";
import { bootText, notSecret } from "../shared/boot-text";
import { dropletConfig, madeOf, STOP_SECONDS } from "./droplet";
import { DISK_GIB, DISKS_OF_A_DROPLET } from "./limits";
import { DigitalOceanNetwork } from "./network";
import { addressOf } from "./terraform-address";

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
  const boot = bootText(scope, `${id}Boot`, () => spec.bootText() + madeOf(scope, network, spec));
  const kept = spec.onChange === "keep";
  const whole = {
    ...dropletConfig(scope, network, { name, host: spec, tier: tierOf(spec), userData: boot.text }),
    // From its first boot on: attached later, a disk would be missing then.
    volumeIds: disks.map((disk) => disk.id),
    ...(kept && { lifecycle: { ignoreChanges: RENEWED } }),
    // The provider takes the disks away before it deletes the droplet; what writes to them must have ended by then.
    provisioners: [network.gate.call("stop", { DROPLET: "${self.id}", LIMIT_SECONDS: STOP_SECONDS }, "destroy")],
  };
  const droplet = new Droplet(scope, id, settings.tune.droplet?.(whole, { name, role }) ?? whole);
  network.keep(droplet);
  network.uses.push({ droplets: 1, rolling: 0, balancers: 0 });
  if (kept) {
    const address = addressOf(droplet);
    // Of a boot text the provider keeps the SHA-1.
    const now = new TerraformLocal(scope, `${id}BootSha1`, notSecret(Fn.sha1(boot.text)));
    network.outdated.add({
      name,
      address,
      madeWith: `nonsensitive(sensitive(${address}.user_data))`,
      now: `local.${now.friendlyUniqueId}`,
    });
  }
  return {
    address: droplet.ipv4AddressPrivate,
    devices: Object.fromEntries(disks.map((disk) => [disk.name, disk.device])),
  };
}

/** The machines of a tier, which differ by their number alone. */
function tierOf({ name, number }: MachineSpec): string {
  const end = `-${number}`;
  return `machines-${name.endsWith(end) ? name.slice(0, -end.length) : name}`;
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
