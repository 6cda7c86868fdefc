// Everything wrong with a page, told at once and before any plan exists: `problems(site).add(tier, { … })`.

import { Construct, IConstruct } from "constructs";

export interface Problem {
  /** What is wrong, with the value. */
  readonly wrong: string;
  /** What is allowed and what to do. */
  readonly remedy: string;
  /**
   * The page's own text that is wrong. What is wrong elsewhere only because it contains that text is not told besides.
   * @default - nothing follows from it
   */
  readonly value?: string;
  /**
   * A text that was made from the page's, in which this was found.
   * @default - it was found in what the page itself says
   */
  readonly within?: string;
  /**
   * What has made it so: of several problems with one cause the first is told.
   * @default - none that others may have as well
   */
  readonly cause?: string;
}

/** A problem of a text that was made from the page's: it is told unless that text is wrong because of something that is told already. */
export function following(within: string, problem: Problem | undefined): Problem | undefined {
  return problem && { wrong: problem.wrong, remedy: problem.remedy, within };
}

/** All that is wrong with a page; no plan was made. Node prints it without a stack: where in the library it was found helps nobody. */
export class PageError extends Error {
  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`${count} on this page, and no plan was made:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    Object.defineProperty(this, "name", { value: "PageError", enumerable: false });
    Object.defineProperty(this, "stack", { value: this.message, enumerable: false });
  }
}

interface Found extends Problem {
  readonly where: string;
}

/** The problems of all sites of one page, which are told together. */
const pages = new WeakMap<IConstruct, Problems[]>();

export class Problems {
  private readonly found: Found[] = [];
  private readonly checks: (() => void)[] = [];
  private readonly told = new WeakSet<Problem>();
  private readonly page: Problems[];

  constructor(scope: Construct) {
    this.page = pages.get(scope.node.root) ?? [];
    pages.set(scope.node.root, this.page);
    this.page.push(this);
    // cdktf would put the path before each line once more, and its own advice after them.
    scope.node.addValidation({
      validate: () => {
        const all = [...new Set(this.page.flatMap((problems) => problems.all()))];
        if (all.length > 0) throw new PageError(all);
        return [];
      },
    });
  }

  /** Records a problem of `where`; the plan will be refused. The same object is told once, by whoever meets it first. */
  add(where: Construct, problem: Problem | undefined): void {
    if (problem === undefined || this.told.has(problem)) return;
    this.told.add(problem);
    this.found.push({ ...problem, where: where.node.path });
  }

  /** Runs `check` when the whole page is known, before anything is written. */
  atSynth(check: () => void): void {
    this.checks.push(check);
  }

  /** Every problem, each once, in the order found, without those that only follow from another. */
  all(): string[] {
    for (const check of this.checks.splice(0)) check();
    const page = this.page.flatMap(({ found }) => found);
    const values = page.flatMap(({ value }) => (value === undefined || value === "" ? [] : [value]));
    const causes = new Set<string>();
    const roots = this.found.filter(({ within, cause }) => {
      if (within !== undefined && values.some((value) => isPart(value, within))) return false;
      if (cause === undefined) return true;
      return !causes.has(cause) && causes.add(cause);
    });
    return [...new Set(roots.map(({ where, wrong, remedy }) => oneLine(`${where}: ${wrong} / ${remedy}`)))];
  }
}

/** Whether a text was made with the page's, or of a part of it; of a few letters nobody can tell. */
function isPart(value: string, within: string): boolean {
  return within.includes(value) || (within.length > 3 && value.includes(within));
}

function oneLine(text: string): string {
  return text.replace(/\r/g, "\\r").replace(/\n/g, "\\n");
}
