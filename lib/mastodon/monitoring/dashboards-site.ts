// Grafana's dashboard of the whole site: what people notice, and which tier is the reason.

import { bars, figure, graph, Panel, Row } from "./dashboards-panel";
import { OverviewFacts, runs } from "./overview/facts";
import { DISKS } from "./overview/queries";

const DAY = 86400;

export function siteRows(facts: OverviewFacts): readonly Row[] {
  return [
    { title: "Now", panels: now(facts) },
    { title: "What was promised", panels: promises(facts) },
    { title: "From outside", panels: doors(facts) },
    { title: "Machines", panels: MACHINES },
  ];
}

function now(facts: OverviewFacts): readonly Panel[] {
  const firing = (severity: string) => `count(ALERTS{alertstate="firing",severity="${severity}"}) or vector(0)`;
  return [
    figure({
      title: "Critical alerts",
      why: "Alerts that people notice now, or after which the next fault is an outage.",
      unit: "none",
      queries: [{ expr: firing("critical"), name: "critical" }],
      limits: { critical: 1 },
    }),
    figure({
      title: "Warnings",
      why: "Alerts that become critical if nothing is done.",
      unit: "none",
      queries: [{ expr: firing("warning"), name: "warnings" }],
      limits: { warning: 1 },
    }),
    ...(runs(facts, "web") ? WEB : []),
    ...(runs(facts, "streaming") ? STREAMING : []),
    ...(facts.queues.length > 0 ? JOBS : []),
    bars({
      title: "Machines",
      why: `Machines that answer, by tier. The page has ${facts.tiers.map(({ name, machines, size }) => `${name}: ${machines?.length ?? size}`).join(", ")}.`,
      unit: "none",
      queries: [{ expr: 'sum by (tier) (up{job="node"})', name: "{{tier}}" }],
      width: 24,
    }),
  ];
}

const WEB: readonly Panel[] = [
  figure({
    title: "Requests",
    why: "Requests a second that Puma got, or would have got if its queue had not been full.",
    unit: "reqps",
    queries: [{ expr: "sum(pool:mastodon_web_requests:rate5m)", name: "requests" }],
  }),
  figure({
    title: "Errors",
    why: "The share of requests with an answer of 500 and above, refused ones included.",
    unit: "percentunit",
    queries: [
      {
        expr: "sum(pool:mastodon_web_errors:rate5m) / (sum(pool:mastodon_web_requests:rate5m) > 0) or vector(0)",
        name: "errors",
      },
    ],
    limits: { warning: 0.01, critical: 0.05 },
  }),
];

const STREAMING: readonly Panel[] = [
  figure({
    title: "Connected clients",
    why: "Browsers and apps that wait for what is new.",
    unit: "short",
    queries: [{ expr: "site:mastodon_streaming_connected_clients:sum", name: "clients" }],
  }),
];

const JOBS: readonly Panel[] = [
  figure({
    title: "Longest wait",
    why: "How long the oldest job of any queue has waited. The dashboard of Sidekiq has each queue with its limit.",
    unit: "s",
    queries: [{ expr: "max(site:mastodon_sidekiq_queue_latency_seconds:max)", name: "wait" }],
  }),
];

const PROMISED = [
  ["pages", "Pages with an error", "The share of pages that ended in an error."],
  ["posts", "Late posts", "The share of time in which the queue default was over its limit."],
  ["streaming", "Streaming away", "The share of time in which streaming could not be reached."],
] as const;

const promises = ({ objectives }: OverviewFacts): readonly Panel[] =>
  PROMISED.map(([what, title, why]) =>
    graph({
      title,
      why: `${why} The objective of ${objectives[what]} % allows what the line shows, on average over 30 days; a short peak uses up little of it.`,
      unit: "percentunit",
      queries: ["1h", "6h", "3d"].map((window) => ({ expr: `site:mastodon_slo_${what}:ratio_rate${window}`, name: window })),
      // Without the digits that binary fractions add.
      limits: { warning: Number((1 - objectives[what] / 100).toFixed(6)) },
      width: 8,
    }),
  );

const doors = ({ certificateDays }: OverviewFacts): readonly Panel[] => [
  graph({
    title: "Time of an answer",
    why: "Of a request from the monitoring machine to the public name, with its connection and its TLS.",
    unit: "s",
    queries: [{ expr: 'max by (host, path) (probe_duration_seconds{job="front-door"})', name: "{{host}}{{path}}" }],
  }),
  graph({
    title: "Answers",
    why: "1 if the public name answers as it should, 0 if not.",
    unit: "none",
    queries: [{ expr: 'min by (host, path) (probe_success{job="front-door"})', name: "{{host}}{{path}}" }],
    max: 1,
    width: 6,
  }),
  bars({
    title: "Certificates",
    why: `Days until each certificate ends. There is a warning at ${certificateDays}, and clouds renew theirs weeks before.`,
    unit: "d",
    queries: [{ expr: `min by (host) (probe_ssl_earliest_cert_expiry{job="front-door"} - time()) / ${DAY}`, name: "{{host}}" }],
    width: 6,
  }),
];

const MACHINES: readonly Panel[] = [
  graph({
    title: "CPU, the busiest machine of each tier",
    why: "The share of all processors' time.",
    unit: "percentunit",
    queries: [
      {
        expr: 'max by (tier) (1 - avg by (tier, instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval])))',
        name: "{{tier}}",
      },
    ],
    limits: { warning: 0.9 },
    max: 1,
    width: 8,
  }),
  graph({
    title: "Memory, the fullest machine of each tier",
    why: "The share that is not available to processes. Above 95 % the kernel soon ends one.",
    unit: "percentunit",
    queries: [{ expr: "max by (tier) (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", name: "{{tier}}" }],
    limits: { warning: 0.95 },
    max: 1,
    width: 8,
  }),
  graph({
    title: "Disks, the fullest of each tier",
    why: "The share of space in use. Disks of kept machines grow by the page.",
    unit: "percentunit",
    queries: [
      {
        expr: `max by (tier) (1 - node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}})`,
        name: "{{tier}}",
      },
    ],
    limits: { warning: 0.9, critical: 0.96 },
    max: 1,
    width: 8,
  }),
];
