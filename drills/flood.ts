// The results of a request rate above a machine's capacity: `flood(shots, window)`. Used by the drill and the benchmark `overload`.

import { part } from "./capacity";
import { Shot, Window } from "./generator";

export interface Flood {
  /** Pages a second, sent and served. */
  readonly offered: number;
  readonly served: number;
  /** The least pages a second that were served in any ten seconds. */
  readonly leastServed: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Answers with 503 and `Retry-After`, and how long they took. */
  readonly refused: number;
  readonly refusedP99Ms: number;
  readonly slowestRefusalMs: number;
  /** Everything else: no answer, another status, or a 503 that does not say when to come again. */
  readonly failed: number;
}

const LEAST_SECONDS = 10;

/** By when pages came for what was served, by when they were sent for what was not. */
export function flood(shots: readonly Shot[], { fromMs, toMs }: Window): Flood {
  const seconds = (toMs - fromMs) / 1000;
  const sent = shots.filter(({ sentAtMs }) => sentAtMs >= fromMs && sentAtMs < toMs);
  const good = shots.filter(({ status, endedAtMs }) => status === 200 && endedAtMs >= fromMs && endedAtMs < toMs);
  const refused = sent.filter(({ status, retryAfter }) => status === 503 && retryAfter);
  const failed = sent.filter(({ status, retryAfter }) => status !== 200 && !(status === 503 && retryAfter));
  const spent = spentBy(good);
  const waited = spentBy(refused);
  return {
    offered: tenth(sent.length / seconds),
    served: tenth(good.length / seconds),
    leastServed: leastIn(
      good.map(({ endedAtMs }) => endedAtMs),
      { fromMs, toMs },
    ),
    medianMs: part(spent, 0.5),
    p99Ms: part(spent, 0.99),
    refused: refused.length,
    refusedP99Ms: part(waited, 0.99),
    slowestRefusalMs: waited.at(-1) ?? 0,
    failed: failed.length,
  };
}

/** The least a second in any ten seconds, which begin at each full second. */
function leastIn(timesMs: readonly number[], { fromMs, toMs }: Window): number {
  const counts: number[] = [];
  for (let from = fromMs; from + LEAST_SECONDS * 1000 <= toMs; from += 1000) {
    counts.push(timesMs.filter((time) => time >= from && time < from + LEAST_SECONDS * 1000).length);
  }
  return counts.length === 0 ? 0 : tenth(Math.min(...counts) / LEAST_SECONDS);
}

function spentBy(shots: readonly Shot[]): readonly number[] {
  return shots.map(({ sentAtMs, endedAtMs }) => endedAtMs - sentAtMs).sort((a, b) => a - b);
}

function tenth(number: number): number {
  return Math.round(number * 10) / 10;
}
