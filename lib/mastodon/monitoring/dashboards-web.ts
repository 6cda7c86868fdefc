// Grafana's dashboard of the web machines: nginx, the queue in front of Puma, and Puma.

import { graph, Row, stack } from "./dashboards-panel";

const PUMA = 'proxy="puma",instance=~"$instance"';
const RATE = "$__rate_interval";

export function webRows(): readonly Row[] {
  return [
    { title: "Requests", panels: REQUESTS },
    { title: "Puma", panels: THREADS },
    { title: "Ruby and nginx", panels: RUBY },
  ];
}

const REQUESTS = [
  stack({
    title: "Requests",
    why: "That HAProxy got for Puma, by machine. What nginx answers from its cache, and static files, are not among them.",
    unit: "reqps",
    queries: [{ expr: `sum by (instance) (rate(haproxy_backend_http_requests_total{${PUMA}}[${RATE}]))`, name: "{{instance}}" }],
    width: 8,
  }),
  stack({
    title: "Answers by code",
    why: "5xx are errors, and requests that were refused since the queue was full.",
    unit: "reqps",
    queries: [{ expr: `sum by (code) (rate(haproxy_backend_http_responses_total{${PUMA}}[${RATE}]))`, name: "{{code}}" }],
    width: 8,
  }),
  graph({
    title: "Errors",
    why: "The share of answers with 5xx, by machine. If one machine alone has them, replace it.",
    unit: "percentunit",
    queries: [
      {
        expr:
          `sum by (instance) (rate(haproxy_backend_http_responses_total{${PUMA},code="5xx"}[${RATE}])) / ` +
          `(sum by (instance) (rate(haproxy_backend_http_requests_total{${PUMA}}[${RATE}])) > 0)`,
        name: "{{instance}}",
      },
    ],
    limits: { warning: 0.01, critical: 0.05 },
    width: 8,
  }),
];

const THREADS = [
  graph({
    title: "Busy threads",
    why: "Requests that Puma works on, and how many it can. At the limit, further ones wait.",
    unit: "none",
    queries: [
      { expr: `sum by (instance) (haproxy_server_current_sessions{${PUMA}})`, name: "{{instance}}" },
      { expr: `max(sum by (instance) (haproxy_server_limit_sessions{${PUMA}}))`, name: "limit of a machine" },
    ],
  }),
  graph({
    title: "Share of threads that are busy",
    why: "Of each pool. Above 85 % pages are soon slow: raise machines, or threads if processors are idle.",
    unit: "percentunit",
    queries: [{ expr: "pool:mastodon_web_busy_threads:sum / (pool:mastodon_web_threads:sum > 0)", name: "{{pool}}" }],
    limits: { warning: 0.85 },
    max: 1,
  }),
  graph({
    title: "Puma's queue",
    why: "Requests that wait for a thread. They wait a second at most and are then refused.",
    unit: "none",
    queries: [{ expr: `sum by (instance) (haproxy_backend_current_queue{${PUMA}})`, name: "{{instance}}" }],
    limits: { warning: 1 },
    width: 8,
  }),
  graph({
    title: "Time of an answer",
    why: "The mean of the last 1024 requests, and the part of it that they waited for a thread.",
    unit: "s",
    queries: [
      { expr: `avg by (instance) (haproxy_backend_total_time_average_seconds{${PUMA}})`, name: "{{instance}}" },
      { expr: `avg by (instance) (haproxy_backend_queue_time_average_seconds{${PUMA}})`, name: "{{instance}} waits" },
    ],
    width: 8,
  }),
  stack({
    title: "Refused",
    why: "Requests that got the page Busy since the queue was full. There should be none.",
    unit: "reqps",
    queries: [
      { expr: `sum by (instance) (rate(haproxy_backend_requests_denied_total{${PUMA}}[${RATE}]))`, name: "{{instance}}" },
    ],
    width: 8,
  }),
];

const RUBY = [
  stack({
    title: "Memory of Puma",
    why: "Of all its processes on a machine. From Mastodon 4.4 on.",
    unit: "bytes",
    queries: [{ expr: 'sum by (instance) (ruby_rss{type="puma",instance=~"$instance"})', name: "{{instance}}" }],
    width: 8,
  }),
  graph({
    title: "Database connections that Puma waits for",
    why: "Threads that wait for a connection of their process. There should be none. From Mastodon 4.4 on.",
    unit: "none",
    queries: [
      {
        expr: 'sum by (instance) (ruby_active_record_connection_pool_waiting{type="puma",instance=~"$instance"})',
        name: "{{instance}}",
      },
    ],
    limits: { warning: 1 },
    width: 8,
  }),
  stack({
    title: "Connections to nginx",
    why: "Open ones, with WebSockets where streaming runs on the web machines.",
    unit: "short",
    queries: [{ expr: 'sum by (instance) (nginx_connections_active{role="web",instance=~"$instance"})', name: "{{instance}}" }],
    width: 8,
  }),
];
