// Grafana's dashboard of Sidekiq: each queue of the page with its limit, failed jobs, and the processes.

import { figure, graph, Row, stack } from "./dashboards-panel";
import { OverviewFacts } from "./overview/facts";

/** A queue that is so many times over its limit is noticed. */
const CRITICAL_TIMES = 5;

export function sidekiqRows(facts: OverviewFacts): readonly Row[] {
  const pools = facts.tiers.filter((tier) => tier.runs.includes("sidekiq")).map(({ name }) => name);
  return [
    { title: "Jobs", panels: JOBS },
    ...facts.queues.map((queue) => row(queue, facts.queueSeconds[queue]!)),
    { title: "Processes", panels: processes(pools) },
  ];
}

function row(queue: string, seconds: number): Row {
  const of = (metric: string) => `site:mastodon_sidekiq_${metric}:max{queue="${queue}"}`;
  return {
    title: `Queue ${queue}`,
    panels: [
      graph({
        title: `${queue}: the oldest job`,
        why: `How long it has waited. More than ${seconds} s are a warning. A delay of short jobs that comes and goes needs nothing.`,
        unit: "s",
        queries: [{ expr: of("queue_latency_seconds"), name: queue }],
        limits: { warning: seconds, critical: seconds * CRITICAL_TIMES },
      }),
      graph({
        title: `${queue}: jobs that wait`,
        why: "Many that wait a short time are worked off; if number and wait grow together, the queue needs more machines or threads.",
        unit: "short",
        queries: [{ expr: of("queue_size"), name: queue }],
      }),
    ],
  };
}

const JOBS = [
  ...(
    [
      ["Processes", "processes", "Processes that report themselves to Redis."],
      ["Busy threads", "busy", "Jobs that run now."],
      [
        "Retries",
        "retries",
        "Failed jobs that are tried again. A server that is away causes many; a steep rise has another cause.",
      ],
      ["Dead", "dead", "Jobs that were given up."],
    ] as const
  ).map(([title, what, why]) =>
    figure({ title, why, unit: "short", queries: [{ expr: `site:mastodon_sidekiq_${what}:max`, name: title }], width: 6 }),
  ),
  graph({
    title: "The oldest job of each queue",
    why: "How long it has waited. Each queue has its limit below.",
    unit: "s",
    queries: [{ expr: "site:mastodon_sidekiq_queue_latency_seconds:max", name: "{{queue}}" }],
    width: 8,
  }),
  stack({
    title: "Jobs done and failed",
    why: "Each second, of all queues. Failed ones are among the done.",
    unit: "ops",
    queries: [
      { expr: "max(rate(mastodon_sidekiq_processed_total[$__rate_interval]))", name: "done" },
      { expr: "max(rate(mastodon_sidekiq_failed_total[$__rate_interval]))", name: "failed" },
    ],
    width: 8,
  }),
  graph({
    title: "Retries and dead jobs",
    why: "Over time. The web interface of Sidekiq has the error of each.",
    unit: "short",
    queries: [
      { expr: "site:mastodon_sidekiq_retries:max", name: "retries" },
      { expr: "site:mastodon_sidekiq_dead:max", name: "dead" },
    ],
    width: 8,
  }),
];

function processes(pools: readonly string[]) {
  const here = `job="sidekiq",pool=~"${pools.join("|")}"`;
  return [
    graph({
      title: "Share of threads that are busy",
      why: "Of each pool. At 100 % its queues grow. From Mastodon 4.4 on.",
      unit: "percentunit",
      queries: [
        {
          expr: `sum by (pool) (sidekiq_process_busy{${here}}) / sum by (pool) (sidekiq_process_concurrency{${here}})`,
          name: "{{pool}}",
        },
      ],
      limits: { warning: 0.95 },
      max: 1,
      width: 8,
    }),
    stack({
      title: "Memory",
      why: "Of all processes of a machine. From Mastodon 4.4 on.",
      unit: "bytes",
      queries: [{ expr: `sum by (instance) (rss{${here}})`, name: "{{instance}}" }],
      width: 8,
    }),
    graph({
      title: "CPU",
      why: "The busiest machine of each pool. If it is idle while a queue is late, raise threads; otherwise machines.",
      unit: "percentunit",
      queries: [
        {
          expr: `max by (pool) (1 - avg by (pool, instance) (rate(node_cpu_seconds_total{mode="idle",pool=~"${pools.join("|")}"}[$__rate_interval])))`,
          name: "{{pool}}",
        },
      ],
      limits: { warning: 0.9 },
      max: 1,
      width: 8,
    }),
  ];
}
