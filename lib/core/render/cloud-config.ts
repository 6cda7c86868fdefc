// A program as the `#cloud-config` user-data that every cloud takes: `cloudConfig(program)`.
// The shape was chosen on Debian 13's cloud-init 25.1: root-owned files first, then packages, then one bash script as the only command.

import { stringify } from "yaml";
import { Program, Step, textOf } from "../program";

/** Where the machine keeps the script that performs the program. */
export const BOOT_SCRIPT = "/usr/local/sbin/boot";
/** Exits 0 when the machine serves; prints what is missing otherwise. */
export const READY_SCRIPT = "/usr/local/sbin/ready";

/** Renders `program`; the same program gives the same bytes. */
export function cloudConfig(program: Program): string {
  const files = program.steps.flatMap((step) => (step.kind === "file" ? [step] : []));
  const config = {
    // Images of some clouds rewrite /etc/hosts at every boot, which would lose the names that this program maps.
    manage_etc_hosts: false,
    package_update: true,
    // Packages must not start their services before the files and disks are in place; the boot script lifts this first.
    bootcmd: [["cloud-init-per", "instance", "hold-services", "sh", "-c", HOLD_SERVICES]],
    write_files: [
      ...files.map((file) => ({ path: file.path, permissions: file.mode ?? "0644", content: withNewline(textOf(file.content)) })),
      { path: READY_SCRIPT, permissions: "0755", content: readyScript(program.readiness) },
      { path: BOOT_SCRIPT, permissions: "0755", content: bootScript(program.steps) },
    ],
    packages: [...program.packages],
    runcmd: [[BOOT_SCRIPT]],
  };
  return "#cloud-config\n" + stringify(config, { lineWidth: 0, blockQuote: "literal", aliasDuplicateObjects: false });
}

const HOLD_SERVICES = "printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d";

function bootScript(steps: readonly Step[]): string {
  const body = steps.map(perform).filter((part) => part !== "");
  return [
    "#!/bin/bash",
    "# Performs this machine's program. Safe to run again, also on a machine made anew over its disk.",
    "set -euo pipefail",
    "export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "rm -f /usr/sbin/policy-rc.d",
    "",
    ...body,
    'echo "boot: done"',
    "",
  ].join("\n");
}

function perform(step: Step): string {
  switch (step.kind) {
    case "package":
    case "image":
      return "";
    case "file":
      return step.owner === undefined ? "" : `chown ${step.owner} ${step.path}\n`;
    case "mount":
      return mount(textOf(step.device), step.at);
    case "run":
      return `echo "boot: ${step.why}"\n${withNewline(textOf(step.script))}`;
    case "start":
      return start(step.units, step.atBoot ?? true);
  }
}

// A disk may be attached after the first boot began, and a cloud that keeps disks as directories gives a directory.
function mount(device: string, at: string): string {
  return [
    `echo "boot: disk ${device} at ${at}"`,
    `for _ in $(seq 150); do [ -e ${device} ] && break; sleep 2; done`,
    `[ -e ${device} ] || { echo "boot: no disk ${device} after 300 s" >&2; exit 1; }`,
    `mkdir -p ${at}`,
    `if [ -d ${device} ]; then kind=none options=bind`,
    "else",
    `  kind=ext4 options=defaults,noatime`,
    `  blkid ${device} >/dev/null || mkfs.ext4 -q -m 1 ${device}`,
    "fi",
    `grep -q " ${at} " /etc/fstab || echo "${device} ${at} $kind $options,nofail 0 2" >>/etc/fstab`,
    `mountpoint -q ${at} || mount ${at}`,
    "",
  ].join("\n");
}

// --no-block: a unit ordered after cloud-init would otherwise wait for the very script that starts it.
function start(units: readonly string[], atBoot: boolean): string {
  const names = units.join(" ");
  return `systemctl daemon-reload\n${atBoot ? `systemctl enable ${names}\n` : ""}systemctl restart --no-block ${names}\n`;
}

function readyScript(checks: readonly string[]): string {
  const lines = [
    "#!/bin/bash",
    "# Exits 0 when this machine serves; says what it still waits for otherwise.",
    "set -uo pipefail",
  ];
  lines.push("[ -e /var/lib/cloud/instance/boot-finished ] || { echo 'the boot text is still being performed'; exit 1; }");
  for (const check of checks) lines.push(`${check} || exit 1`);
  return lines.join("\n") + "\n";
}

function withNewline(text: string): string {
  return text.endsWith("\n") ? text : text + "\n";
}
