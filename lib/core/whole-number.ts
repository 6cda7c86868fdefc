// The one check of whole numbers, with one message: `problems.add(this, wrongNumber("threads", props.threads, { least: 1, most: 64 }))`.

import { Construct } from "constructs";
import { Problem, Problems } from "./problems";

export interface WholeNumber {
  readonly least: number;
  /** @default - no limit */
  readonly most?: number;
  /**
   * How the remedy goes on, with its own punctuation first.
   * @default - it ends with the limits
   */
  readonly further?: string;
}

/** What is wrong with a number, where there is anything. `what` is what messages call it, such as the name of a prop. */
export function wrongNumber(what: string, value: number, { least, most, further = "" }: WholeNumber): Problem | undefined {
  if (Number.isInteger(value) && value >= least && value <= (most ?? Infinity)) return undefined;
  const limits = most === undefined ? `from ${least}` : `from ${least} to ${most}`;
  return { wrong: `${what} is ${value}`, remedy: `use a whole number ${limits}${further}` };
}

/** The number itself; if it is wrong, a problem of `where`, and the least that is allowed in its place until all problems are told. */
export function wholeNumber(problems: Problems, where: Construct, what: string, value: number, limits: WholeNumber): number {
  const wrong = wrongNumber(what, value, limits);
  problems.add(where, wrong);
  return wrong === undefined ? value : limits.least;
}
