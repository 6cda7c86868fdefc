// The interface of a benchmark: `export const bootText: Benchmark = { name: "boot-text", run }`.

import { Table } from "./table";

export interface Context {
  /** Takes one line at a time. */
  readonly say: (line: string) => void;
  /** How often to measure what would be measured so many times for the record; once with --quick. */
  readonly runs: (forTheRecord: number) => number;
}

export interface Target {
  readonly what: string;
  readonly measured: string;
  readonly target: string;
  readonly met: boolean;
  /** Why it is missed; shown only then. */
  readonly reason?: string;
}

export interface Report {
  readonly title: string;
  /** What the numbers mean for an administrator. */
  readonly meaning: string;
  /** What was done, and how often. */
  readonly method: string;
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
}

export interface Benchmark {
  /** As in `npm run bench -- NAME`. */
  readonly name: string;
  readonly run: (context: Context) => Promise<Report>;
}
