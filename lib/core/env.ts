// The environment variables of one process: `new Env(problems, rule).set("DB_HOST", "pool-1", tier)`.
// A variable without a value is left out, not set to "". A name that the process does not read is refused, with the construct that set it.

import { Construct } from "constructs";
import { Problems } from "./problems";
import { Secret } from "./secret";

/** Returns what is wrong with a variable for a certain process and version, or `undefined`. */
export type EnvRule = (name: string, value: string) => string | undefined;

export class Env {
  private sorted: Readonly<Record<string, string>> | undefined;
  private readonly values = new Map<string, { readonly value: string; readonly by: Construct }>();

  constructor(
    private readonly problems: Problems,
    private readonly rule: EnvRule,
    /** Whether messages must not show a value. */
    private readonly hides: (name: string, value: string) => boolean = () => false,
  ) {}

  /** Sets a variable. `undefined`, as of an optional prop, sets nothing. */
  set(name: string, value: string | number | boolean | Secret | undefined, by: Construct): this {
    if (value === undefined) return this;
    const text = String(value);
    const wrong = /[\n\r\0]/.test(text) ? "has a line break, which an env file cannot hold" : this.rule(name, text);
    if (wrong !== undefined) this.problems.add(by, { wrong: `${name} ${wrong}`, remedy: "remove or correct it", within: text });
    const before = this.values.get(name);
    if (before !== undefined && before.value !== text) {
      this.problems.add(by, {
        wrong: `${name} is "${this.shown(name, text)}" here and "${this.shown(name, before.value)}" in ${before.by.node.path}`,
        remedy: "set it in one place only",
        within: text,
      });
    }
    this.values.set(name, { value: text, by });
    this.sorted = undefined;
    return this;
  }

  private shown(name: string, value: string): string {
    return this.hides(name, value) ? "(secret)" : value;
  }

  /** The variables, sorted by name. */
  get all(): Readonly<Record<string, string>> {
    this.sorted ??= Object.freeze(
      Object.fromEntries([...this.values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { value }]) => [name, value])),
    );
    return this.sorted;
  }

  /** The variable with the longest value and the construct that set it, for the message that a boot text is too large. */
  largest(): string {
    const [name, { by }] = [...this.values].reduce((most, one) => (one[1].value.length > most[1].value.length ? one : most));
    return `${name} of ${by.node.path}`;
  }

  /** The env file: podman reads it literally, so nothing is quoted. */
  render(): string {
    return Object.entries(this.all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join("");
  }
}
