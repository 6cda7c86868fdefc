// What writers of rows were told, and what that says of PostgreSQL: `rowsOf(lines)`, `longestGap(rows, from)`, `bothAcknowledged(rows, old)`.

import { Write, writes } from "./writes";

/** An attempt to write a row, as the writers of row-writers.ts print it. */
export interface Row extends Write {
  /** The address of the PostgreSQL that acknowledged it, or `local` through its socket; nothing if none did. */
  readonly by: string | undefined;
}

/** Attempts of several writers may be mixed. */
export function rowsOf(lines: readonly string[]): readonly Row[] {
  return writes(lines).map((write, n) => ({ ...write, by: write.yes ? lines[n]!.split(" ")[3] : undefined }));
}

export interface Gap {
  readonly fromMs: number;
  readonly seconds: number;
}

/** The longest time without an acknowledgement, of what was still missing one after `actMs`; nothing if there was none before or after. */
export function longestGap(rows: readonly Row[], actMs: number): Gap | undefined {
  const times = rows.filter(({ yes }) => yes).map(({ atMs }) => atMs);
  const gaps = times.slice(1).flatMap((to, n) => (to < actMs ? [] : [{ fromMs: times[n]!, seconds: secondsOf(to - times[n]!) }]));
  return gaps.reduce<Gap | undefined>((most, gap) => (most !== undefined && most.seconds >= gap.seconds ? most : gap), undefined);
}

/** The seconds after `actMs` until another PostgreSQL than `old` acknowledged; nothing if none did. */
export function anotherAfter(rows: readonly Row[], actMs: number, old: string): number | undefined {
  const first = rows.find(({ by, atMs }) => atMs >= actMs && by !== undefined && by !== old);
  return first === undefined ? undefined : secondsOf(first.atMs - actMs);
}

/** The reasons of those that were refused or had no answer, each once. */
export function refusals(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.flatMap(({ yes, answer }) => (yes ? [] : [answer])))];
}

export interface Overlap {
  /** What the old primary acknowledged after the new one had begun to. */
  readonly count: number;
  /** How long after that its last one was. */
  readonly seconds: number;
}

/** Whether two primaries acknowledged at the same time: `old` is the address of the first one, or `local` of who writes there. */
export function bothAcknowledged(rows: readonly Row[], old: readonly string[]): Overlap {
  const yes = rows.flatMap(({ by, atMs }) => (by === undefined ? [] : [{ old: old.includes(by), atMs }]));
  const beganMs = Math.min(...yes.filter((row) => !row.old).map(({ atMs }) => atMs));
  const late = yes.filter((row) => row.old && row.atMs > beganMs);
  return { count: late.length, seconds: Math.max(0, ...late.map(({ atMs }) => secondsOf(atMs - beganMs))) };
}

/** Rows that were acknowledged and are not there. */
export function lostOf(rows: readonly Row[], there: ReadonlySet<string>): readonly Row[] {
  return rows.filter(({ yes, number }) => yes && !there.has(number));
}

export function secondsOf(ms: number): number {
  return Math.round(ms / 100) / 10;
}
