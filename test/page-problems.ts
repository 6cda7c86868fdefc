// What a page hears when its plan is made: `pageProblems(() => Testing.synth(stack, true))`, one line each.

import { PageError } from "../lib/core/problems";

export function pageProblems(synthesize: () => unknown): readonly string[] {
  try {
    synthesize();
    return [];
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
}
