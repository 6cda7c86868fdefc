// Objectives of the service, and alerts when the errors that they allow are used up too fast: in a long window, so that a short fault is
// no reason, and in a short one, so that the alert ends with the fault.

import { Objectives, Severity } from "./alerts";
import { alert, AlertRule, RecordingRule, RuleGroup } from "./rule";
import { PATH_OF_STREAMING, PATH_OF_WEB } from "./probes";
import { measuresJobs, Watched } from "./watched";

const WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;
type Window = (typeof WINDOWS)[number];
const SECONDS: Readonly<Record<Window, number>> = {
  "5m": 300,
  "30m": 1800,
  "1h": 3600,
  "2h": 7200,
  "6h": 21_600,
  "1d": 86_400,
  "3d": 259_200,
};
/** These are evaluated with all other rules; the longer ones change slowly and cost more. */
const SHORT: readonly Window[] = ["5m", "30m", "1h"];

interface Burn {
  /** How many times faster than allowed. */
  readonly times: number;
  readonly long: Window;
  readonly short: Window;
  readonly severity: Severity;
  /** What that leads to. */
  readonly used: string;
}

const BURNS: readonly Burn[] = [
  { times: 14.4, long: "1h", short: "5m", severity: "critical", used: "That is 2 % of what a month allows, in an hour" },
  { times: 6, long: "6h", short: "30m", severity: "critical", used: "That is 5 % of what a month allows, in six hours" },
  { times: 3, long: "1d", short: "2h", severity: "warning", used: "That is 10 % of what a month allows, in a day" },
  { times: 1, long: "3d", short: "6h", severity: "warning", used: "That is 10 % of what a month allows, in three days" },
];

interface Objective {
  readonly slo: keyof Objectives;
  readonly alert: string;
  /** The share of bad events in a window. */
  readonly bad: (window: Window) => string;
  /** What people notice. */
  readonly summary: string;
  /** What to do first. */
  readonly first: string;
}

export function objectiveRules(page: Watched): readonly RuleGroup[] {
  const objectives = objectivesOf(page);
  const recorded = (windows: readonly Window[]) =>
    objectives.flatMap(({ slo, bad }) =>
      windows.map((window): RecordingRule => ({ record: ratio(slo, window), expr: `${bad(window)} * ${covered(window)}` })),
    );
  if (objectives.length === 0) return [];
  const bad = objectives.some(({ slo }) => slo === "posts") ? [badPosts(page)] : [];
  return [
    { name: "objectives", rules: [HISTORY, ...bad, ...recorded(SHORT)] },
    { name: "objectives in long windows", interval: "1m", rules: recorded(WINDOWS.filter((window) => !SHORT.includes(window))) },
    { name: "use of objectives", rules: objectives.flatMap((one) => BURNS.map((burn) => burnt(page, one, burn))) },
  ];
}

const ratio = (slo: string, window: Window) => `site:mastodon_slo_${slo}:ratio_rate${window}`;

// The time before the first measurement counts as good. Else the first deploy, in which nothing answers yet, would be most of what is known for days.
const HISTORY: RecordingRule = {
  record: "site:mastodon_slo_history:seconds",
  expr: "time() - min(prometheus_tsdb_lowest_timestamp_seconds) or vector(259200)",
};
const covered = (window: Window) => `scalar(clamp_max(${HISTORY.record} / ${SECONDS[window]}, 1))`;

/** The queue whose jobs put a post into timelines. */
const DISTRIBUTES = "default";
const BAD_POSTS = "site:mastodon_slo_posts:bad";

function badPosts({ limits }: Watched): RecordingRule {
  const latency = `site:mastodon_sidekiq_queue_latency_seconds:max{queue="${DISTRIBUTES}"}`;
  return { record: BAD_POSTS, expr: `max(${latency} > bool ${limits.queueSeconds[DISTRIBUTES]})` };
}

function objectivesOf(page: Watched): readonly Objective[] {
  const { web, hosts, queues } = page;
  const probed = (path: string) => hosts.some((one) => one.path === path);
  const posts = queues.some(({ queue }) => queue === DISTRIBUTES) && measuresJobs(page);
  return [
    ...(web.length > 0 && probed(PATH_OF_WEB) ? [PAGES] : []),
    ...(posts ? [POSTS] : []),
    ...(probed(PATH_OF_STREAMING) ? [STREAMING] : []),
  ];
}

const probes = (path: string, window: Window) =>
  `(1 - avg(avg_over_time(probe_success{job="front-door",path="${path}"}[${window}])))`;

const PAGES: Objective = {
  slo: "pages",
  alert: "PagesBudgetBurns",
  // While no web machine serves, no request is counted there, and only the requests from outside tell it. Without any request the first is 0/0,
  // which `max` leaves out.
  bad: (window) => {
    const of = (what: string) => `sum(avg_over_time(pool:mastodon_web_${what}:rate5m[${window}]))`;
    const requests = `label_replace(${of("errors")} / ${of("requests")}, "by", "requests", "", "")`;
    return `max(${requests} or label_replace(${probes(PATH_OF_WEB, window)}, "by", "probes", "", ""))`;
  },
  summary: "Too many pages have ended in an error",
  first: "Look which of the alerts of web, PgBouncer and PostgreSQL came first.",
};

const POSTS: Objective = {
  slo: "posts",
  alert: "PostsBudgetBurns",
  bad: (window) => `avg_over_time(${BAD_POSTS}[${window}])`,
  summary: "Posts have come into timelines late for too long",
  first: "Look at the queue `default` and at the processes that work it off.",
};

const STREAMING: Objective = {
  slo: "streaming",
  alert: "StreamingBudgetBurns",
  bad: (window) => probes(PATH_OF_STREAMING, window),
  summary: "Timelines have not been live for too long",
  first: "Look at the streaming processes, and at the front door.",
};

function burnt({ limits }: Watched, { slo, alert: name, summary, first }: Objective, burn: Burn): AlertRule {
  const { times, long, short, severity, used } = burn;
  const limit = Number(((times * (100 - limits.objectives[slo])) / 100).toPrecision(6));
  return alert({
    name,
    expr: `${ratio(slo, long)} > ${limit} and ${ratio(slo, short)} > ${limit}`,
    severity,
    labels: { slo, burn: `${times}` },
    summary,
    description: `{{ $value | humanizePercentage }} were bad in ${long}; ${limits.objectives[slo]} % are to be good. ${used}. ${first}`,
  });
}
