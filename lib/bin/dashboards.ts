// `cdktf-mastodon dashboards [SITE]`: Grafana's dashboards of a site, made from the deployed inventory in Terraform's state.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { dashboards as of } from "../mastodon/monitoring/dashboards";
import { overviewFacts } from "../mastodon/monitoring/overview/facts";
import { deployedSites, NoInventory, outputDirectory, Outputs } from "./deployed";
import { replaceFile } from "./replace-file";

export const DASHBOARDS_USAGE = `usage: cdktf-mastodon dashboards [SITE] [--to DIRECTORY] [--out DIRECTORY]
  Grafana's dashboards, with the tiers and queues of what stands. --to writes each to a file in that directory, which is made if need be; without it
  they are printed as JSON, by the names of these files. Without SITE those of all sites. --out is where cdktf synth writes (cdktf.out).`;

/** Prints or writes them; returns the exit status. */
export function dashboards(args: readonly string[], outputs?: Outputs): number {
  let given;
  try {
    const options = { to: { type: "string" }, out: { type: "string" } } as const;
    given = parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    return wrong(`${DASHBOARDS_USAGE}\n${(error as Error).message}`, 2);
  }
  const [site, more] = given.positionals;
  if (more !== undefined) return wrong(`${DASHBOARDS_USAGE}\n"${more}" is one word too many`, 2);
  try {
    const sites = deployedSites(outputDirectory(given.values.out), site, outputs);
    const files = sites.flatMap((inventory) =>
      Object.entries(of(overviewFacts(inventory))).map(([name, board]) => [`${inventory.site}-${name}.json`, board] as const),
    );
    if (given.values.to !== undefined) return write(given.values.to, files);
    console.log(JSON.stringify(Object.fromEntries(files), null, 2));
    return 0;
  } catch (error) {
    if (error instanceof NoInventory) return wrong(error.message, 1);
    throw error;
  }
}

function write(directory: string, files: readonly (readonly [string, object])[]): number {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    return wrong(`${directory} cannot be made: ${(error as Error).message} / name another directory`, 1);
  }
  for (const [name, board] of files) {
    const file = join(directory, name);
    const unwritten = replaceFile(file, `${JSON.stringify(board, null, 2)}\n`);
    if (unwritten !== undefined) return wrong(unwritten, 1);
    console.log(file);
  }
  return 0;
}

function wrong(words: string, status: number): number {
  console.error(words);
  return status;
}
