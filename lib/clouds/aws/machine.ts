// A kept machine at AWS: an instance with a fixed private address over volumes that outlive it.
//
// A renewal (`-replace` of the instance) replaces its attachments as well, since they name its id. Terraform destroys what depends on a resource before
// the resource, and makes it after: 1. each attachment stops the instance, so that its services end, waits, and detaches the volume; 2. the instance is
// terminated, which frees its address; 3. the new one is made; 4. the volumes are attached to it, for which its boot waits (mount.sh). No other order is
// possible while none of these is `create_before_destroy`, which Terraform hands down to all that a resource depends on: so no pool may depend on one.

import { Instance, InstanceConfig } from "@cdktf/provider-aws/lib/instance";
import { VolumeAttachment } from "@cdktf/provider-aws/lib/volume-attachment";
import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { MachineSpec, MadeMachine } from "../../core/cloud";
import { bootText } from "../shared/boot-text";
import { addressOf } from "../shared/terraform-address";
import { TerraformData } from "../shared/terraform-data";
import { tierName } from "../shared/tier-name";
import { access } from "./access";
import { credits, instanceOf, madeOf, METADATA, rootDisk } from "./instance";
import { DISK_GIB, DISKS_OF_AN_INSTANCE } from "./limits";
import { AwsNetwork } from "./network";

// What only a renewal brings (resourceInstanceUpdate and ForceNew in the provider's ec2_instance.go). For another type or boot text the provider stops
// the instance, changes it and starts it, and cloud-init does not run again. For another image, key, kind of address or encryption it makes another
// instance. Credits of a type that the instance does not have yet AWS refuses. Other versions of Terraform compress the same text to other bytes.
const RENEWED = [
  "user_data_base64",
  "instance_type",
  "ami",
  "key_name",
  "associate_public_ip_address",
  "root_block_device",
  "credit_specification",
];

export function keptMachine(scope: Construct, id: string, network: AwsNetwork, spec: MachineSpec): MadeMachine {
  const { name, role } = spec;
  network.host(scope, spec);
  const disks = volumes(scope, network, spec);
  const kept = spec.onChange === "keep";
  const tier = `machines-${tierName(spec)}`;
  const of = instanceOf(scope, network, spec, tier);
  const text = (from: () => string) => () => from() + madeOf(scope, network, spec);
  const boot = bootText(scope, `${id}Boot`, text(spec.bootText), kept ? text(spec.renewedText) : undefined);
  const whole: InstanceConfig = {
    ami: of.image.id,
    instanceType: of.type.type,
    ...credits(of.type),
    subnetId: network.vpc.subnet(spec.range, spec.zone),
    // Its IPv6 address is the subnet's to give.
    privateIp: spec.address,
    associatePublicIpAddress: of.publicAddress,
    vpcSecurityGroupIds: [of.group],
    iamInstanceProfile: of.identity.profile,
    ...(of.keyName !== undefined && { keyName: of.keyName }),
    userDataBase64: network.bootTexts.add(scope, id, { tier, name, boot, identity: of.identity }).userData,
    metadataOptions: METADATA,
    rootBlockDevice: { ...rootDisk(network.settings), tags: network.tags(name) },
    // All these types are; AWS' default for them says otherwise only in what it reports.
    ebsOptimized: true,
    monitoring: false,
    // Protected from a slip in the console, but not from Terraform: the provider takes the protection away before it terminates an instance, if its
    // state says `force_destroy`, as it does from the first apply on. It does not keep an instance from being stopped, as `disable_api_stop` would.
    disableApiTermination: true,
    forceDestroy: true,
    tags: network.tags(name),
    lifecycle: { ignoreChanges: RENEWED, ...(!kept && { replaceTriggeredBy: [addressOf(renewal(scope, id, boot.hash))] }) },
    dependsOn: [...of.ready],
  };
  const instance = new Instance(scope, id, network.settings.tune.instance?.(whole, { name, role }) ?? whole);
  const attached = disks.map((disk) => attach(scope, id, instance, disk));
  network.keep(instance, ...attached);
  network.found.uses({ standing: of.type.cpus, rolling: 0, spot: false });
  const resource = addressOf(instance);
  const madeWith = `${addressOf(madeWithText(scope, id, instance, boot.hash))}.output.boot`;
  if (kept) network.outdated.add({ name, address: resource, madeWith, now: boot.hashName });
  const login = access(network).login?.(`\${${resource}.id}`);
  return {
    address: spec.address,
    resource,
    renew: resource,
    older: `\${${madeWith} != ${boot.hashName}}`,
    ...(login !== undefined && { login }),
    devices: Object.fromEntries(disks.map((disk) => [disk.name, disk.path])),
  };
}

