// `cdktf-mastodon flows` and `cdktf-mastodon connections`: print local values of the synthesized stacks, which a deploy does not print.

import { parseArgs } from "node:util";
import { outputDirectory, planned } from "./deployed";

/** The suffixes of the names of the local values in the plan. */
const SUFFIXES = { flows: "_flows", connections: "_database_connections" } as const;
type Fact = keyof typeof SUFFIXES;

export const isFact = (word: string | undefined): word is Fact => word !== undefined && word in SUFFIXES;

export const FACTS_USAGE = `usage: cdktf-mastodon flows [SITE] [--json] [--out DIRECTORY]
       cdktf-mastodon connections [SITE] [--json] [--out DIRECTORY]
  What the page says, deployed or not. Without SITE of all sites. --json prints it for programs, by the names of the sites, and --out is where cdktf
  synth writes (cdktf.out).`;

/** Prints one fact of the sites in the synthesized stacks; returns the exit status. */
export function facts(fact: Fact, args: readonly string[]): number {
  let given;
  try {
    const options = { json: { type: "boolean" }, out: { type: "string" } } as const;
    given = parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    return wrong(`${FACTS_USAGE}\n${(error as Error).message}`, 2);
  }
  const [site, more] = given.positionals;
  if (more !== undefined) return wrong(`${FACTS_USAGE}\n"${more}" is one word too many`, 2);
  const directory = outputDirectory(given.values.out);
  const all = sitesOf(fact, directory);
  if (all.length === 0)
    return wrong(`${directory} holds no plan of a site; npx cdktf synth writes one, in the directory of cdktf.json`, 1);
  const chosen = all.filter(([name]) => site === undefined || name === site);
  if (chosen.length === 0)
    return wrong(`the plan has no site "${site}" / name one that it has: ${all.map(([name]) => name).join(", ")}`, 1);
  if (given.values.json === true) console.log(JSON.stringify(Object.fromEntries(chosen), null, 2));
  else for (const [name, value] of chosen) console.log([name, ...lines(value, "  ")].join("\n"));
  return 0;
}

function sitesOf(fact: Fact, directory: string): readonly (readonly [string, unknown])[] {
  return planned(directory).flatMap(({ inventory: { site }, locals }) => {
    const value = locals[`${site.replaceAll("-", "_")}${SUFFIXES[fact]}`];
    return value === undefined ? [] : [[site, value] as const];
  });
}

function lines(value: unknown, indent: string): readonly string[] {
  if (typeof value !== "object" || value === null) return [`${indent}${String(value)}`];
  if (Array.isArray(value)) return value.flatMap((one) => lines(one, indent));
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === "object" ? [`${indent}${name}`, ...lines(inner, `${indent}  `)] : [`${indent}${name}: ${String(inner)}`],
  );
}

function wrong(words: string, status: number): number {
  console.error(words);
  return status;
}
