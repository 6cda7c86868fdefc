// What a plan knows of its sites and no deploy prints: `cdktf-mastodon flows` and `cdktf-mastodon connections`, read from the synthesized stacks.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The name of each local value in the plan ends in it. */
const SUFFIXES = { flows: "_flows", connections: "_database_connections" } as const;
type Fact = keyof typeof SUFFIXES;

export const isFact = (word: string | undefined): word is Fact => word !== undefined && word in SUFFIXES;

/** Prints one fact of every site in the synthesized stacks; returns the exit status. */
export function facts(fact: Fact, args: readonly string[]): number {
  const directory = args.find((word) => !word.startsWith("-")) ?? process.env["CDKTF_OUTDIR"] ?? "cdktf.out";
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
  const stacks = join(directory, "stacks");
  if (!existsSync(stacks)) return [];
  const suffix = SUFFIXES[fact];
  return readdirSync(stacks)
    .map((stack) => join(stacks, stack, "cdk.tf.json"))
    .filter((plan) => existsSync(plan))
    .flatMap((plan) => {
      const { locals = {} } = JSON.parse(readFileSync(plan, "utf8")) as { readonly locals?: Readonly<Record<string, unknown>> };
      return Object.entries(locals)
        .filter(([name, value]) => name.endsWith(suffix) && typeof value === "object")
        .map(([name, value]) => [name.slice(0, -suffix.length), value] as const);
    });
}

function lines(value: unknown, indent: string): readonly string[] {
  if (typeof value !== "object" || value === null) return [`${indent}${String(value)}`];
  if (Array.isArray(value)) return value.flatMap((one) => lines(one, indent));
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === "object" ? [`${indent}${name}`, ...lines(inner, `${indent}  `)] : [`${indent}${name}: ${String(inner)}`],
  );
}
