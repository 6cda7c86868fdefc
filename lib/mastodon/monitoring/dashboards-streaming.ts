// Grafana's dashboard of streaming: the four metrics of Mastodon's guide to scaling, of the site and of each process, and what a process needs.

import { figure, graph, Row, stack } from "./dashboards-panel";

const NAME = "{{instance}} {{process}}";
const HERE = 'instance=~"$instance"';
const JOB = `job="streaming",${HERE}`;

const METRICS = [
  [
    "Connected clients",
    "short",
    "site:mastodon_streaming_connected_clients:sum",
    `mastodon_streaming_connected_clients{${HERE}}`,
    "Browsers and apps. Processes should have about the same number; a new one fills up as clients connect anew.",
  ],
  [
    "Connected channels",
    "short",
    "site:mastodon_streaming_connected_channels:sum",
    `mastodon_streaming_connected_channels{${HERE}}`,
    "Timelines that clients follow; most follow several.",
  ],
  [
    "Messages sent",
    "ops",
    "site:mastodon_streaming_messages_sent:rate1m",
    `rate(mastodon_streaming_messages_sent_total{${HERE}}[$__rate_interval])`,
    "To clients, each second. None while messages come from Redis means that clients get nothing.",
  ],
  [
    "Messages from Redis",
    "ops",
    "site:mastodon_streaming_redis_messages_received:rate1m",
    `rate(mastodon_streaming_redis_messages_received_total{${HERE}}[$__rate_interval])`,
    "Each second. None means that a process has lost Redis, or that Sidekiq distributes nothing.",
  ],
] as const;

export function streamingRows(): readonly Row[] {
  return [
    {
      title: "Site",
      panels: METRICS.map(([title, unit, sum, , why]) =>
        figure({ title, why, unit, queries: [{ expr: sum, name: title }], width: 6 }),
      ),
    },
    {
      title: "Each process",
      panels: METRICS.map(([title, unit, , each, why]) =>
        stack({ title, why, unit, queries: [{ expr: `sum by (instance, process) (${each})`, name: NAME }] }),
      ),
    },
    { title: "What a process needs", panels: NEEDS },
  ];
}

const NEEDS = [
  graph({
    title: "CPU",
    why: "Of one processor. A process has a single thread: near 100 % its clients get everything late. Add processes or machines.",
    unit: "percentunit",
    queries: [{ expr: `rate(process_cpu_seconds_total{${JOB}}[$__rate_interval])`, name: NAME }],
    limits: { warning: 0.8, critical: 0.95 },
    max: 1,
  }),
  graph({
    title: "Lag of the event loop",
    why: "How late a process does what is due, in the slowest of a hundred cases.",
    unit: "s",
    queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${JOB}}`, name: NAME }],
    limits: { warning: 0.1, critical: 1 },
  }),
  stack({
    title: "Memory",
    why: "It grows with the clients.",
    unit: "bytes",
    queries: [{ expr: `process_resident_memory_bytes{${JOB}}`, name: NAME }],
  }),
  graph({
    title: "Queries that wait for a database connection",
    why: "Streaming asks the database when a client connects. Waiting queries delay new clients.",
    unit: "none",
    queries: [{ expr: `pg_pool_waiting_queries{${JOB}}`, name: NAME }],
    limits: { warning: 1 },
  }),
];
