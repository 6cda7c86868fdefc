#!/usr/bin/env node
// The command line of the package, such as `npx cdktf-mastodon init`.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { advise } from "./advise";
import { dashboards } from "./dashboards";
import { facts, isFact } from "./facts";
import { init } from "./init";
import { inventory } from "./inventory";
import { owner } from "./owner";
import { secrets } from "./secrets";
import { secretsChanged } from "./secrets-changed";

const USAGE = `usage: cdktf-mastodon init
  Writes what a project needs beside its page, main.ts: cdktf.json, tsconfig.json, .gitignore
  and the secrets. It overwrites nothing, and adds to a .gitignore what it lacks.
       cdktf-mastodon secrets FILE [--from OLD] [--read-by ruby|docker] [--site SITE…]
  Makes every secret of a site and writes them to FILE, readable by you only, for
  cdktf deploy --var-file=FILE. An existing file is never overwritten. Those that
  OLD holds, a .env.production or an older FILE, are taken over. A page with several
  sites wants --site for each, unless cdktf.out has it, and --from SITE=OLD.
  Keep a copy where the machines are not: without the encryption keys, data is lost.
       cdktf-mastodon secrets check FILE [--page cdktf.out]
  Says what is missing, malformed, weak or no pair in FILE, and what else the page wants
  that cdktf synth has written. It shows no value.
       cdktf-mastodon secrets changed FILE NAME…
  Says that these secrets have other values now, where machines fetch them from a store (AWS): the
  next deploy writes them there, and renews what has read the old ones. Elsewhere nothing is needed.
       cdktf-mastodon owner NAME --email ADDRESS [--site SITE | --ssh USER@HOST]
  Makes the account of the site's owner on a web machine and prints its password, once.
       cdktf-mastodon inventory [SITE] [--json] [--file FILE]
  What stands, as Terraform's state has it: tiers, machines and pools, what runs on each, how one logs in, and in which order they are renewed.
       cdktf-mastodon dashboards [SITE] [--to DIRECTORY]
  Grafana's dashboards of what stands, printed or written to a file each: docs/dashboards.md says how Grafana reads them.
       cdktf-mastodon flows [SITE] [--json]
  Who may reach which port of whom, and why, as the page has it. Every other port is closed.
       cdktf-mastodon connections [SITE] [--json]
  Who may hold how many database connections: on an ordinary day, and while every tier rolls at once.
       cdktf-mastodon advise [SITE] [--hours 24] [--prometheus URL] [--json]
  Says what was short or larger than needed in the last hours, and which prop of which construct to change, from the numbers of the site's Monitoring.
       cdktf-mastodon local COMMAND
  Looks after the machines of the local cloud: list, run, logs, mail, wait, machine, partition, clean.
       cdktf-mastodon drill [NAME…]
  Breaks a site on the local cloud on purpose while users go on, and reports what they saw; --help says more.
Commands with [SITE], and owner, run in the directory of cdktf.json, and take --out DIRECTORY where cdktf synth writes to another one than cdktf.out.`;

/** Runs a command with these arguments and returns its exit status. */
export function main(args: readonly string[]): number {
  const [command] = args;
  if (command === "local") {
    const driver = join(__dirname, "../clouds/local/driver/local.sh");
    return spawnSync("bash", [driver, ...args.slice(1)], { stdio: "inherit" }).status ?? 1;
  }
  if (command === "init" && args.length === 1) return init((path) => secrets([path], USAGE));
  if (isFact(command)) return facts(command, args.slice(1));
  if (command === "dashboards") return dashboards(args.slice(1));
  if (command === "inventory") return inventory(args.slice(1));
  if (command === "advise") return advise(args.slice(1));
  if (command === "owner") return owner(args.slice(1));
  if (command === "secrets" && args[1] === "changed") return secretsChanged(args.slice(2), USAGE);
  if (command === "secrets") return secrets(args.slice(1), USAGE);
  console.error(USAGE);
  return 2;
}

if (require.main === module) {
  const [command, ...rest] = process.argv.slice(2);
  if (command === "drill")
    void import("../../drills/main.js").then((drills) => drills.main(rest)).then((status) => (process.exitCode = status));
  else process.exitCode = main(process.argv.slice(2));
}
