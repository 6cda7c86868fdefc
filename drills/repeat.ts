// Statistics of repeated drills: `repeated(results)` makes a row of minimum, median and maximum for each number.

import { Result, table } from "./report";

interface Number {
  readonly name: string;
  readonly of: (result: Result) => number | undefined;
}

// What every drill has.
const NUMBERS: readonly Number[] = [
  { name: "requests", of: ({ view }) => view?.requests },
  { name: "failed requests", of: ({ view }) => view?.failed },
  { name: "failed pages", of: ({ view }) => view?.pagesFailed },
  { name: "slowest page, s", of: ({ view }) => view?.slowestPageSeconds },
  { name: "longest without a page, s", of: ({ view }) => view?.longestWithoutPageSeconds },
  { name: "longest without a post, s", of: ({ view }) => view?.longestWithoutPostSeconds },
  { name: "99th percentile during, ms", of: ({ view }) => view?.during.p99Ms },
  { name: "throttled requests (429)", of: ({ view }) => view?.throttled },
  { name: "WebSockets cut", of: ({ view }) => view?.socketsCut },
  { name: "longest without a WebSocket, s", of: ({ view }) => view?.reconnectSeconds },
  { name: "posts lost", of: ({ verdict }) => verdict?.lost.length },
  { name: "posts stored twice", of: ({ verdict }) => verdict?.twice.length },
  { name: "jobs lost", of: ({ verdict }) => verdict?.jobsLost.length },
  { name: "jobs done twice", of: ({ verdict }) => verdict?.jobsTwice.length },
  { name: "events missed by WebSockets that stood", of: ({ verdict }) => verdict?.missedConnected.length },
];

/** A table for each drill, in the order of their first run; why runs failed stands below it. */
export function repeated(results: readonly Result[], load = ""): string {
  const names = [...new Set(results.map(({ name }) => name))];
  const parts = names.map((name) => one(results.filter((result) => result.name === name)));
  return [...(load === "" ? [] : [load, ""]), ...parts].join("\n");
}

function one(results: readonly Result[]): string {
  const [{ name, title }] = results as readonly [Result, ...Result[]];
  const passed = results.filter((result) => result.passed === true).length;
  const failures = results.flatMap(({ passed, reasons }, n) =>
    passed === true ? [] : [`- run ${n + 1}, ${passed === undefined ? "not run" : "failed"}: ${reasons.join("; ")}`],
  );
  return [
    `## \`${name}\`: ${title}`,
    "",
    `${passed} of ${results.length} passed.`,
    "",
    table(["", "least", "median", "most", "runs"], rows(results)),
    ...failures,
    ...(failures.length === 0 ? [] : [""]),
  ].join("\n");
}

function rows(results: readonly Result[]): readonly (readonly string[])[] {
  const own = [...new Set(results.flatMap(({ numbers }) => Object.keys(numbers ?? {})))];
  return [...NUMBERS, ...own.map((name) => ({ name, of: ({ numbers }: Result) => numbers?.[name] }))].flatMap(({ name, of }) => {
    const found = results.map(of).filter((number) => number !== undefined);
    const sorted = [...found].sort((a, b) => a - b);
    if (sorted.length === 0) return [];
    return [[name, ...[sorted[0]!, middle(sorted), sorted.at(-1)!].map(shown), `${sorted.length}`]];
  });
}

function middle(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

const shown = (number: number) => `${Math.round(number * 100) / 100}`;
