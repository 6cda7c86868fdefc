// Rules of Prometheus as data: `alert({ name: "RedisDown", expr: "redis_up == 0", for: "30s", severity: "warning", summary: "…", description: "…" })`.

import { Severity } from "./alerts";

export interface RuleGroup {
  readonly name: string;
  /**
   * How often it is evaluated.
   * @default - as often as all others
   */
  readonly interval?: string;
  readonly rules: readonly Rule[];
}

export type Rule = RecordingRule | AlertRule;

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface AlertProps {
  /** Its name in CamelCase, and the heading of its paragraph in docs/runbooks.md. */
  readonly name: string;
  readonly expr: string;
  /**
   * How long `expr` must hold.
   * @default - not at all
   */
  readonly for?: string;
  readonly severity: Severity | "none";
  /** Labels beside those of `expr`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What people notice. */
  readonly summary: string;
  /** The values, and what to do first. */
  readonly description: string;
}

export function alert({ name, expr, for: lasting, severity, labels, summary, description }: AlertProps): AlertRule {
  return {
    alert: name,
    expr,
    ...(lasting !== undefined && { for: lasting }),
    labels: { severity, ...labels },
    annotations: { summary, description },
  };
}

/** A number also where nothing is left to count: the result then has no labels. */
export function orZero(expr: string): string {
  return `(${expr} or vector(0))`;
}

/** A matcher for the label `instance`. */
export function instances(names: readonly string[]): string {
  return `instance=~"${names.join("|")}"`;
}

/** A matcher that leaves out these, to be put behind others; nothing without any. */
export function others(names: readonly string[]): string {
  return names.length === 0 ? "" : `,instance!~"${names.join("|")}"`;
}

/**
 * The label of alerts about a server elsewhere that does not answer. They explain no others: perhaps only the monitoring machine is not let in.
 */
export const ELSEWHERE = { labels: { runs: "elsewhere" }, not: 'runs!="elsewhere"' } as const;

/**
 * Only if it held once in the last day: ` and on () …`. What was never seen is not lost: kept machines have no exporters until they are renewed, and new
 * machines still boot.
 */
export function seen(series: string): string {
  return `and on () max_over_time(${series}[1d]) > 0`;
}

/** The targets that have not been up in the last day: kept machines from before `Monitoring`, and what still boots. */
export const UNWATCHED = "instance:mastodon_unwatched";

/** Leaves out what a new member of a pool has not started yet: it waits for the database task, for example. */
export const ONCE_UP = `unless ${UNWATCHED}{pool!=""}`;

/** Leaves out what a machine that does not answer at all explains. */
export const WITH_MACHINE = 'unless on (instance) up{job="node"} == 0';
