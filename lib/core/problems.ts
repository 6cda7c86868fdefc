// Everything wrong with a page, told at once and before any plan exists: `problems(site).add(tier, { … })`.

import { Construct } from "constructs";

export interface Problem {
  /** What is wrong, with the value. */
  readonly wrong: string;
  /** What is allowed and what to do. */
  readonly remedy: string;
}

export class Problems {
  private readonly found: string[] = [];
  private readonly checks: (() => void)[] = [];

  constructor(scope: Construct) {
    scope.node.addValidation({ validate: () => this.all() });
  }

  /** Records a problem of `where`; the plan will be refused. */
  add(where: Construct, problem: Problem): void {
    this.found.push(`${where.node.path}: ${problem.wrong} / ${problem.remedy}`);
  }

  /** Runs `check` when the whole page is known, before anything is written. */
  atSynth(check: () => void): void {
    this.checks.push(check);
  }

  /** Every problem, each once, in the order found. */
  all(): string[] {
    for (const check of this.checks.splice(0)) check();
    return [...new Set(this.found)];
  }
}
