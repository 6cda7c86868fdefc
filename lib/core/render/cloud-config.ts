// Renders a program as `#cloud-config` user-data, which every cloud accepts: `cloudConfig(program)`.
// The order is that of cloud-init 25.1 on Debian 13: root-owned files first, then packages, then one bash script as the only command.

import { join } from "node:path";
import { stringify } from "yaml";
import { isPacked, PACKED, packedBlock, UNPACK } from "../packed-file";
import { Program, Step, Text, textOf } from "../program";
import { script } from "../script";
import { AT_BOOT, NEVER_GIVEN_UP, unit } from "../unit";
import { indented } from "./many-lines";

/** The script on the machine that runs the program. */
export const BOOT_SCRIPT = "/usr/local/sbin/boot";
/** A file that exists once the program has run to its end. */
export const BOOTED = "/var/lib/cdktf-mastodon-booted";
/** Exits 0 when the machine serves; prints what is missing otherwise. */
export const READY_SCRIPT = "/usr/local/sbin/ready";

/** Renders `program`; the same program gives the same bytes. */
export function cloudConfig(program: Program): string {
  const all = program.steps.flatMap((step) => (step.kind === "file" ? [step] : [])).filter(firstOfItsKind);
  const files = all.filter((file) => !isPacked(file));
  const packed = all.filter(isPacked);
  const config: Config = {
    write_files: [
      ...(packed.length === 0 ? [] : [{ path: PACKED, permissions: "0600", content: packedBlock(packed) }]),
      ...files.map((file) => ({ path: file.path, permissions: file.mode ?? "0644", content: withNewline(textOf(file.content)) })),
      { path: READY_SCRIPT, permissions: "0755", content: readyScript(program) },
      { path: AGAIN, permissions: "0644", content: AGAIN_UNIT },
      { path: BOOT_SCRIPT, permissions: "0755", content: bootScript(program) },
    ],
    packages: [...program.packages],
  };
  return yaml(config);
}

/** What differs between programs. */
interface Config {
  readonly write_files: readonly WrittenFile[];
  readonly packages: readonly string[];
}

interface WrittenFile {
  readonly path: string;
  readonly permissions: string;
  readonly content: string;
}

/** The bytes that the YAML package writes. Nearly all of them are written here: the package takes many times as long. */
function yaml({ write_files, packages }: Config): string {
  const items = packages.length === 0 ? " []\n" : `\n${packages.map(packageItem).join("")}`;
  return `${HEAD}write_files:\n${write_files.map(fileItem).join("")}packages:${items}${TAIL}`;
}

function fileItem(file: WrittenFile): string {
  const { path, permissions, content } = file;
  if (!IS_BLOCK.test(content) || !IS_PLAIN_PATH.test(path) || !IS_MODE.test(permissions))
    return indented(INDENTATION.length, byPackage("write_files", file));
  const lines = content.slice(0, -1).replace(/\n+/g, (breaks) => `${breaks}${INDENTATION}`);
  return `  - path: ${path}\n    permissions: "${permissions}"\n    content: |\n${INDENTATION}${indented(INDENTATION.length, lines)}\n`;
}

function packageItem(name: string): string {
  return IS_PLAIN_NAME.test(name) ? `  - ${name}\n` : byPackage("packages", name);
}

function byPackage(list: keyof Config, item: WrittenFile | string): string {
  return written({ [list]: [item] }).slice(`${list}:\n`.length);
}

function written(part: object): string {
  return stringify(part, { lineWidth: 0, blockQuote: "literal", aliasDuplicateObjects: false });
}

/** Of a file's content. */
const INDENTATION = "      ";
const IS_PLAIN_PATH = /^\/[A-Za-z0-9/._@+-]*$/;
const IS_MODE = /^0[0-7]{3}$/;
const IS_PLAIN_NAME = /^(?!(true|false|null)$)[a-z][a-z0-9.+-]*$/;
/** What a literal block holds as it is: printable lines that begin with no blank at first, and one line break at the end. */
const IS_BLOCK = /^(?![ \t\n])[\t\n\x20-\x7e\u00a0-\ud7ff]*[^ \t\n]\n$/;

