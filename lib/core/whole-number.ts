// The check of whole numbers on a page: `problems.add(this, wrongNumber("threads", props.threads, { least: 1, most: 64 }))`.

import { Construct } from "constructs";
import { Problem, Problems } from "./problems";

export interface WholeNumber {
  readonly least: number;
  /** @default - no limit */
  readonly most?: number;
  /**
   * A text to append to the remedy, beginning with punctuation.
   * @default - nothing
   */
  readonly further?: string;
}

/** A problem if the number is not whole or out of its limits. `what` is its name in the message, such as the name of a prop. */
export function wrongNumber(what: string, value: number, { least, most, further = "" }: WholeNumber): Problem | undefined {
  if (Number.isInteger(value) && value >= least && value <= (most ?? Infinity)) return undefined;
  const limits = most === undefined ? `from ${least}` : `from ${least} to ${most}`;
  return { wrong: `${what} is ${value}`, remedy: `use a whole number ${limits}${further}` };
}

/** Returns the number. If it is wrong, adds a problem of `where` and returns the smallest allowed number. */
export function wholeNumber(problems: Problems, where: Construct, what: string, value: number, limits: WholeNumber): number {
  const wrong = wrongNumber(what, value, limits);
  problems.add(where, wrong);
  return wrong === undefined ? value : limits.least;
}
