// Settings are those files of a program that can be changed on a running machine: `settingsScript("database-1", steps)` delivers them, and
// `withoutSettings(program)` is the rest, which needs a renewal.

import { join } from "node:path";
import { hostName } from "./names";
import { FileStep, Program, Step, Taken, textOf } from "./program";
import { BOOTED } from "./render/cloud-config";
import { script, shellWord } from "./script";
import { secretsIn } from "./secret-store";

type Setting = FileStep & { readonly taken: Taken };

/** How long to wait until the machine has booted, before the delivery fails. */
const LIMIT_SECONDS = 900;

/** The script that applies all settings of these steps on the machine. */
export function settingsScript(machine: string, steps: readonly Step[]): string {
  const frame = script(join(__dirname, "take-settings.sh"), {
    MACHINE: machine,
    BOOTED,
    LIMIT_SECONDS,
    KEPT: "/var/lib/cdktf-mastodon-settings",
    WORK: "/run/cdktf-mastodon-settings",
  });
  const groups = new Map<string, Setting[]>();
  for (const step of steps.filter(isSetting)) {
    const group = groups.get(step.taken.what) ?? [];
    // Several constructs may add the same file.
    if (!group.some(({ path }) => path === step.path)) group.push(step);
    groups.set(step.taken.what, group);
  }
  return [frame, ...[...groups.values()].map(taken), "finish", ""].join("\n");
}

/** The program with empty contents for its settings. Their paths and owners remain. */
export function withoutSettings(program: Program): Program {
  const rest = new Program().add(
    ...program.steps.map((step) => (isSetting(step) ? { ...step, content: linesOf(step, "renewed") } : step)),
  );
  for (const check of program.readiness) rest.readyWhen(check);
  return rest;
}

function isSetting(step: Step): step is Setting {
  return step.kind === "file" && step.taken !== undefined;
}

function linesOf({ content, renewedLines }: Setting, which: "renewed" | "delivered"): string {
  if (renewedLines === undefined) return which === "delivered" ? textOf(content) : "";
  const lines = new RegExp(renewedLines);
  return textOf(content)
    .split("\n")
    .filter((line) => lines.test(line) === (which === "renewed"))
    .join("\n");
}

function taken(files: readonly Setting[]): string {
  const { what, does, check = ":", script: take = ":" } = files[0]!.taken;
  const secret = files.some((one) => secretsIn(linesOf(one, "delivered")).length > 0);
  return [
    `begin ${[hostName(what), what, does, secret ? "secret" : "shown"].map(shellWord).join(" ")}`,
    ...files.map(file),
    `check() {\n${check}\n}`,
    `take() {\n${take.trimEnd()}\n}`,
    "bring",
  ].join("\n");
}

function file(setting: Setting): string {
  const { path, mode = "0644", owner = "", renewedLines = "", writtenBy = "cat" } = setting;
  const text = linesOf(setting, "delivered");
  const lines = text.split("\n");
  let end = "END";
  while (lines.includes(end)) end += "_";
  const words = [path, mode, owner, renewedLines, textOf(writtenBy)].map(shellWord).join(" ");
  return `setting ${words} <<'${end}'\n${text}${text.endsWith("\n") ? "" : "\n"}${end}`;
}