// Several instances of a server may add the same script.
function firstOfItsKind<File extends { readonly path: string; readonly content: Text }>(
  file: File,
  n: number,
  all: readonly File[],
) {
  return n === all.findIndex(({ path, content }) => path === file.path && content === file.content);
}

const HOLD_SERVICES = "printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d";

const HEAD = `#cloud-config\n${written({
  // Images of some clouds rewrite /etc/hosts at every boot, which would remove the names that this program adds.
  manage_etc_hosts: false,
  package_update: true,
  // Packages must not start their services before files and disks are in place. The boot script removes this block first.
  bootcmd: [["cloud-init-per", "instance", "hold-services", "sh", "-c", HOLD_SERVICES]],
})}`;
const TAIL = written({ runcmd: [[BOOT_SCRIPT]] });

// cloud-init runs the script once. If it fails, since a mirror or another machine is not reachable or the power fails, this unit repeats it.
const AGAIN = "/etc/systemd/system/boot-again.service";
const AGAIN_UNIT = unit({
  Unit: {
    Description: "Goes on with what the first boot could not finish",
    Wants: "network-online.target",
    After: "network-online.target",
    ConditionPathExists: `!${BOOTED}`,
    ...NEVER_GIVEN_UP,
  },
  Service: { Type: "oneshot", ExecStart: `${BOOT_SCRIPT} again`, Restart: "on-failure", RestartSec: 30 },
  Install: AT_BOOT,
});

function bootScript({ steps, packages }: Program): string {
  const begin = script(join(__dirname, "boot.sh"), { PACKAGES: packages.join(" ") });
  const unpack = steps.some((step) => step.kind === "file" && isPacked(step)) ? [UNPACK] : [];
  const body = [...unpack, ...steps.map(perform).filter((part) => part !== "")];
  return [begin, ...body, `touch ${BOOTED}`, 'echo "boot: done"', ""].join("\n");
}

function perform(step: Step): string {
  switch (step.kind) {
    case "package":
    case "image":
      return "";
    case "file":
      return step.owner === undefined ? "" : `chown ${step.owner} ${step.path}\n`;
    case "mount":
      return script(join(__dirname, "mount.sh"), { DEVICE: textOf(step.device), AT: step.at });
    case "run":
      return `echo "boot: ${step.why}"\n${withNewline(textOf(step.script))}`;
    case "start":
      return start(step.units, step.atBoot ?? true);
  }
}

// --no-block: a unit ordered after cloud-init would otherwise wait for the script that starts it.
function start(units: readonly string[], atBoot: boolean): string {
  const names = units.join(" ");
  return `systemctl daemon-reload\n${atBoot ? `systemctl enable ${names}\n` : ""}systemctl restart --no-block ${names}\n`;
}

// Error messages of servers rarely name a full disk as the cause.
const FULL = `full() {
  read -r size free < <(df -B1 --output=size,avail "$1" | tail -n 1)
  [ "$free" -lt $((64 << 20)) ] && echo "the disk at $1 is full: $((free >> 20)) MiB of $(((size + (1 << 29)) >> 30)) GiB are free"
}`;

function readyScript({ steps, readiness }: Program): string {
  const lines = [
    "#!/bin/bash",
    "# Exits 0 when this machine serves; says what it still waits for otherwise.",
    "set -uo pipefail",
  ];
  lines.push(`[ -e ${BOOTED} ] || { echo 'the boot text is still being performed'; exit 1; }`);
  const disks = steps.flatMap((step) => (step.kind === "mount" ? [step.at] : []));
  if (disks.length > 0) lines.push(FULL, ...disks.map((at) => `! full ${at} || exit 1`));
  for (const check of readiness) lines.push(`${check} || exit 1`);
  return lines.join("\n") + "\n";
}

function withNewline(text: string): string {
  return text.endsWith("\n") ? text : text + "\n";
}
