// One piece of advice: what was seen, and what to change on the page.

export interface Advice {
  /** `raise`: something was short. `lower`: something is larger than needed. `fine`: the numbers of what is not short. `unmeasured`: there are none. */
  readonly kind: "raise" | "lower" | "fine" | "unmeasured";
  /** The name of the tier, as in host names. */
  readonly about: string;
  /** What was seen: the numbers, and when they were worst. */
  readonly seen: string;
  /** What to change on the page; none if the cause is elsewhere. */
  readonly changes: readonly Change[];
  /** What it does to the connections of databases, one sentence for each server. */
  readonly connections: readonly string[];
  /** What to look at first, and other ways. */
  readonly notes: readonly string[];
}

/** A prop of a construct. */
export interface Change {
  /** The class, such as `WebTier`. */
  readonly kind: string;
  /** The construct path. */
  readonly path: string;
  readonly prop: string;
  readonly from: string;
  readonly to: string;
  /** What the change does to the machines. */
  readonly cost: string;
}
