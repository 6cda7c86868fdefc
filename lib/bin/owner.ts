// `cdktf-mastodon owner NAME --email ADDRESS`: makes the account of the site's owner on a web machine, and shows the output.
// The password is generated there and printed to the terminal only, not to a file or log.

import { spawnSync } from "node:child_process";
import { Inventory, InventoryPool, MEMBER } from "../core/inventory";
import { deployed, NoInventory, outputDirectory } from "./deployed";
import { DRIVER, splitWords } from "./login";

export const OWNER_USAGE = `usage: cdktf-mastodon owner NAME --email ADDRESS [--site SITE] [--out DIRECTORY]
       cdktf-mastodon owner NAME --email ADDRESS --ssh USER@HOST
  Makes the account of the site's owner on one of its web machines and prints its password, once. Which those are, the deployed inventory of the
  page in this directory says; --site is needed only beside other sites, and --out is where cdktf synth writes (cdktf.out). With --ssh HOST is
  a web machine on which USER is root, and no inventory is read.`;

/** The side effects of the command; replaced in tests. */
export interface World {
  /** The deployed sites of the page whose plan is in a directory. */
  readonly deployed: (directory: string) => readonly Inventory[];
  /** The machines of a site of the local cloud that run, each with its pool. */
  readonly running: (site: string) => readonly { readonly name: string; readonly pool: string }[];
  /** Runs a pool's `list`; returns the first word of each line. */
  readonly listed: (command: string) => readonly string[];
  /** Runs a command on this terminal and returns its exit status. */
  readonly run: (command: string, args: readonly string[]) => number;
}

const COMMAND = "mastodon-owner";

/** Returns the exit status: 0 if the account was made, 1 if not, 2 if the words are wrong. */
export function owner(args: readonly string[], world: World = HERE): number {
  const words = parse(args);
  if (typeof words === "string") return wrong(`${OWNER_USAGE}\n${words}`, 2);
  const { name, email, site, ssh, out } = words;
  const command = [COMMAND, name, "--email", email];
  // A shell reads it there.
  const quoted = command.map((word) => `'${word}'`).join(" ");
  const terminal = process.stdin.isTTY ? ["-t"] : [];
  if (ssh !== undefined) return world.run("ssh", [...terminal, "--", ssh, quoted]);
  let sites;
  try {
    sites = world.deployed(outputDirectory(out));
  } catch (error) {
    if (error instanceof NoInventory) return wrong(`${error.message}\n--ssh USER@HOST does without it`, 1);
    throw error;
  }
  const chosen = sites.length === 1 && site === undefined ? sites[0] : sites.find((one) => one.site === site);
  if (chosen === undefined) {
    const there =
      sites.length === 0 ? "no site of this page is deployed" : `there are: ${sites.map((one) => one.site).join(", ")}`;
    const remedy = sites.length === 0 ? "deploy it, or name a web machine by --ssh" : "choose one by --site";
    return wrong(`${site === undefined ? "" : `there is no deployed site ${site}; `}${there} / ${remedy}`, 1);
  }
  const pools = chosen.pools.filter(({ units }) => units.some(({ what }) => what === "web"));
  if (pools.length === 0) return wrong(`the site ${chosen.site} has no web machine / add a WebTier to the page`, 1);
  if (chosen.cloud === "local") {
    // The inventory has all members; one that is off cannot be asked.
    const machine = world.running(chosen.site).find(({ pool }) => pools.some((web) => web.name === pool));
    if (machine === undefined)
      return wrong(`no web machine of the site ${chosen.site} runs; npm start starts those that are off`, 1);
    return world.run("bash", [DRIVER, "run", chosen.site, machine.name, "--", ...command]);
  }
  const known = pools.flatMap(({ members = [] }) => members).find((member) => member.login !== undefined)?.login;
  const login = known ?? pools.map((pool) => loginOf(pool, world)).find((one) => one !== undefined);
  if (login === undefined) {
    const list = pools.find((pool) => pool.list !== undefined)?.list;
    return wrong(
      `the inventory has no way to log in on a web machine of ${chosen.site} / name one by --ssh USER@HOST${list === undefined ? "" : `; ${list} lists them`}`,
      1,
    );
  }
  const [program, ...rest] = splitWords(login);
  return world.run(program!, [...(program === "ssh" ? terminal : []), ...rest, ...(program === "ssh" ? [quoted] : command)]);
}

/** The command that logs in on a member of a pool whose members Terraform does not know. */
function loginOf({ list, login }: InventoryPool, world: World): string | undefined {
  if (list === undefined || login === undefined) return undefined;
  const [member] = world.listed(list);
  return member === undefined ? undefined : login.replace(MEMBER, member);
}

interface Words {
  readonly name: string;
  readonly email: string;
  readonly site?: string;
  readonly ssh?: string;
  readonly out?: string;
}

const OPTIONS = ["email", "site", "ssh", "out"];

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
  const { name = "", email = "", site, ssh, out } = given;
  if (!/^[A-Za-z0-9_]{1,30}$/.test(name)) return `"${name}" is no name of an account: 1 to 30 letters, digits and underscores`;
  // No quotes: the words pass through a shell on the other side of ssh.
  if (!/^[^@\s'"\\-][^@\s'"\\]*@[^@\s'"\\]+$/.test(email)) return `"${email}" is no mail address: give yours as --email ADDRESS`;
  if (ssh !== undefined && (site !== undefined || out !== undefined))
    return "--site and --out are for machines that the inventory knows, --ssh is for one that you name: give one of them";
  return {
    name,
    email,
    ...(site !== undefined && { site }),
    ...(ssh !== undefined && { ssh }),
    ...(out !== undefined && { out }),
  };
}

function wrong(words: string, status: number): number {
  console.error(words);
  return status;
}

const HERE: World = {
  deployed: (directory) => deployed(directory).map(({ inventory }) => inventory),
  running: (site) =>
    spawnSync("bash", [DRIVER, "list", site], { encoding: "utf8" })
      .stdout.split("\n")
      .map((line) => line.split("\t"))
      .filter(([, , , state]) => state === "running")
      .map(([name, , pool]) => ({ name: name!, pool: pool! })),
  listed: (command) =>
    spawnSync("sh", ["-c", command], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
      .stdout.split("\n")
      .flatMap((line) => line.trim().split(/\s/).slice(0, 1))
      .filter((word) => word !== ""),
  run: (command, args) => spawnSync(command, args, { stdio: "inherit" }).status ?? 1,
};
