// Prometheus' own tool on the rules of a page: `firing(series, ["5m"])` are the alerts that fire at that time.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { ruleGroups, rules } from "../../lib/mastodon/monitoring/rules";
import { Watched } from "../../lib/mastodon/monitoring/watched";
import { debianTool } from "../shared/debian-tools";
import { Series } from "./monitoring-series";

/** Fetching the tool takes some seconds, once on a computer. */
export const FETCHED_MS = 300_000;
export const promtoolPath = () => debianTool("promtool", "promtool");

/** What promtool says; it throws with its output if it finds a fault. */
export function promtool(files: Readonly<Record<string, string>>, ...words: readonly string[]): string {
  const room = mkdtempSync(join(tmpdir(), "promtool-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(room, name), text);
    return execFileSync(promtoolPath(), words, { cwd: room, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${stdout}\n${stderr}`);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

export interface Expected {
  /** By time, as in `5m`: each alert that fires with its severity, as in `MachineDown critical`, once or `x3`; and no other does. */
  readonly firing?: Readonly<Record<string, readonly string[]>>;
  /** By expression and time: values by labels. */
  readonly values?: readonly { readonly expr: string; readonly at: string; readonly is: Readonly<Record<string, number>> }[];
  /** All alerts of a name that fire, with labels and texts in promtool's notation. */
  readonly alerts?: readonly { readonly at: string; readonly name: string; readonly firing: readonly object[] }[];
}

export interface Evaluated {
  /**
   * The time between two samples, and between two evaluations.
   * @default "15s"
   */
  readonly interval?: string;
  /**
   * The names of the groups that are evaluated; fewer take less time.
   * @default - all
   */
  readonly only?: RegExp;
}

/** Fails unless the rules of the page make of the series what is expected. */
export function expectRules(page: Watched, series: Series, expected: Expected, how: Evaluated = {}): void {
  const { interval = "15s", only = /^/ } = how;
  const groups = ruleGroups(page).filter(({ name }) => only.test(name));
  const firing = Object.entries(expected.firing ?? {}).map(([at, alerts]) => ({
    expr: 'count by (alertname, severity) (ALERTS{alertstate="firing",alertname!="Watchdog"})',
    eval_time: at,
    exp_samples: alerts.map((text) => {
      const [, alertname, severity, times] = /^(\w+) (\w+)(?: x(\d+))?$/.exec(text)!;
      return { labels: `{alertname="${alertname}",severity="${severity}"}`, value: Number(times ?? 1) };
    }),
  }));
  const values = (expected.values ?? []).map(({ expr, at, is }) => ({
    expr,
    eval_time: at,
    exp_samples: Object.entries(is).map(([labels, value]) => ({ labels, value })),
  }));
  const alerts = (expected.alerts ?? []).map(({ at, name, firing: exp_alerts }) => ({
    eval_time: at,
    alertname: name,
    exp_alerts,
  }));
  const test = {
    rule_files: ["rules.yml"],
    evaluation_interval: interval,
    // Otherwise the order is by chance, and an alert sees a recorded series now or an interval later.
    group_eval_order: groups.map(({ name }) => name),
    tests: [
      {
        interval,
        input_series: Object.entries(series).map(([name, samples]) => ({ series: name, values: samples })),
        promql_expr_test: [...firing, ...values],
        alert_rule_test: alerts,
      },
    ],
  };
  promtool({ "rules.yml": rules(page, groups), "test.yml": stringify(test) }, "test", "rules", "test.yml");
}
