// Collects everything wrong with a page and reports it together, before any plan exists: `site.problems.add(tier, { … })`.

import { Construct, IConstruct } from "constructs";

export interface Problem {
  /** What is wrong, with the value. */
  readonly wrong: string;
  /** What is allowed, and what to do. */
  readonly remedy: string;
  /**
   * The wrong value as written on the page. Problems that were found in texts made from this value are not reported too.
   * @default - no other problem follows from this one
   */
  readonly value?: string;
  /**
   * The text in which it was found, if that was made from values of the page.
   * @default - it was found in a value of the page itself
   */
  readonly within?: string;
  /**
   * A key of the common cause: of several problems with the same cause only the first is reported.
   * @default - reported in any case
   */
  readonly cause?: string;
}

/** A problem of a text that was made from values of the page: reported unless one of those values is reported already. */
export function following(within: string, problem: Problem | undefined): Problem | undefined {
  return problem && { wrong: problem.wrong, remedy: problem.remedy, within };
}

/** All problems of a page; no plan was made. Node prints it without a stack trace, since the place inside the library does not help the user. */
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

/** The problems of all sites of one page, which are reported together. */
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
    // Thrown, not returned: cdktf would repeat the path before each line and append its own advice.
    scope.node.addValidation({
      validate: () => {
        const all = [...new Set(this.page.flatMap((problems) => problems.all()))];
        if (all.length > 0) throw new PageError(all);
        return [];
      },
    });
  }

  /** Records a problem of `where`; the page will be refused. The same object is reported once, for the first construct that adds it. */
  add(where: Construct, problem: Problem | undefined): void {
    if (problem === undefined || this.told.has(problem)) return;
    this.told.add(problem);
    this.found.push({ ...problem, where: where.node.path });
  }

  /** Runs `check` when the whole page is known, before anything is written. */
  atSynth(check: () => void): void {
    this.checks.push(check);
  }

  /** Every problem once, in the order found, without those that follow from another. */
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

/** Whether a text contains the page's value or is a part of it. A part of three letters or less could be a coincidence. */
function isPart(value: string, within: string): boolean {
  return within.includes(value) || (within.length > 3 && value.includes(within));
}

function oneLine(text: string): string {
  return text.replace(/\r/g, "\\r").replace(/\n/g, "\\n");
}
