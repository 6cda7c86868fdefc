// The `login` commands of the inventory.

import { join } from "node:path";

/** The driver of the local cloud, which `cdktf-mastodon local` runs. */
export const DRIVER = join(__dirname, "../clouds/local/driver/local.sh");

const LOCAL = ["npx", "cdktf-mastodon", "local"];

/** The program of a login and its words. npx finds the local cloud's in a project that has this package; here it is called without it. */
export function loginWords(login: string): readonly string[] {
  const words = splitWords(login);
  return LOCAL.every((word, n) => words[n] === word) ? ["bash", DRIVER, ...words.slice(LOCAL.length)] : words;
}

/** The words of a command, of which some are in double quotes. */
export function splitWords(command: string): readonly string[] {
  return (command.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ""));
}
