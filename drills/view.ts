// The effect of a drill on users: `view(requests, sockets, { fromMs, actMs, toMs })`.

import { Span } from "./ledger";

export interface Request {
  /** What strangers see, a timeline of somebody who is signed in, or a post. */
  readonly kind: "page" | "home" | "post";
  readonly sentAtMs: number;
  readonly endedAtMs: number;
  /** Why it failed; a request without is one that was answered well, or throttled. */
  readonly failure?: string;
  /** Whether Mastodon found that this token asks too much (429), which says nothing about the site. */
  readonly throttled?: true;
}

export interface Times {
  readonly fromMs: number;
  /** When it was broken. */
  readonly actMs: number;
  readonly toMs: number;
}

export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface View {
  readonly requests: number;
  readonly failed: number;
  /** Refused with 429, and counted neither as failed nor as answered. */
  readonly throttled: number;
  /** Of those that strangers see: how many failed, and the longest that one took, a failed one too. */
  readonly pagesFailed: number;
  readonly slowestPageSeconds: number;
  /** Each reason, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** When the first and the last request was sent that failed, in seconds after the act. */
  readonly firstFailureSeconds: number | undefined;
  readonly lastFailureSeconds: number | undefined;
  readonly longestWithoutPageSeconds: number;
  readonly longestWithoutPostSeconds: number;
  readonly before: Latency;
  readonly during: Latency;
  readonly socketsCut: number;
  /** The longest that one was away. */
  readonly reconnectSeconds: number;
  readonly socketsGone: number;
  /** Requests by the second after the act in which they were sent; only those seconds in which one failed. */
  readonly failedSeconds: readonly FailedSecond[];
}

export interface FailedSecond {
  readonly second: number;
  readonly requests: number;
  readonly failures: Readonly<Record<string, number>>;
}

export function view(requests: readonly Request[], sockets: readonly (readonly Span[])[], times: Times): View {
  const failed = requests.filter(({ failure }) => failure !== undefined);
  const sent = failed.map(({ sentAtMs }) => seconds(sentAtMs - times.actMs)).sort((a, b) => a - b);
  const cuts = sockets.flatMap((spans) => cutsOf(spans, times));
  return {
    requests: requests.length,
    failed: failed.length,
    throttled: requests.filter(({ throttled }) => throttled === true).length,
    pagesFailed: failed.filter(({ kind }) => kind === "page").length,
    slowestPageSeconds: slowest(requests.filter(({ kind, endedAtMs }) => kind === "page" && endedAtMs >= times.actMs)),
    failures: counted(failed),
    firstFailureSeconds: sent[0],
    lastFailureSeconds: sent.at(-1),
    longestWithoutPageSeconds: longestGap(requests, "page", times),
    longestWithoutPostSeconds: longestGap(requests, "post", times),
    before: latency(requests.filter(({ endedAtMs }) => endedAtMs < times.actMs)),
    during: latency(requests.filter(({ endedAtMs }) => endedAtMs >= times.actMs)),
    socketsCut: cuts.length,
    reconnectSeconds: Math.max(0, ...cuts.filter(Number.isFinite)),
    socketsGone: cuts.filter((cut) => !Number.isFinite(cut)).length,
    failedSeconds: failedSeconds(requests, times.actMs),
  };
}

function counted(failed: readonly Request[]): Readonly<Record<string, number>> {
  const failures: Record<string, number> = {};
  for (const { kind, failure } of failed) failures[`${kind}: ${failure}`] = (failures[`${kind}: ${failure}`] ?? 0) + 1;
  return failures;
}

function failedSeconds(requests: readonly Request[], actMs: number): readonly FailedSecond[] {
  const secondOf = ({ sentAtMs }: Request) => Math.floor((sentAtMs - actMs) / 1000);
  const failed = requests.filter(({ failure }) => failure !== undefined);
  return [...new Set(failed.map(secondOf))]
    .sort((a, b) => a - b)
    .map((second) => ({
      second,
      requests: requests.filter((request) => secondOf(request) === second).length,
      failures: counted(failed.filter((request) => secondOf(request) === second)),
    }));
}

// The seconds until each cut WebSocket stood again.
function cutsOf(spans: readonly Span[], { actMs, toMs }: Times): readonly number[] {
  return spans.flatMap((span, n) => {
    if (span.toMs < actMs || span.toMs >= toMs) return [];
    const next = spans[n + 1];
    return [next === undefined ? Infinity : seconds(next.fromMs - span.toMs)];
  });
}

function slowest(requests: readonly Request[]): number {
  return seconds(Math.max(0, ...requests.map(({ sentAtMs, endedAtMs }) => endedAtMs - sentAtMs)));
}

const answered = ({ failure, throttled }: Request) => failure === undefined && throttled !== true;

function longestGap(requests: readonly Request[], kind: Request["kind"], { fromMs, toMs }: Times): number {
  const wanted = requests.filter((request) => request.kind === kind);
  if (wanted.length === 0) return 0;
  const good = wanted
    .filter(answered)
    .map(({ endedAtMs }) => endedAtMs)
    .sort((a, b) => a - b);
  const marks = [fromMs, ...good, Math.max(toMs, good.at(-1) ?? toMs)];
  return seconds(Math.max(...marks.slice(1).map((mark, n) => mark - marks[n]!)));
}

function latency(requests: readonly Request[]): Latency {
  const spent = requests
    .filter(answered)
    .map(({ sentAtMs, endedAtMs }) => endedAtMs - sentAtMs)
    .sort((a, b) => a - b);
  const at = (part: number) => Math.round(spent[Math.min(spent.length - 1, Math.floor(spent.length * part))] ?? 0);
  return { medianMs: at(0.5), p99Ms: at(0.99) };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
