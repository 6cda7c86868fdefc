// The import time of each entry point of the built package: `load.run(context)`.

import { Benchmark, Context, Report } from "./benchmark";
import { build, command, ROOT } from "./measured";
import { median, ratioOfPairs } from "./statistics";

const ENTRIES = ["cdktf-mastodon", "cdktf-mastodon/local", "cdktf-mastodon/hetzner", "cdktf-mastodon/testing"] as const;
const BASE = "cdktf";

export const load: Benchmark = { name: "load", run };

async function run(context: Context): Promise<Report> {
  build(context);
  const runs = context.runs(9);
  const base: number[] = [];
  const entries = ENTRIES.map((name) => ({ name, times: [] as number[] }));
  for (const name of [BASE, ...ENTRIES]) loadMs(name);
  for (let n = 1; n <= runs; n++) {
    context.say(`load: round ${n} of ${runs}`);
    base.push(loadMs(BASE));
    for (const entry of entries) entry.times.push(loadMs(entry.name));
  }
  const rows = entries.map(({ name, times }) => [
    `\`${name}\``,
    `${median(times).toFixed(0)} ms`,
    ratioOfPairs(times.map((ours, n) => ({ ours, theirs: base[n]! }))).toFixed(2),
  ]);
  return {
    title: "Loading",
    meaning: `Every entry point loads cdktf, whose own time is the first line. A page imports \`cdktf-mastodon\` and one cloud, and no other cloud's
bindings are loaded.`,
    method: `${runs} rounds, each entry point in a process of its own, which plain Node runs; the time is that of its first \`require\`.`,
    tables: [
      {
        head: ["entry point", "time", "against cdktf alone"],
        rows: [[`\`${BASE}\` alone`, `${median(base).toFixed(0)} ms`, "1"], ...rows],
      },
    ],
    targets: [],
  };
}

// From the package's own directory, where its name means the built package.
function loadMs(name: string): number {
  const script = `const from = performance.now(); require(${JSON.stringify(name)}); console.log(performance.now() - from);`;
  return Number(command(process.execPath, ["-e", script], ROOT, {}));
}
