#!/usr/bin/env node
// The command of the package: `npx cdktf-mastodon secrets secrets.tfvars.json` makes the file that `--var-file` takes.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Values, wrongSecrets } from "../mastodon/secret-check";
import { makeSecrets } from "../mastodon/secrets";
import { facts, isFact } from "./facts";
import { init } from "./init";
import { OldSecrets, oldSecrets } from "./old-secrets";
import { owner } from "./owner";

const USAGE = `usage: cdktf-mastodon init
  Writes what a project needs beside its page, main.ts: cdktf.json, tsconfig.json and the secrets. It overwrites nothing.
       cdktf-mastodon secrets FILE [--from OLD]
  Makes every secret of a site and writes them to FILE, readable by you only, for
  cdktf deploy --var-file=FILE. An existing file is never overwritten. Those that
  OLD holds, a .env.production or an older FILE, are taken over.
  Keep a copy where the machines are not: without the encryption keys, data is lost.
       cdktf-mastodon secrets check FILE
  Says what is missing, malformed, weak or no pair in FILE. It shows no value.
       cdktf-mastodon owner NAME --email ADDRESS [--site SITE | --ssh USER@HOST]
  Makes the account of the site's owner on a web machine and prints its password, once.
       cdktf-mastodon flows [DIRECTORY] [--json]
  Who may reach which port of whom, and why, as the plan in DIRECTORY (cdktf.out) has it. Every other port is closed.
       cdktf-mastodon connections [DIRECTORY] [--json]
  Who may hold how many database connections: on an ordinary day, and while every tier rolls at once.
       cdktf-mastodon local COMMAND
  Looks after the machines of the local cloud: list, run, logs, mail, wait, machine, partition, clean.
       cdktf-mastodon drill [NAME…]
  Breaks a site on the local cloud on purpose while users go on, and reports what they saw; --help says more.`;

/** Runs the command with these words and returns its exit status. */
export function main(args: readonly string[]): number {
  const [command, file, ...rest] = args;
  if (command === "local") {
    const driver = join(__dirname, "../clouds/local/driver/local.sh");
    return spawnSync("bash", [driver, ...args.slice(1)], { stdio: "inherit" }).status ?? 1;
  }
  if (command === "init" && file === undefined) return init((path) => make(path, undefined));
  if (isFact(command)) return facts(command, args.slice(1));
  if (command === "owner") return owner(args.slice(1));
  if (command === "secrets" && file === "check" && rest.length === 1) return check(rest[0]!);
  if (command === "secrets" && file !== undefined && file !== "check" && rest.length === 0) return make(file, undefined);
  if (command === "secrets" && file !== undefined && rest.length === 2 && rest[0] === "--from") return make(file, rest[1]!);
  console.error(USAGE);
  return 2;
}

function make(file: string, from: string | undefined): number {
  let old: OldSecrets | undefined;
  try {
    old = from === undefined ? undefined : oldSecrets(readFileSync(from, "utf8"));
  } catch (error) {
    return fail([String(error)]);
  }
  if (old !== undefined && old.problems.length > 0) return fail(old.problems.map((problem) => `${from}: ${problem}`));
  let descriptor: number;
  try {
    // "wx" refuses an existing file in the same step that makes it, and the mode holds from the first byte on.
    descriptor = openSync(file, "wx", 0o600);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    return fail([
      exists ? `${file} exists already; it was not touched. New secrets would lock the site out of its data.` : String(error),
    ]);
  }
  const made = makeSecrets();
  writeSync(descriptor, JSON.stringify({ ...made, ...old?.values }, null, 2) + "\n");
  closeSync(descriptor);
  for (const note of old?.notes ?? []) console.log(note);
  if (old !== undefined)
    console.log(
      `made anew: ${Object.keys(made)
        .filter((name) => !(name in old.values))
        .join(", ")}`,
    );
  console.log(`wrote ${file}`);
  return 0;
}

function check(file: string): number {
  let values: Values;
  try {
    values = JSON.parse(readFileSync(file, "utf8")) as Values;
  } catch (error) {
    // What a parser says may show a piece of the text.
    return fail([error instanceof SyntaxError ? `${file}: is no JSON` : String(error)]);
  }
  if (values === null || typeof values !== "object") return fail([`${file}: is no object of names and values`]);
  const others = (statSync(file).mode & 0o077) === 0 ? [] : [`others may read it; chmod 600 ${file}`];
  const problems = [...wrongSecrets(values), ...others];
  if (problems.length > 0) return fail(problems.map((problem) => `${file}: ${problem}`));
  console.log(`${file}: all secrets are there and well formed`);
  return 0;
}

function fail(problems: readonly string[]): number {
  for (const problem of problems) console.error(problem);
  return 1;
}

if (require.main === module) {
  const [command, ...rest] = process.argv.slice(2);
  if (command === "drill")
    void import("../../drills/main.js").then((drills) => drills.main(rest)).then((status) => (process.exitCode = status));
  else process.exitCode = main(process.argv.slice(2));
}
