// A kept machine on this host: a system container with a fixed address and disks that outlive it.

import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { MachineSpec, MadeMachine } from "../../core/cloud";
import { DiskSpec } from "../../core/host-spec";
import { shrinks } from "../../core/size";
import { bootText, notSecret, settingsText } from "../shared/boot-text";
import { LocalNetwork } from "./network";
import { outdatedMachines } from "./outdated-machines";
import { TerraformData } from "../shared/terraform-data";

/** The fields of a machine that this cloud uses. There is no firewall besides the one in the boot text. */
export interface LocalMachine
  extends Pick<MachineSpec, "name" | "packages" | "images" | "address" | "disks" | "bootText" | "onChange">,
    Partial<Pick<MachineSpec, "renewedText" | "settings" | "needed">> {
  /** Directories of the site to mount, as in `mail=/srv/mail`. Called at synth. */
  readonly directories?: () => string;
}

export function keptMachine(
  scope: Construct,
  id: string,
  network: LocalNetwork,
  spec: LocalMachine,
): MadeMachine & { readonly machine: TerraformData } {
  const { driver } = network;
  const SITE = network.site;
  network.carries("machine", spec);
  const devices = Object.fromEntries(spec.disks.map((disk) => [disk.name, `/srv/disks/${disk.name}`]));
  const disks = spec.disks.map((disk) => {
    const name = `${spec.name}-${disk.name}`;
    // Two resources: destroying the first destroys the disk. The second is replaced with each change of the size; destroying it does nothing.
    const kept = new TerraformData(scope, `${id}${disk.name}`, {
      input: { site: SITE, disk: name },
      dependsOn: [...network.ready],
      provisioners: [driver.call("disk destroy", { SITE: "${self.input.site}", DISK: "${self.input.disk}" }, "destroy")],
    });
    const made = new TerraformData(scope, `${id}${disk.name}Size`, {
      triggersReplace: { gib: disk.gib },
      dependsOn: [kept],
      lifecycle: { precondition: [neverShrinks(scope, network, name, disk)] },
      provisioners: [driver.call("disk create", { SITE, DISK: name, GIB: String(disk.gib) })],
    });
    return { made, bind: `${name}=${devices[disk.name]}` };
  });
  const kept = spec.onChange === "keep";
  const boot = bootText(scope, `${id}Boot`, spec.bootText, kept ? spec.renewedText : undefined);
  const machine = new TerraformData(scope, id, {
    input: { site: SITE, name: spec.name, boot: boot.hash },
    triggersReplace: { address: spec.address, ...(kept ? {} : { boot: boot.hash }) },
    ...(kept ? { lifecycle: { ignoreChanges: ["input"] } } : {}),
    dependsOn: [...network.ready, ...disks.map((disk) => disk.made)],
    provisioners: [
      driver.call("machine create", {
        ...network.environment,
        NAME: spec.name,
        ADDRESS: spec.address,
        // Otherwise Terraform would hide the driver's output. The text itself is never printed.
        BOOT_TEXT: notSecret(boot.packed),
        DISKS: disks.map((disk) => disk.bind).join(" "),
        ...(spec.directories && { DIRECTORIES: Lazy.stringValue({ produce: spec.directories }) }),
        LIMIT_SECONDS: String(network.settings.bootSeconds),
      }),
      driver.call("machine destroy", { SITE: "${self.input.site}", NAME: "${self.input.name}" }, "destroy"),
    ],
  });
  network.awaits(machine);
  network.gate(scope, `${id}Ready`, { machine: machine.id }, "wait", { NAME: spec.name });
  const resource = `terraform_data.${machine.friendlyUniqueId}`;
  const madeWith = `${resource}.output.boot`;
  if (kept) {
    outdatedMachines(network).add({ name: spec.name, address: resource, madeWith, now: boot.hashName });
    const delivered = spec.settings && deliver(scope, id, network, spec.name, machine, spec.settings);
    // Pools roll only after this: new members may need connections that a kept machine accepts only with its new settings.
    if (delivered !== undefined && spec.needed !== false) network.awaits(delivered);
  }
  return {
    address: spec.address,
    devices,
    machine,
    resource,
    renew: resource,
    login: login(network, spec.name),
    older: `\${${madeWith} != ${boot.hashName}}`,
  };
}

/** The command that runs a command inside a machine. */
export function login(network: LocalNetwork, name: string): string {
  return `npx cdktf-mastodon local run ${network.site} ${name} --`;
}

// Replaced when the settings change, but not when the machine is: a new machine boots with them.
function deliver(
  scope: Construct,
  id: string,
  network: LocalNetwork,
  name: string,
  machine: TerraformData,
  settings: () => string,
): TerraformData {
  const text = settingsText(scope, `${id}SettingsText`, settings);
  return new TerraformData(scope, `${id}Settings`, {
    triggersReplace: { settings: text.hash },
    dependsOn: [machine],
    provisioners: [network.driver.call("machine settings", { SITE: network.site, NAME: name, SETTINGS: notSecret(text.packed) })],
  });
}

// The driver would also refuse it, but in the middle of an apply. Before the first apply there is no disk, and the condition is true.
function neverShrinks(scope: Construct, network: LocalNetwork, name: string, disk: DiskSpec) {
  const has = `try(tonumber(trimspace(file("/var/lib/cdktf-mastodon.sizes/\${${network.ownerName}}/${name}"))), 0)`;
  return {
    condition: `\${${has} <= ${disk.gib}}`,
    errorMessage: shrinks(scope.node.path, disk, `\${${has}}`),
  };
}
