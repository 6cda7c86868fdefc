// `npm run bench`, `npm run bench -- redis-failover`: runs the benchmarks and prints tables, targets and a verdict.
// With --write it records them in docs/benchmarks.md; with --quick each is measured once, to see whether it works.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { setUp } from "../scripts/cluster";
import { apply } from "./apply";
import { Benchmark, Context, Target } from "./benchmark";
import { bootText } from "./boot-text";
import { describeHost } from "./host";
import { load } from "./load";
import { manyMachines } from "./many-machines";
import { overload } from "./overload";
import { replaceSections, section, verdict } from "./page";
import { pgbouncer } from "./pgbouncer";
import { postgresFailover } from "./postgres-failover";
import { pumaSize } from "./puma-size";
import { redisFailover } from "./redis-failover";
import { serving } from "./serving";
import { synth } from "./synth";
import { webSockets } from "./web-sockets";

const ALL: readonly Benchmark[] = [
  synth,
  manyMachines,
  load,
  apply,
  redisFailover,
  postgresFailover,
  overload,
  serving,
  pumaSize,
  pgbouncer,
  bootText,
  webSockets,
];
const PAGE = join(__dirname, "../docs/benchmarks.md");

async function main(words: readonly string[]): Promise<void> {
  const flags = new Set(words.filter((word) => word.startsWith("--")));
  const names = words.filter((word) => !word.startsWith("--"));
  const unknown = [
    ...names.filter((name) => !ALL.some((benchmark) => benchmark.name === name)),
    ...[...flags].filter((flag) => flag !== "--write" && flag !== "--quick"),
  ];
  if (unknown.length > 0) {
    throw new Error(`unknown: ${unknown.join(", ")}; there are ${ALL.map(({ name }) => name).join(", ")}, --write and --quick`);
  }
  if (flags.has("--write") && flags.has("--quick"))
    throw new Error("what was measured once is not for the record: leave out --quick");

  const started = Date.now();
  const say = (line: string) => console.error(`  ${line}`);
  const context: Context = { say, runs: (forTheRecord) => (flags.has("--quick") ? 1 : forTheRecord) };
  await setUp({ directory: process.cwd(), say });

  const where = describeHost(new Date(started));
  const sections = new Map<string, string | undefined>();
  const targets: Target[] = [];
  for (const { name, run } of ALL) {
    if (names.length > 0 && !names.includes(name)) {
      sections.set(name, undefined);
      continue;
    }
    console.error(`${name}, ${Math.round((Date.now() - started) / 1000)} s`);
    const report = await run(context);
    targets.push(...report.targets);
    sections.set(name, section(name, report, where));
    console.log(`\n${sections.get(name)}`);
  }
  if (flags.has("--write")) {
    const page = replaceSections(existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "", sections);
    writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), filepath: PAGE }));
  }
  console.log(`\n${verdict(targets)}, after ${Math.round((Date.now() - started) / 1000)} s`);
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
