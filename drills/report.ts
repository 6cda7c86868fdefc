// The report of a run: `markdown(results)`, beside the results as JSON; and the check of a drill's limits.

import { Capacity } from "./capacity";
import { Finding, Limits } from "./drill";
import { Verdict } from "./ledger";
import { View } from "./view";

export interface Result {
  readonly name: string;
  readonly title: string;
  /** Whether it kept its limits; nothing if it was not run. */
  readonly passed: boolean | undefined;
  /** Why it failed or was not run. */
  readonly reasons: readonly string[];
  readonly findings: readonly string[];
  /** What the drill measured by itself, by name and unit. */
  readonly numbers?: Readonly<Record<string, number>>;
  readonly seconds?: number;
  readonly view?: View;
  readonly verdict?: Verdict;
}

/** What stands in drills.json. */
export interface Report {
  readonly load: Load;
  readonly results: readonly Result[];
}

/** How much the drills loaded, and what the machine carries, if it was measured. */
export interface Load {
  readonly pagesPerSecond: number;
  readonly postsPerSecond: number;
  readonly said: string;
  readonly capacity?: Capacity;
}

/** Everything by which a drill has left its limits, in words. */
export function broken(
  limits: Limits,
  seen: View,
  kept: Verdict,
  findings: readonly Finding[],
  actMs: number,
): readonly string[] {
  const late = (limit: number, what: string, at: number | undefined) =>
    at !== undefined && at > limit
      ? [`${what} ${signed(at)} after the act; ${limit === 0 ? "none may" : `none may after ${limit} s`}`]
      : [];
  const missed = kept.missedConnected.map(({ sentAtMs }) => Math.round((sentAtMs - actMs) / 100) / 10);
  const more = (limit: number, what: string, count: number) =>
    count > limit ? [`${what}: ${count}, ${limit === 0 ? "none may be" : `at most ${limit} may be`}`] : [];
  return [
    ...more(limits.postsLost, "acknowledged posts lost", kept.lost.length),
    ...more(0, "posts stored twice", kept.twice.length),
    ...more(limits.jobsLost, "jobs lost", kept.jobsLost.length),
    ...more(limits.jobsTwice, "jobs done twice", kept.jobsTwice.length),
    ...(limits.failuresWithinSeconds === 0
      ? more(0, `failed requests of ${seen.requests}`, seen.failed)
      : late(limits.failuresWithinSeconds, "a request failed that was sent", seen.lastFailureSeconds)),
    ...more(limits.pagesFailed ?? Infinity, "failed pages", seen.pagesFailed),
    ...(seen.slowestPageSeconds > (limits.slowestPageSeconds ?? Infinity)
      ? [`a page took ${seen.slowestPageSeconds} s, at most ${limits.slowestPageSeconds} s are allowed`]
      : []),
    ...(seen.longestWithoutPostSeconds > limits.withoutPostSeconds
      ? [`no post was taken for ${seen.longestWithoutPostSeconds} s, at most ${limits.withoutPostSeconds} s are allowed`]
      : []),
    ...(limits.eventsMissedWithinSeconds === 0
      ? more(0, "events missed by WebSockets that stood", missed.length)
      : late(limits.eventsMissedWithinSeconds, "a WebSocket that stood missed a post that was sent", max(missed))),
    ...(seen.reconnectSeconds > limits.reconnectSeconds
      ? [`a WebSocket was away for ${seen.reconnectSeconds} s, at most ${limits.reconnectSeconds} s are allowed`]
      : []),
    ...more(0, "WebSockets that did not come back", seen.socketsGone),
    ...findings.filter(({ bad }) => bad === true).map(({ said }) => said),
  ];
}

/** A table with a row for each drill, under what was measured before them. */
export function markdown(results: readonly Result[], load = ""): string {
  const rows = results.map((result) => [
    `\`${result.name}\``,
    result.title,
    result.view === undefined ? "" : saw(result.view),
    result.verdict === undefined ? "" : lost(result.verdict),
    result.findings.join("; "),
    outcome(result),
  ]);
  const head = ["drill", "what was done", "what a user saw", "what was lost", "what else was measured", "result"];
  return (load === "" ? "" : `${load}\n\n`) + table(head, rows);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n") + "\n";
}

export function saw(view: View): string {
  const failures = Object.entries(view.failures).map(([why, count]) => `${count} × ${why}`);
  return [
    view.failed === 0
      ? `0 of ${view.requests} requests failed`
      : `${view.failed} of ${view.requests} requests failed (${failures.join(", ")}), sent from ${signed(view.firstFailureSeconds!)} to ${signed(view.lastFailureSeconds!)}`,
    `slowest page ${view.slowestPageSeconds} s, longest without a page ${view.longestWithoutPageSeconds} s, without a post ${view.longestWithoutPostSeconds} s`,
    `median and 99th percentile ${view.before.medianMs} and ${view.before.p99Ms} ms before, ${view.during.medianMs} and ${view.during.p99Ms} ms during`,
    ...(view.throttled === 0
      ? []
      : [
          `${view.throttled} requests got 429: Mastodon counts what a token asks for, and this load was more; they count as neither failed nor answered`,
        ]),
    view.socketsCut === 0 ? "no WebSocket cut" : `${view.socketsCut} WebSockets cut, back within ${view.reconnectSeconds} s`,
  ].join("; ");
}

export function lost(kept: Verdict): string {
  const parts = [
    `${kept.lost.length} of ${kept.acknowledged} posts`,
    `${kept.jobsLost.length} jobs`,
    `${kept.missedConnected.length} events to WebSockets that stood, ${kept.missedApart} to those that were cut off`,
  ];
  if (kept.unacknowledged > 0) {
    parts.push(`${kept.unacknowledgedThere} of ${kept.unacknowledged} posts that were refused exist, each once`);
  }
  if (kept.jobsTwice.length > 0) parts.push(`${kept.jobsTwice.length} jobs done twice`);
  return parts.join("; ");
}

function outcome({ passed, reasons }: Result): string {
  const word = passed === undefined ? "not run" : passed ? "passed" : "**failed**";
  return reasons.length === 0 ? word : `${word}: ${reasons.join("; ")}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function signed(seconds: number): string {
  return `${seconds < 0 ? "" : "+"}${seconds} s`;
}

function max(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}
