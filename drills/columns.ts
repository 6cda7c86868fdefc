// The table of docs/reliability.md, a column for each of two runs: `npx tsx drills/columns.ts FREE/drills.json COSTLY/drills.json`. The first is one with
// a stand-in that costs nothing, the second one with a stand-in that costs what Mastodon costs.

import { readFileSync } from "node:fs";
import { Report, Result, table } from "./report";

const HEAD = ["drill", "a stand-in that costs nothing", "one that costs what Mastodon costs"];

/** A row for each drill of either run, in the order in which they were done. */
export function columns(free: readonly Result[], costly: readonly Result[]): string {
  const names = [...new Set([...free, ...costly].map(({ name }) => name))];
  const of = (results: readonly Result[], name: string) => {
    const result = results.find((one) => one.name === name);
    return result === undefined ? "not done" : shown(result);
  };
  return table(
    HEAD,
    names.map((name) => [`\`${name}\``, of(free, name), of(costly, name)]),
  );
}

function shown({ passed, reasons, findings, view, verdict }: Result): string {
  if (passed === undefined) return `not run: ${reasons.join("; ")}`;
  const parts = [...(passed ? [] : [`**failed**: ${reasons.join("; ")}`])];
  if (view === undefined || verdict === undefined) return [...parts, ...findings].join("; ");
  parts.push(
    `${view.failed} of ${view.requests} failed`,
    `slowest page ${view.slowestPageSeconds} s`,
    `no post for ${view.longestWithoutPostSeconds} s`,
  );
  if (view.throttled > 0) parts.push(`${view.throttled} throttled (429)`);
  if (view.socketsCut > 0) parts.push(`${view.socketsCut} WebSockets away for up to ${view.reconnectSeconds} s`);
  const lost = [
    [verdict.lost.length, "posts"],
    [verdict.jobsLost.length, "jobs"],
    [verdict.missedConnected.length, "events of WebSockets that stood"],
  ] as const;
  const gone = lost.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [...parts, gone.length === 0 ? "nothing lost" : `lost: ${gone.join(", ")}`, ...findings].join("; ");
}

if (require.main === module) {
  const [free, costly] = process.argv.slice(2);
  if (free === undefined || costly === undefined) {
    console.error("usage: npx tsx drills/columns.ts FREE/drills.json COSTLY/drills.json");
    process.exitCode = 2;
  } else {
    const read = (file: string) => JSON.parse(readFileSync(file, "utf8")) as Report;
    const [first, second] = [read(free), read(costly)];
    process.stdout.write(
      `- ${HEAD[1]}: ${first.load.said}\n- ${HEAD[2]}: ${second.load.said}\n\n${columns(first.results, second.results)}`,
    );
  }
}
