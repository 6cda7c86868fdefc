// What Prometheus changes in the metrics that it has read: `metricRelabeling()` are the `metric_relabel_configs` of every scrape. Each rule names the
// jobs that it is for.

/** As in Prometheus' configuration; what is left out has Prometheus' default. */
export interface RelabelRule {
  readonly source_labels: readonly string[];
  /** Against the whole of the values, with `;` between them. */
  readonly regex: string;
  readonly target_label?: string;
  readonly replacement?: string;
  readonly action?: "replace" | "drop" | "keep";
}

/** Names that say neither Mastodon nor streaming. */
const STREAMING = ["connected_clients", "connected_channels", "messages_sent_total", "redis_messages_received_total"];

export function metricRelabeling(): readonly RelabelRule[] {
  return [...LEFT_OUT, ...REDIS_ROLE, ...streaming(), ...sidekiqQueues()];
}

// `role` is the machine's, from its target, so Prometheus has called Redis' own word for master or replica otherwise.
const REDIS_ROLE: readonly RelabelRule[] = [
  {
    source_labels: ["job", "__name__", "exported_role"],
    regex: "redis;redis_instance_info;(.+)",
    target_label: "role",
    replacement: "$1",
  },
  {
    source_labels: ["job", "__name__"],
    regex: "redis;redis_instance_info",
    target_label: "exported_role",
    replacement: "",
  },
];

function streaming(): readonly RelabelRule[] {
  return [
    {
      source_labels: ["job", "__name__"],
      regex: `streaming;(${STREAMING.join("|")})`,
      target_label: "__name__",
      replacement: "mastodon_streaming_$1",
    },
  ];
}

// The exporter of Redis gives the numbers of a script all the same name, and a label with what the script calls them, as in
// `queue_size:default` or `retries` (sidekiq-queues.lua).
function sidekiqQueues(): readonly RelabelRule[] {
  const source_labels = ["job", "__name__", "key"];
  return [
    { source_labels, regex: "redis;redis_script_values;[a-z_]+:(.+)", target_label: "queue", replacement: "$1" },
    {
      source_labels,
      regex: "redis;redis_script_values;([a-z_]+)(:.+)?",
      target_label: "__name__",
      replacement: "mastodon_sidekiq_$1",
    },
    ...["key", "filename"].map((label) => ({
      source_labels: ["job", "__name__"],
      regex: "redis;mastodon_sidekiq_.+",
      target_label: label,
      replacement: "",
    })),
  ];
}

/** What tells of queues, errors, times, and servers that are away. */
const HAPROXY = [
  "(backend|server)_current_(queue|sessions)",
  "backend_(http_requests|http_responses|requests_denied|connection_errors|response_errors)_total",
  "backend_(queue|total)_time_average_seconds",
  "backend_active_servers",
  "server_(limit_sessions|status)",
  "frontend_current_sessions",
  "process_(max|current)_connections",
];

/** Of exporters themselves, and series that would be many and that nobody asks for. */
const LEFT_OUT: readonly RelabelRule[] = [
  leftOut(["job", "__name__"], "(redis|sentinel|postgres|pgbouncer|nginx);(go|process|promhttp)_.+"),
  leftOut(["job", "__name__", "state"], "node;node_systemd_unit_state;(activating|deactivating|inactive)"),
  leftOut(["job", "__name__"], "(redis|sentinel);redis_latency_percentiles_usec.*"),
  leftOut(["job", "__name__", "db"], "(redis|sentinel);redis_db_keys(_expiring)?;db[1-9][0-9]*"),
  leftOut(["job", "__name__", "state"], "haproxy;haproxy_server_status;(DOWN|MAINT|DRAIN|NOLB|no check)"),
  // HAProxy has some ninety numbers for each server of each proxy, which would be half of all series of a site.
  { source_labels: ["job", "__name__"], regex: `haproxy;haproxy_(${HAPROXY.join("|")})|([^h]|h[^a]|ha[^p]).*`, action: "keep" },
  leftOut(["job", "__name__"], "etcd;(go|grpc|promhttp|etcd_debugging|etcd_grpc_proxy)_.+"),
];

function leftOut(source_labels: readonly string[], regex: string): RelabelRule {
  return { source_labels, regex, action: "drop" };
}
