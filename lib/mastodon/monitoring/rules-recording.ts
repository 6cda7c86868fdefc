// The recorded series of a site and of its pools, which alerts, dashboards and the overview use.

import { instances, others, RecordingRule, RuleGroup } from "./rule";
import { measuresJobs, namesOf, Watched } from "./watched";

export function recordingRules(page: Watched): readonly RuleGroup[] {
  return [
    { name: "streaming series", rules: page.streaming > 0 ? STREAMING : [] },
    { name: "sidekiq series", rules: measuresJobs(page) ? SIDEKIQ : [] },
    { name: "web series", rules: page.web.length > 0 ? WEB : [] },
    { name: "postgres series", rules: postgres(page) },
  ];
}

const STREAMING: readonly RecordingRule[] = [
  {
    record: "site:mastodon_streaming_connected_clients:sum",
    expr: "sum(mastodon_streaming_connected_clients)",
  },
  {
    record: "site:mastodon_streaming_connected_channels:sum",
    expr: "sum(mastodon_streaming_connected_channels)",
  },
  {
    record: "site:mastodon_streaming_messages_sent:rate1m",
    expr: "sum(rate(mastodon_streaming_messages_sent_total[1m]))",
  },
  {
    record: "site:mastodon_streaming_redis_messages_received:rate1m",
    expr: "sum(rate(mastodon_streaming_redis_messages_received_total[1m]))",
  },
];

// Replicas have the same keys a little later, so the master alone counts.
const ofMaster = (metric: string) => `(${metric} and on (instance, use) redis_instance_info{role="master"})`;

const SIDEKIQ: readonly RecordingRule[] = [
  ...["queue_latency_seconds", "queue_size"].map((what) => ({
    record: `site:mastodon_sidekiq_${what}:max`,
    expr: `max by (queue) ${ofMaster(`mastodon_sidekiq_${what}`)}`,
  })),
  ...["retries", "dead", "processes", "busy"].map((what) => ({
    record: `site:mastodon_sidekiq_${what}:max`,
    expr: `max ${ofMaster(`mastodon_sidekiq_${what}`)}`,
  })),
];

/** Of the queue before Puma, on each web machine; `more` are further matchers, as in `,pool="web"`. */
export const PUMA = {
  waiting: (more = "") => `haproxy_backend_current_queue{proxy="puma"${more}}`,
  busy: (more = "") => `haproxy_server_current_sessions{proxy="puma"${more}}`,
  threads: (more = "") => `haproxy_server_limit_sessions{proxy="puma"${more}}`,
} as const;

const WEB: readonly RecordingRule[] = [
  {
    record: "pool:mastodon_web_requests:rate5m",
    expr: 'sum by (pool) (rate(haproxy_backend_http_requests_total{proxy="puma"}[5m]))',
  },
  {
    record: "pool:mastodon_web_errors:rate5m",
    expr: 'sum by (pool) (rate(haproxy_backend_http_responses_total{proxy="puma",code="5xx"}[5m]))',
  },
  {
    record: "pool:mastodon_web_waiting:sum",
    expr: `sum by (pool) (${PUMA.waiting()})`,
  },
  {
    record: "pool:mastodon_web_busy_threads:sum",
    expr: `sum by (pool) (${PUMA.busy()})`,
  },
  {
    record: "pool:mastodon_web_threads:sum",
    expr: `sum by (pool) (${PUMA.threads()})`,
  },
];

function postgres({ postgres: own, external }: Watched): readonly RecordingRule[] {
  const lags = own.length > 0 || external.postgres.some(({ replicas }) => replicas.length > 0);
  return [
    ...(lags ? [LAG] : []),
    ...(own.length > 0 ? [used(others(namesOf(external, "postgres")), MOST)] : []),
    // Of the connections that the page may open, or of all if a pooler elsewhere has some of them. Those of other roles are seen with `pg_monitor` only.
    ...external.postgres.map(({ primary, replicas, maxConnections }) => {
      return used(`,${instances([primary, ...replicas])}`, maxConnections === undefined ? MOST : `${maxConnections}`);
    }),
  ];
}

// The exporter tells no lag for a standby that is cut off, since all that it has received is replayed: the alert for a missing standby covers that.
const LAG: RecordingRule = {
  record: "site:mastodon_postgres_lag_seconds:max",
  expr: "max by (instance) (pg_replication_lag_seconds and on (instance) pg_replication_is_replica == 1)",
};

const MOST = "max by (instance) (pg_settings_max_connections)";

function used(servers: string, most: string): RecordingRule {
  return {
    record: "site:mastodon_postgres_connections:ratio",
    expr: `sum by (instance) (pg_stat_activity_count{backend_type="client backend"${servers}}) / ${most}`,
  };
}
