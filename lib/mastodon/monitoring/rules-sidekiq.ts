// Alerts about Sidekiq: late queues, each with its own limit, missing processes, and jobs that fail again and again.

import { PATH_OF_WEB } from "./probes";
import { alert, AlertRule, orZero, RuleGroup, seen } from "./rule";
import { measuresJobs, Watched, WatchedQueue, WatchedSidekiq } from "./watched";

/** A queue that is so many times over its limit is noticed. */
const CRITICAL_TIMES = 5;
const PROCESSES = "site:mastodon_sidekiq_processes:max";

export function sidekiqRules(page: Watched): RuleGroup {
  const { sidekiq, queues, hosts } = page;
  const measured = measuresJobs(page);
  const host = hosts.find(({ path }) => path === PATH_OF_WEB)?.host ?? "the site";
  return {
    name: "sidekiq",
    rules: [
      ...(measured ? queues.flatMap(late) : []),
      ...(measured && sidekiq !== undefined ? processes(sidekiq) : []),
      ...(sidekiq?.scheduler === undefined ? [] : [scheduler(sidekiq, sidekiq.scheduler)]),
      ...(measured ? failing(host) : []),
    ],
  };
}

/** Queues that people wait for. */
const AWAITED = ["default", "push", "ingress", "mailers"];
const NOTICED: Readonly<Record<string, string>> = {
  default: "Posts come late into timelines, and notifications too",
  push: "Posts come late to other servers",
  ingress: "Posts of other servers come late",
  mailers: "Mail is sent late: confirmations, passwords, notifications",
  pull: "Threads, profiles and previews of other servers come late",
  scheduler: "Periodic jobs come late: scheduled posts, trends, clean-ups",
  fasp: "Discovery providers are told late",
};

function late({ queue, pools, seconds }: WatchedQueue): readonly AlertRule[] {
  const [pool, ...others] = pools;
  // Then an empty pool explains it.
  const labels = { queue, ...(others.length === 0 && { pool: pool!, tier: pool! }) };
  const rule = (limit: number, severity: "critical" | "warning") =>
    alert({
      name: "SidekiqQueueLate",
      expr: `site:mastodon_sidekiq_queue_latency_seconds:max{queue="${queue}"} > ${limit}`,
      for: "30s",
      severity,
      labels,
      summary: NOTICED[queue] ?? `Jobs of the queue ${queue} come late`,
      description: `The oldest job of \`${queue}\` waits for {{ $value | humanizeDuration }}; ${seconds} s are the limit. Look at ${pools.join(", ")}.`,
    });
  return [...(AWAITED.includes(queue) ? [rule(seconds * CRITICAL_TIMES, "critical")] : []), rule(seconds, "warning")];
}

function processes({ processes: all }: WatchedSidekiq): readonly AlertRule[] {
  return [
    alert({
      name: "SidekiqDown",
      expr: `${PROCESSES} == 0 ${seen(PROCESSES)}`,
      for: "30s",
      severity: "critical",
      summary: "Posts are taken and not distributed: no Sidekiq process works",
      description: `The page has ${all}. Look at \`journalctl -u 'mastodon-sidekiq@*'\` on their machines, then at PgBouncer.`,
    }),
    alert({
      name: "SidekiqProcessesMissing",
      expr: `${PROCESSES} < ${all}`,
      // Replacing the scheduler takes some minutes, in which it is missing.
      for: "10m",
      severity: "warning",
      summary: "Fewer Sidekiq processes work than the page has, so queues grow sooner",
      description: `{{ $value }} of ${all} report themselves. \`ready\` on Sidekiq's machines says which one waits, and for what.`,
    }),
  ];
}

function scheduler({ measured }: WatchedSidekiq, pool: string): AlertRule {
  const up = `up{job="${measured ? "sidekiq" : "node"}",pool="${pool}"}`;
  return alert({
    name: "SidekiqWithoutScheduler",
    expr: `${orZero(`count(${up} == 1)`)} == 0 ${seen(up)}`,
    for: "10m",
    severity: "warning",
    labels: { pool, tier: pool },
    summary: "Scheduled posts do not appear, and trends and clean-ups stand still: no scheduler runs",
    description: `No process of ${pool} has worked for ten minutes. \`ready\` on its machine says what it waits for.`,
  });
}

const RETRIES = "site:mastodon_sidekiq_retries:max";
const DEAD = "site:mastodon_sidekiq_dead:max";

const failing = (host: string): readonly AlertRule[] => [
  alert({
    name: "SidekiqRetriesGrow",
    expr: `${RETRIES} > 500 and ${RETRIES} > 2 * (${RETRIES} offset 1h)`,
    for: "5m",
    severity: "warning",
    summary: "Much fails and is tried again: posts may come late or not at all to other servers",
    description: `{{ $value }} jobs wait for another try, twice as many as an hour ago. https://${host}/sidekiq/retries shows the error that they have in common.`,
  }),
  alert({
    name: "SidekiqDeadGrow",
    expr: `${DEAD} - ${DEAD} offset 1h > 100`,
    for: "5m",
    severity: "warning",
    summary: "Jobs were given up: what they had to do is not done",
    description: `{{ $value }} in an hour. https://${host}/sidekiq/morgue shows the error that they have in common.`,
  }),
];
