// `cdktf-mastodon flows` and `cdktf-mastodon connections`: print local values of the synthesized stacks, which a deploy does not print.

import { outputDirectory, planned } from "./deployed";

/** The suffixes of the names of the local values in the plan. */
const SUFFIXES = { flows: "_flows", connections: "_database_connections" } as const;
type Fact = keyof typeof SUFFIXES;

export const isFact = (word: string | undefined): word is Fact => word !== undefined && word in SUFFIXES;

/** Prints one fact of every site in the synthesized stacks; returns the exit status. */
export function facts(fact: Fact, args: readonly string[]): number {
  const directory = outputDirectory(args.find((word) => !word.startsWith("-")));
  const sites = sitesOf(fact, directory);
  if (sites.length === 0) {
    console.error(`${directory} holds no plan of a site; npx cdktf synth writes one, in the directory of cdktf.json`);
    return 1;
  }
  if (args.includes("--json")) console.log(JSON.stringify(Object.fromEntries(sites), null, 2));
  else for (const [site, value] of sites) console.log([site, ...lines(value, "  ")].join("\n"));
  return 0;
}

function sitesOf(fact: Fact, directory: string): readonly (readonly [string, unknown])[] {
  return planned(directory).flatMap(({ inventory, locals }) => {
    const name = inventory.site.replaceAll("-", "_");
    const value = locals[`${name}${SUFFIXES[fact]}`];
    return value === undefined ? [] : [[name, value] as const];
  });
}

function lines(value: unknown, indent: string): readonly string[] {
  if (typeof value !== "object" || value === null) return [`${indent}${String(value)}`];
  if (Array.isArray(value)) return value.flatMap((one) => lines(one, indent));
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === "object" ? [`${indent}${name}`, ...lines(inner, `${indent}  `)] : [`${indent}${name}: ${String(inner)}`],
  );
}
