// Whether processes were started anew between two answers of `site.started(hosts)`: `unchanged(before, after)`.

import { Finding } from "./drill";

type Started = Readonly<Record<string, string>>;

export function unchanged(before: Started, after: Started): Finding {
  const other = Object.keys(before).filter((name) => before[name] !== after[name]);
  return other.length === 0
    ? { said: `no process of ${Object.keys(before).length} machines was started anew` }
    : { said: `processes were started anew on ${other.join(", ")}`, bad: true };
}

/** How many processes of units that begin so have ended, whether others took their places or not. */
export function ended(before: Started, after: Started, unit: string): number {
  return Object.keys(before).reduce((sum, name) => {
    const now = (after[name] ?? "").split("\n");
    const gone = before[name]!.split("\n").filter((line) => line.includes(`Id=${unit}`) && !now.includes(line));
    return sum + gone.length;
  }, 0);
}
