// `cdktf-mastodon owner NAME --email ADDRESS`: has a web machine make the account of the site's owner, and shows what it says.
// The password is made there and goes straight to the terminal: it passes through no variable, file or log on the way.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const OWNER_USAGE = `usage: cdktf-mastodon owner NAME --email ADDRESS [--site SITE | --ssh USER@HOST]
  Makes the account of the site's owner on one of its web machines and prints its password, once. Without --ssh the site is one of the
  local cloud, and --site is needed only beside others; with --ssh HOST is a web machine on which USER is root.`;

/** What the command does to the world; tests put others in their place. */
export interface World {
  /** The sites of the local cloud on this computer. */
  readonly sites: () => readonly string[];
  /** The machines of one of them that run, those that came from pools first. */
  readonly running: (site: string) => readonly string[];
  /** Whether a machine has the command. */
  readonly isWeb: (site: string, machine: string) => boolean;
  /** Runs a command on this terminal and returns its exit status. */
  readonly run: (command: string, args: readonly string[]) => number;
}

const COMMAND = "mastodon-owner";

/** Returns the exit status: 0 if the account was made, 1 if not, 2 if the words are wrong. */
export function owner(args: readonly string[], world: World = HERE): number {
  const words = parse(args);
  if (typeof words === "string") return wrong(`${OWNER_USAGE}\n${words}`, 2);
  const { name, email, site, ssh } = words;
  const command = [COMMAND, name, "--email", email];
  if (ssh !== undefined) {
    // A shell reads it there.
    const quoted = command.map((word) => `'${word}'`).join(" ");
    return world.run("ssh", [...(process.stdin.isTTY ? ["-t"] : []), "--", ssh, quoted]);
  }
  const sites = world.sites();
  if (site !== undefined && !sites.includes(site)) return wrong(`there is no site ${site} on this computer; ${which(sites)}`, 1);
  if (site === undefined && sites.length !== 1) {
    const choose = sites.length === 0 ? "; npm start makes one, and --ssh reaches a rented machine" : ": choose one by --site";
    return wrong(`${which(sites)}${choose}`, 1);
  }
  const chosen = site ?? sites[0]!;
  const machine = world.running(chosen).find((one) => world.isWeb(chosen, one));
  if (machine === undefined) return wrong(`no web machine of the site ${chosen} runs; npm start starts those that are off`, 1);
  return world.run("bash", [DRIVER, "run", chosen, machine, "--", ...command]);
}

interface Words {
  readonly name: string;
  readonly email: string;
  readonly site?: string;
  readonly ssh?: string;
}

const OPTIONS = ["email", "site", "ssh"];

/** What is wrong with the words, if something is. */
function parse(args: readonly string[]): Words | string {
  const given: Record<string, string> = {};
  for (let n = 0; n < args.length; n++) {
    const [, option, inline] = /^--(\w+)(?:=(.*))?$/.exec(args[n]!) ?? [];
    if (option === undefined) {
      if ("name" in given) return `"${args[n]}" is one word too many`;
      given["name"] = args[n]!;
      continue;
    }
    const value = inline ?? args[++n];
    if (!OPTIONS.includes(option)) return `there is no option --${option}`;
    if (value === undefined) return `--${option} has no value`;
    given[option] = value;
  }
  const { name = "", email = "", site, ssh } = given;
  if (!/^[A-Za-z0-9_]{1,30}$/.test(name)) return `"${name}" is no name of an account: 1 to 30 letters, digits and underscores`;
  // No quotes: the words pass through a shell on the other side of ssh.
  if (!/^[^@\s'"\\-][^@\s'"\\]*@[^@\s'"\\]+$/.test(email)) return `"${email}" is no mail address: give yours as --email ADDRESS`;
  if (site !== undefined && ssh !== undefined)
    return "--site is a site of this computer, --ssh a machine elsewhere: give one of them";
  return { name, email, ...(site !== undefined && { site }), ...(ssh !== undefined && { ssh }) };
}

const which = (sites: readonly string[]) =>
  sites.length === 0 ? "the local cloud has no site on this computer" : `there are: ${sites.join(", ")}`;

function wrong(words: string, status: number): number {
  console.error(words);
  return status;
}

const DRIVER = join(__dirname, "../clouds/local/driver/local.sh");
const SITES = join(process.env["CDKTF_MASTODON_ROOT"] ?? "/var/lib/cdktf-mastodon", "sites");

const HERE: World = {
  sites: () => (existsSync(SITES) ? readdirSync(SITES).sort() : []),
  running: (site) =>
    spawnSync("bash", [DRIVER, "list", site], { encoding: "utf8" })
      .stdout.split("\n")
      .map((line) => line.split("\t"))
      .filter(([, , , state]) => state === "running")
      .sort(([, , one], [, , other]) => Number(one === "-") - Number(other === "-"))
      .map(([name]) => name!),
  isWeb: (site, machine) =>
    spawnSync("bash", [DRIVER, "run", site, machine, "--", "test", "-x", `/usr/local/bin/${COMMAND}`]).status === 0,
  run: (command, args) => spawnSync(command, args, { stdio: "inherit" }).status ?? 1,
};
