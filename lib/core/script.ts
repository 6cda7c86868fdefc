// Reads a shell script from a `.sh` file: `script(join(__dirname, "watchdog.sh"), { LIMIT_SECONDS: 40 })`.
// Values of the page become variables after the script's first lines, so that the file itself is plain shell that shellcheck can check.

import { readFileSync } from "node:fs";

/**
 * The text of the script without its comments, since clouds limit the size of a boot text; only the comments at the top, which describe the script,
 * are kept. Each value becomes a shell variable, set before the first line that is no comment. Names are upper case: shellcheck assumes that such
 * variables are set elsewhere.
 */
export function script(file: string, values: Readonly<Record<string, string | number>> = {}): string {
  const { head, body } = known.get(file) ?? read(file);
  known.set(file, { head, body });
  const assigned = Object.entries(values).map(([name, value]) => `${name}=${shellWord(value)}`);
  return [...head, ...assigned, body].join("\n");
}

interface Parts {
  /** The comments at the top. */
  readonly head: readonly string[];
  readonly body: string;
}

function read(file: string): Parts {
  // Directives for shellcheck are no description.
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("# shellcheck "));
  const head = lines.findIndex((line) => !line.startsWith("#"));
  const body = lines.slice(head).filter((line) => !/^\s*#( |$)/.test(line));
  return { head: lines.slice(0, head), body: body.join("\n") };
}

/** A value quoted as one word of a shell command. */
export function shellWord(value: string | number): string {
  return `'${String(value).replaceAll("'", `'\\''`)}'`;
}

const known = new Map<string, Parts>();
