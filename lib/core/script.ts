// A shell script that stands in a `.sh` file beside its program: `script(join(__dirname, "watchdog.sh"), { LIMIT_SECONDS: 40 })`.
// Values of the page become variables below the script's first lines, so that the file itself is plain shell that shellcheck can read.

import { readFileSync } from "node:fs";

/**
 * The text of the script without its comments, since clouds limit what a machine is told: only the first ones, which say what it does, are
 * kept. Each value becomes a shell variable, set before the first line that is no comment. Names are upper case, which
 * shellcheck takes for variables that somebody else has set.
 */
export function script(file: string, values: Readonly<Record<string, string | number>> = {}): string {
  const read = () => readFileSync(file, "utf8").split("\n");
  // What shellcheck is told is no comment for a person.
  const lines = known.get(file) ?? read().filter((line) => !line.startsWith("# shellcheck "));
  known.set(file, lines);
  const head = lines.findIndex((line) => !line.startsWith("#"));
  const assigned = Object.entries(values).map(([name, value]) => `${name}=${shellWord(value)}`);
  const body = lines.slice(head).filter((line) => !/^\s*#( |$)/.test(line));
  return [...lines.slice(0, head), ...assigned, ...body].join("\n");
}

/** A value as one word of a shell's command. */
export function shellWord(value: string | number): string {
  return `'${String(value).replaceAll("'", `'\\''`)}'`;
}

const known = new Map<string, readonly string[]>();
