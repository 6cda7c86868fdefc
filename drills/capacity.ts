// Measures the capacity of this machine: `await measureCapacity(door, paths, say)` raises the request rate until throughput stops growing. Drills use
// a third of it, so that a fault cannot be confused with an overload.

import { Door } from "../scripts/journey";
import { Generator, MOST_PER_SECOND, Shot, Window } from "./generator";
import { Rates } from "./load";

export interface Step {
  /** Requests per second that were sent. */
  readonly offered: number;
  /** Responses per second that arrived. */
  readonly served: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Requests per second that were refused, failed, or got no response. */
  readonly refused: number;
}

export interface Capacity {
  readonly pagesPerSecond: number;
  /** Whether the machine's limit was found, rather than the generator's. */
  readonly reached: boolean;
  readonly said: string;
}

const RAMP: readonly number[] = [8, 12, 18, 27, 40, 60, 90, 135, MOST_PER_SECOND];
const STEP_SECONDS = 1.5;
// Long enough that a second more or less in one page makes no difference.
const HOLD_SECONDS = 6;
// What is sent at a new rate comes this much later, and until then the old rate's pages come.
const BEHIND_MS = 500;
// A pause of the machine in one short step is no limit, and each costs a hold.
const MOST_HOLDS = 3;
const SLOW_MS = 1000;
const KEEPS_UP = 0.8;
const MOST_REQUESTS = 3000;

/** What was sent and what came within a window. Pages that came may have been sent before it. */
export function stepOf(shots: readonly Shot[], { fromMs, toMs }: Window): Step {
  const seconds = (toMs - fromMs) / 1000;
  const ended = shots.filter(({ endedAtMs }) => endedAtMs >= fromMs && endedAtMs < toMs);
  const good = ended.filter(({ status }) => status === 200);
  const spent = good.map(({ sentAtMs, endedAtMs }) => endedAtMs - sentAtMs).sort((a, b) => a - b);
  return {
    offered: rate(shots.filter(({ sentAtMs }) => sentAtMs >= fromMs && sentAtMs < toMs).length, seconds),
    served: rate(good.length, seconds),
    medianMs: part(spent, 0.5),
    p95Ms: part(spent, 0.95),
    refused: rate(ended.length - good.length, seconds),
  };
}

/** Why a higher rate would not help any more; nothing as long as it would. */
export function full(step: Step, sentPerSecond: number): string | undefined {
  if (step.refused > 0) return `${step.refused} pages a second were refused at ${sentPerSecond}`;
  if (step.p95Ms > SLOW_MS) return `the 95th percentile was ${step.p95Ms} ms at ${sentPerSecond}`;
  if (step.served < sentPerSecond * KEEPS_UP) return `${step.served} came of ${sentPerSecond} pages a second`;
  return undefined;
}

/** Raises the rate until a higher one would not help, for at most a quarter of a minute, then holds that and takes what comes. */
export async function measureCapacity(door: Door, paths: readonly string[]): Promise<Capacity> {
  const generator = new Generator(door, paths, MOST_REQUESTS);
  try {
    const sendAndCount = async (perSecond: number, seconds: number) => {
      const { fromMs, toMs } = await generator.send(perSecond, seconds);
      return stepOf(generator.shots, { fromMs: fromMs + BEHIND_MS, toMs });
    };
    let most = 0;
    let holds = 0;
    for (const perSecond of RAMP) {
      const step = await sendAndCount(perSecond, STEP_SECONDS);
      most = Math.max(most, step.served);
      if (full(step, perSecond) === undefined) continue;
      const held = await sendAndCount(perSecond, HOLD_SECONDS);
      holds += 1;
      const why = full(held, perSecond);
      if (why === undefined && holds < MOST_HOLDS) continue;
      return {
        pagesPerSecond: held.served,
        reached: true,
        said: `${held.served} pages a second (${why ?? `${perSecond} were tried`}; median then ${held.medianMs} ms)`,
      };
    }
    return { pagesPerSecond: most, reached: false, said: `more than the ${most} pages a second that were tried` };
  } finally {
    await generator.drain();
    generator.close();
  }
}

/** The load of the drills: a third of what the machine carries, and never more than the usual; posts in proportion. */
export function thirdOf({ pagesPerSecond }: Capacity, usual: Rates): Rates {
  const pages = Math.max(0.5, Math.min(usual.pagesPerSecond, Math.floor((pagesPerSecond / 3) * 10) / 10));
  const posts = Math.round(((pages * usual.postsPerSecond) / usual.pagesPerSecond) * 100) / 100;
  return { ...usual, pagesPerSecond: pages, postsPerSecond: posts };
}

function rate(count: number, seconds: number): number {
  return Math.round((count / seconds) * 10) / 10;
}

/** That part of sorted numbers; 0 of none. */
export function part(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
