// How the processes themselves run: ports, threads, logs and what they tell of themselves.

import { ALL, COUNT, FILE, FLAG, HOST, NUMBER, PORT, Rows, rows, RUBY, URL } from "./row";

export const PROCESSES: Rows = {
  ...rows(
    { readBy: ["web"], source: "config/puma.rb" },
    {
      WEB_CONCURRENCY: { format: COUNT, meaning: "Puma's processes" },
      MAX_THREADS: {
        readBy: RUBY,
        spans: { sidekiq: { until: "4.2" } },
        format: COUNT,
        meaning: "threads of each Puma process; for Sidekiq up to 4.2 and for tasks the connections to PostgreSQL and Redis",
        source: "config/puma.rb, config/database.yml",
      },
      MIN_THREADS: { format: COUNT, meaning: "of which so many at least, if not all" },
      PERSISTENT_TIMEOUT: { format: COUNT, meaning: "seconds that Puma keeps an idle connection" },
      PROXY_PROTO_V1: { since: "4.1.1", format: FLAG, meaning: "connections begin with the PROXY protocol's first version" },
      BIND: { readBy: ["web", "streaming"], format: /^(\[[0-9a-f:]+\]|[0-9.]+)$/, meaning: "the address to listen on" },
      PORT: { readBy: ["web", "streaming"], format: PORT, meaning: "the port to listen on" },
      SOCKET: { readBy: ["web", "streaming"], format: FILE, meaning: "a socket to listen on instead" },
    },
  ),
  ...rows(
    { readBy: ["web"], source: "config/environments/production.rb" },
    {
      TRUSTED_PROXY_IP: {
        readBy: ["web", "streaming"],
        source: "config/environments/production.rb, streaming/index.js",
        format: /^[0-9a-f.:/]+(,[0-9a-f.:/]+)*$/,
        meaning: "replaces the list of proxies that may name a client",
      },
      RAILS_SERVE_STATIC_FILES: { format: FLAG, meaning: "the image sets it; files come from the image itself" },
      SENDFILE_HEADER: { since: "4.1.1", format: /^X-[A-Za-z-]+$/, meaning: "the web server sends files itself" },
      RAILS_LOG_LEVEL: {
        readBy: RUBY,
        format: /^(debug|info|warn|error|fatal|unknown)$/,
        meaning: "an unknown word stops the boot",
      },
    },
  ),
  ...rows(
    { readBy: ["streaming"], source: "streaming/index.js" },
    {
      LOG_LEVEL: {
        format: /^(trace|debug|info|warn|error|fatal|silent|silly|verbose)$/,
        meaning: "pino's levels from 4.3 on, npmlog's before",
      },
      STREAMING_CLUSTER_NUM: {
        until: "4.1",
        format: COUNT,
        meaning: "processes that it starts by itself, one less than CPUs unless told; each has DB_POOL connections",
      },
    },
  ),
  ...rows(
    { readBy: ["sidekiq"], source: "config/sidekiq.yml, config/initializers/sidekiq.rb" },
    {
      SIDEKIQ_CONCURRENCY: { format: COUNT, meaning: "threads, unless the command says how many" },
      MASTODON_SIDEKIQ_READY_FILENAME: {
        since: "4.3",
        format: /^[\w.-]+$/,
        meaning: "the image sets it; a file that is there while Sidekiq works",
      },
    },
  ),
  SKIP_POST_DEPLOYMENT_MIGRATIONS: {
    readBy: ["task"],
    format: FLAG,
    meaning: "leaves the second half of an upgrade for later; any value does, also false",
    source: "config/initializers/0_post_deployment_migrations.rb",
  },
  ...rows(
    { readBy: ["web", "sidekiq"], since: "4.4", source: "config/initializers/prometheus_exporter.rb" },
    {
      MASTODON_PROMETHEUS_EXPORTER_ENABLED: { format: FLAG, meaning: "counts what it does for Prometheus" },
      MASTODON_PROMETHEUS_EXPORTER_LOCAL: { format: FLAG, meaning: "answers Prometheus itself, which Puma's processes cannot" },
      MASTODON_PROMETHEUS_EXPORTER_HOST: { format: /^[0-9a-z.:-]+$/, meaning: "the address on which it answers" },
      MASTODON_PROMETHEUS_EXPORTER_PORT: { format: PORT, meaning: "the port on which it answers" },
      MASTODON_PROMETHEUS_EXPORTER_WEB_DETAILED_METRICS: { readBy: ["web"], format: FLAG, meaning: "by controller and action" },
      MASTODON_PROMETHEUS_EXPORTER_SIDEKIQ_DETAILED_METRICS: { readBy: ["sidekiq"], format: FLAG, meaning: "by job" },
      PROMETHEUS_EXPORTER_HOST: { format: HOST, meaning: "the collector that it tells" },
      PROMETHEUS_EXPORTER_PORT: { format: PORT, meaning: "the collector's port" },
    },
  ),
  ...rows(
    { readBy: ["web", "sidekiq"], until: "4.2", source: "config/initializers/statsd.rb" },
    {
      STATSD_ADDR: { format: /^[a-z0-9.-]+:[0-9]+$/, meaning: "the StatsD that it tells" },
      STATSD_NAMESPACE: { meaning: "what its names begin with" },
      STATSD_SIDEKIQ: { since: "4.2", format: FLAG, meaning: "Sidekiq tells as well, which costs" },
    },
  ),
  ...rows(
    { readBy: RUBY, since: "4.3", source: "config/initializers/opentelemetry.rb" },
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: { format: URL, meaning: "where traces go; any OTEL_…_ENDPOINT switches them on" },
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: { format: URL, meaning: "the same for traces alone" },
      OTEL_EXPORTER_OTLP_HEADERS: { secret: true, meaning: "what is sent along, such as a key" },
      OTEL_SERVICE_NAME_PREFIX: { meaning: "before a process' name, if not mastodon" },
      OTEL_SERVICE_NAME_SEPARATOR: { meaning: "between the two, if not /" },
      OTEL_TRACES_SAMPLER: { format: /^[a-z_]+$/, meaning: "which traces are kept" },
      OTEL_TRACES_SAMPLER_ARG: { format: /^[0-9.]+$/, meaning: "the share of them" },
    },
  ),
  MALLOC_ARENA_MAX: {
    readBy: RUBY,
    format: NUMBER,
    meaning: "without effect in the official images, whose Ruby has jemalloc; MALLOC_CONF counts there",
    source: "glibc",
  },
  MALLOC_CONF: { readBy: RUBY, since: "4.3", format: /^\w+:\w+(,\w+:\w+)*$/, meaning: "how jemalloc works", source: "jemalloc" },
  TZ: { readBy: ALL, format: /^[\w/+-]+$/, meaning: "the time zone of logs", source: "the C library" },
};
