// `cdktf-mastodon secrets changed FILE NAME…`: says that these secrets have other values now, so that a deploy writes them into the cloud's store and
// renews the machines that have read the old ones. Terraform does not keep the values, so it cannot see this itself.

import { closeSync, openSync, realpathSync, renameSync, rmSync, writeSync } from "node:fs";
import { SECRET_VERSIONS } from "../clouds/shared/secret-versions";
import { Values } from "../mastodon/secret-check";
import { outputDirectory } from "./deployed";
import { countsChanges } from "./page-secrets";
import { numberOf, raised, wrongNumbers } from "./secret-numbers";
import { secretsIn } from "./secrets";

/** Runs the command with the arguments after `changed`; prints `usage` if they are invalid. */
export function secretsChanged(args: readonly string[], usage: string): number {
  const at = args.indexOf("--page");
  const words = at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)];
  const [file, ...names] = words;
  if (file === undefined || names.length === 0 || words.some((word) => word.startsWith("-")) || at === args.length - 1) {
    console.error(usage);
    return 2;
  }
  const read = secretsIn(file);
  if ("wrong" in read) return fail([read.wrong]);
  const { values } = read;
  const unknown = names.filter((name) => !(name in values) || name === SECRET_VERSIONS);
  const problems = [
    ...unknown.map((name) => `${file}: there is no ${name}; give the names that stand in the file`),
    ...wrongNumbers(values).map((wrong) => `${file}: ${wrong}`),
  ];
  if (problems.length > 0) return fail(problems);
  const page = outputDirectory(at < 0 ? undefined : args[at + 1]);
  if (countsChanges(page) === false) {
    console.log(
      `${file}: nothing to do; no site of the page in ${page} fetches secrets from a store, so Terraform sees what has changed`,
    );
    return 0;
  }
  const after = raised(values, [...new Set(names)]);
  write(realpathSync(file), after);
  for (const name of new Set(names)) console.log(`${name}: number ${numberOf(after, name)}`);
  console.log(
    "The next deploy with this file replaces the members of pools that have them, and names the kept machines to renew.",
  );
  return 0;
}

/** Puts another file in the place of one: whoever reads it meanwhile has the old or the new one, and an end in between leaves the old one. */
function write(file: string, values: Values): void {
  const beside = `${file}.new`;
  const descriptor = openSync(beside, "wx", 0o600);
  try {
    writeSync(descriptor, JSON.stringify(values, null, 2) + "\n");
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function fail(problems: readonly string[]): number {
  for (const problem of problems) console.error(problem);
  return 1;
}
