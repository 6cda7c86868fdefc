// Numbers of the last hours, as Prometheus has answered the queries: `worst(seriesOf(numbers, "webBusy", { pool: "web" }))`.

import { LEAST_VALUES } from "./advice-limits";
import { QueryName, STEP_SECONDS } from "./advice-queries";

/** Unix time in seconds, and the value then. */
export type Point = readonly [at: number, value: number];

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** By time; without those that are no number. */
  readonly points: readonly Point[];
}

export type Numbers = Readonly<Partial<Record<QueryName, readonly Series[]>>>;

/** The values of a query with these labels; `undefined` if there is none. */
export function seriesOf(numbers: Numbers, query: QueryName, labels: Series["labels"]): readonly Point[] | undefined {
  const found = numbers[query]?.find((one) => Object.entries(labels).every(([name, value]) => one.labels[name] === value));
  return found === undefined || found.points.length === 0 ? undefined : found.points;
}

/** As good as the highest: what is computed from counters differs by less than this where nothing has changed. */
const SAME = 1e-6;

/** The highest, and the first time that it was reached. */
export function worst(points: readonly Point[]): { readonly at: number; readonly value: number } {
  const value = points.reduce((most, [, one]) => Math.max(most, one), -Infinity);
  const [at] = points.find(([, one]) => one >= value - SAME * Math.abs(value))!;
  return { at, value };
}

/** The lowest. */
export function least(points: readonly Point[]): { readonly at: number; readonly value: number } {
  const { at, value } = worst(points.map(([at, value]) => [at, -value]));
  return { at, value: -value };
}

export function last(points: readonly Point[]): number {
  return points[points.length - 1]![1];
}

/** How many seconds it was at least so high; 0 if that is too short to count. */
export function timeFrom(points: readonly Point[] | undefined, limit: number): number {
  return timeOf(points, (value) => value >= limit);
}

/** How many seconds it was below; 0 if that is too short to count. */
export function timeBelow(points: readonly Point[] | undefined, limit: number): number {
  return timeOf(points, (value) => value < limit);
}

function timeOf(points: readonly Point[] | undefined, counts: (value: number) => boolean): number {
  const values = (points ?? []).filter(([, value]) => counts(value)).length;
  // A value is of the step before it, and the first one of a period is of the time before.
  const whole = values > LEAST_VALUES && values === points!.length ? 1 : 0;
  return values < LEAST_VALUES ? 0 : (values - whole) * STEP_SECONDS;
}

/** The value at a time, or the one before it. */
export function valueAt(points: readonly Point[] | undefined, time: number): number | undefined {
  return points?.findLast(([at]) => at <= time)?.[1];
}

/** By how much it grows in a second: the slope of the straight line that is nearest to all values. */
export function growth(points: readonly Point[]): number {
  const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;
  const [time, value] = [mean(points.map(([at]) => at)), mean(points.map(([, one]) => one))];
  const spread = points.reduce((sum, [at]) => sum + (at - time) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [at, one]) => sum + (at - time) * (one - value), 0) / spread;
}
