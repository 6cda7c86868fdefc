#!/usr/bin/env node
// The command of the package: `npx cdktf-mastodon secrets secrets.tfvars.json` makes the file that `--var-file` takes.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeSecrets } from "../mastodon/secrets";

const USAGE = `usage: cdktf-mastodon secrets FILE
  Makes every secret of a site and writes them to FILE, readable by you only, for
  cdktf deploy --var-file=FILE. An existing file is never overwritten.
  Keep a copy where the machines are not: without the encryption keys, data is lost.
       cdktf-mastodon local COMMAND
  Looks after the machines of the local cloud: list, run, logs, wait, machine, partition, clean.`;

function main(args: readonly string[]): number {
  const [command, file, ...rest] = args;
  if (command === "local") {
    const driver = join(__dirname, "../clouds/local/driver/local.sh");
    return spawnSync("bash", [driver, ...args.slice(1)], { stdio: "inherit" }).status ?? 1;
  }
  if (command !== "secrets" || file === undefined || rest.length > 0) {
    console.error(USAGE);
    return 2;
  }
  let descriptor: number;
  try {
    // "wx" refuses an existing file in the same step that makes it, and the mode holds from the first byte on.
    descriptor = openSync(file, "wx", 0o600);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    console.error(
      exists ? `${file} exists already; it was not touched. New secrets would lock the site out of its data.` : String(error),
    );
    return 1;
  }
  writeSync(descriptor, JSON.stringify(makeSecrets(), null, 2) + "\n");
  closeSync(descriptor);
  console.log(`wrote ${file}`);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