/** Keeps the hash of the boot text with which an instance was made, as its output: the provider's own copy of the user-data is ignored. */
function madeWithText(scope: Construct, id: string, instance: Instance, hash: string): TerraformData {
  return new TerraformData(scope, `${id}MadeWith`, {
    input: { boot: hash },
    triggersReplace: { instance: instance.id },
    lifecycle: { ignoreChanges: ["input"] },
  });
}

/** Replaced with the boot text of a machine that is replaced with it. */
function renewal(scope: Construct, id: string, hash: string): TerraformData {
  return new TerraformData(scope, `${id}Renewal`, { triggersReplace: { boot: hash } });
}

interface AttachedDisk {
  readonly name: string;
  /** The expression of its volume's id. */
  readonly volume: string;
  /** The name under which AWS knows the attachment; Debian does not see it. */
  readonly device: string;
  /** Its path on the machine. */
  readonly path: string;
}

function volumes(scope: Construct, network: AwsNetwork, { name, zone, disks }: MachineSpec): readonly AttachedDisk[] {
  const { problems, site } = network;
  if (disks.length > DISKS_OF_AN_INSTANCE) {
    problems.add(scope, {
      wrong: `it has ${disks.length} disks, and an instance of AWS takes ${DISKS_OF_AN_INSTANCE}`,
      remedy: "use fewer and larger disks",
    });
  }
  const names = deviceNames(disks.slice(0, DISKS_OF_AN_INSTANCE).map((disk) => disk.name));
  return disks.slice(0, DISKS_OF_AN_INSTANCE).map((disk, at) => {
    if (disk.gib > DISK_GIB) {
      problems.add(scope, {
        wrong: `its disk ${disk.name} has ${disk.gib} GiB`,
        remedy: `use at most ${DISK_GIB}, which is AWS' largest volume of the type gp3`,
      });
    }
    const volume = network.volumes.add(`${site}-${name}-${disk.name}`, { gib: disk.gib, zone });
    // The serial number of a disk of the Nitro system is the volume's id without its dash.
    const serial = Lazy.stringValue({ produce: () => `\${replace(${volume.slice(2, -1)}, "-", "")}` });
    return { name: disk.name, volume, device: names[at]!, path: `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${serial}` };
  });
}

/**
 * A name for each disk, of those that AWS accepts (/dev/xvdba to /dev/xvdcz). It follows from the disk's name: by its place in the page, one more disk
 * would have others attached anew, and so the machine stopped.
 */
function deviceNames(disks: readonly string[]): readonly string[] {
  const taken = new Set<number>();
  return disks.map((disk) => {
    let at = [...disk].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % DEVICE_NAMES.length, 0);
    while (taken.has(at)) at = (at + 1) % DEVICE_NAMES.length;
    taken.add(at);
    return DEVICE_NAMES[at]!;
  });
}

const DEVICE_NAMES = ["b", "c"].flatMap((first) =>
  [..."abcdefghijklmnopqrstuvwxyz"].map((letter) => `/dev/xvd${first}${letter}`),
);

function attach(scope: Construct, id: string, instance: Instance, { name, volume, device }: AttachedDisk): VolumeAttachment {
  return new VolumeAttachment(scope, `${id}Attached-${name}`, {
    instanceId: `\${${addressOf(instance)}.id}`,
    volumeId: volume,
    deviceName: device,
    stopInstanceBeforeDetaching: true,
    // Longer than a volume needs: until the instance that had it before has let go of it.
    timeouts: { create: "10m", delete: "10m" },
  });
}
