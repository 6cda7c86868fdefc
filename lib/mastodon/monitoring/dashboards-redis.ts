// Grafana's dashboard of Redis: a row for each use on the page, then the sentinels.

import { graph, Panel, Row, stack } from "./dashboards-panel";
import { OverviewFacts, runs } from "./overview/facts";

const RATE = "$__rate_interval";
const NAME = "{{instance}}";
const WHAT: Readonly<Record<string, string>> = { main: "timelines and messages", cache: "cache", sidekiq: "jobs" };

export function redisRows(facts: OverviewFacts): readonly Row[] {
  return [
    ...facts.redis.map((use) => ({ title: `${WHAT[use] ?? use} (${use})`, panels: instance(use) })),
    ...(runs(facts, "sentinel") ? [{ title: "Sentinels", panels: SENTINELS }] : []),
  ];
}

function instance(use: string): readonly Panel[] {
  const here = `use="${use}",instance=~"$instance"`;
  return [
    graph({
      title: "Memory",
      why:
        use === "cache"
          ? "The share of maxmemory. A cache is full on purpose: it drops what was not asked for the longest."
          : "The share of maxmemory. At the limit Redis refuses writes.",
      unit: "percentunit",
      queries: [{ expr: `redis_memory_used_bytes{${here}} / (redis_memory_max_bytes{${here}} > 0)`, name: NAME }],
      ...(use !== "cache" && { limits: { warning: 0.8, critical: 0.95 } }),
      max: 1,
      width: 6,
    }),
    stack({
      title: "Commands",
      why: "Each second, by machine. Replicas repeat the writes of the master.",
      unit: "ops",
      queries: [{ expr: `rate(redis_commands_processed_total{${here}}[${RATE}])`, name: NAME }],
      width: 6,
    }),
    stack({
      title: "Clients",
      why: "Connections of Mastodon's processes, replicas and sentinels.",
      unit: "none",
      queries: [{ expr: `redis_connected_clients{${here}}`, name: NAME }],
      width: 6,
    }),
    use === "cache" ? found(here) : replicas(here),
  ];
}

function found(here: string): Panel {
  return graph({
    title: "Found",
    why: "The share of what was asked for that the cache had.",
    unit: "percentunit",
    queries: [
      {
        expr:
          `sum(rate(redis_keyspace_hits_total{${here}}[${RATE}])) / ` +
          `(sum(rate(redis_keyspace_hits_total{${here}}[${RATE}])) + sum(rate(redis_keyspace_misses_total{${here}}[${RATE}])) > 0)`,
        name: "found",
      },
    ],
    max: 1,
    width: 6,
  });
}

function replicas(here: string): Panel {
  return graph({
    title: "Replicas",
    why: "1 if a replica gets the writes of its master. One that is cut off must not take over.",
    unit: "none",
    queries: [{ expr: `min by (instance) (redis_master_link_up{${here}})`, name: NAME }],
    max: 1,
    width: 6,
  });
}

const SENTINELS: readonly Panel[] = [
  graph({
    title: "Sentinels that agree",
    why: "How many sentinels each sentinel reaches, itself included. A majority must, to make another one master.",
    unit: "none",
    queries: [{ expr: "min by (master_name) (redis_sentinel_master_ok_sentinels)", name: "{{master_name}}" }],
    width: 8,
  }),
  graph({
    title: "Replicas that can take over",
    why: "As the sentinels see it.",
    unit: "none",
    queries: [{ expr: "min by (master_name) (redis_sentinel_master_ok_slaves)", name: "{{master_name}}" }],
    width: 8,
  }),
  graph({
    title: "Errors",
    why: "Commands that Redis refused, each second. NOREPLICAS: too few replicas follow. OOM: the memory is full.",
    unit: "ops",
    queries: [{ expr: `sum by (use, err) (rate(redis_errors_total{instance=~"$instance"}[${RATE}]))`, name: "{{use}} {{err}}" }],
    width: 8,
  }),
];
