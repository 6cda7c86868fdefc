// How the processes themselves run: ports, threads, logs and what they tell of themselves.

import { ALL, COUNT, FILE, FLAG, HOST, NUMBER, PORT, Rows, rows, RUBY, URL } from "./row";

export const PROCESSES: Rows = {
  ...rows(
    { readBy: ["web"] },
    {
      WEB_CONCURRENCY: { owner: "processes", format: COUNT, meaning: "Puma's processes" },
      MAX_THREADS: {
        owner: { web: "threads" },
        readBy: RUBY,
        spans: { sidekiq: { until: "4.2" } },
        format: COUNT,
        meaning: "threads of each Puma process; for Sidekiq up to 4.2 and for tasks the connections to PostgreSQL and Redis",
      },
      MIN_THREADS: { format: COUNT, meaning: "of which so many at least, if not all" },
      PERSISTENT_TIMEOUT: { format: COUNT, meaning: "seconds that Puma keeps an idle connection" },
      PROXY_PROTO_V1: {
        fixed: "nginx on the machine speaks to Puma without that protocol, and no request would be understood",
        since: "4.1.1",
        format: FLAG,
        meaning: "connections begin with the PROXY protocol's first version",
      },
      BIND: {
        fixed: "nginx and the checks of the machine look for the process where the tier puts it",
        readBy: ["web", "streaming"],
        format: /^(\[[0-9a-f:]+\]|[0-9.]+)$/,
        meaning: "the address to listen on",
      },
      PORT: {
        fixed: "nginx and the checks of the machine look for the process where the tier puts it",
        readBy: ["web", "streaming"],
        format: PORT,
        meaning: "the port to listen on",
      },
      SOCKET: {
        fixed: "nginx and the checks of the machine look for the process where the tier puts it",
        readBy: ["web", "streaming"],
        format: FILE,
        meaning: "a socket to listen on instead",
      },
    },
  ),
  ...rows(
    { readBy: ["web"] },
    {
      TRUSTED_PROXY_IP: {
        owner: { web: "trustedProxies" },
        readBy: ["web", "streaming"],
        format: /^[0-9a-f.:/]+(,[0-9a-f.:/]+)*$/,
        meaning: "replaces the list of proxies that may name a client",
      },
      RAILS_SERVE_STATIC_FILES: { format: FLAG, meaning: "the image sets it; files come from the image itself" },
      SENDFILE_HEADER: {
        fixed: "nginx serves the files before Puma is asked, and has them under other paths",
        since: "4.1.1",
        format: /^X-[A-Za-z-]+$/,
        meaning: "the web server sends files itself",
      },
      RAILS_LOG_LEVEL: {
        readBy: RUBY,
        format: /^(debug|info|warn|error|fatal|unknown)$/,
        meaning: "an unknown word stops the boot",
      },
    },
  ),
  ...rows(
    { readBy: ["streaming"] },
    {
      LOG_LEVEL: {
        format: /^(trace|debug|info|warn|error|fatal)$/,
        formatBefore: { version: "4.3", format: /^(silly|verbose|info|timing|http|notice|warn|error|silent)$/ },
        meaning: "pino's levels from 4.3 on, npmlog's before; another word is passed over",
      },
      STREAMING_CLUSTER_NUM: {
        owner: "processes",
        until: "4.1",
        format: COUNT,
        meaning: "processes that it starts by itself, one less than CPUs unless told; each has DB_POOL connections",
      },
    },
  ),
  ...rows(
    { readBy: ["sidekiq"] },
    {
      SIDEKIQ_CONCURRENCY: { owner: "threads", format: COUNT, meaning: "threads, unless the command says how many" },
      MASTODON_SIDEKIQ_READY_FILENAME: {
        fixed: "the machine is ready when the file is there under the name that the image gives it",
        since: "4.3",
        format: /^[\w.-]+$/,
        meaning: "the image sets it; a file that is there while Sidekiq works",
      },
    },
  ),
  ENABLE_SIDEKIQ_UNIQUE_JOBS_UI: {
    readBy: ["web"],
    since: ["4.1.14", "4.2.6"],
    until: "4.5",
    format: FLAG,
    meaning: "without effect: it is meant to show locks below /sidekiq, but compared with what no variable can be",
  },
  RAILS_ENV: {
    readBy: RUBY,
    fixed: "the image says production, and is made for nothing else",
    meaning: "which of Rails' environments",
  },
  NODE_ENV: {
    readBy: ["streaming"],
    fixed: "the image says production, and is made for nothing else",
    meaning: "which environment",
  },
  SECRET_KEY_BASE_DUMMY: {
    readBy: RUBY,
    since: "4.3",
    fixed: "it is for building an image: the site would sign and encrypt with a key that is made up at each start",
    meaning: "secrets are made up",
  },
  BACKTRACE: { readBy: RUBY, meaning: "errors are logged with the whole way to them; any value does" },
  MIGRATION_IGNORE_INVALID_OTP_SECRET: {
    readBy: ["task"],
    since: "4.3",
    format: FLAG,
    meaning: "an upgrade from 4.2 goes on past second factors that OTP_SECRET does not decrypt, which are lost",
  },
  IGNORE_ALREADY_SET_SECRETS: {
    readBy: ["task"],
    since: "4.3.4",
    format: FLAG,
    meaning: "`rails db:encryption:init` makes keys although there are some",
  },
  SKIP_POST_DEPLOYMENT_MIGRATIONS: {
    readBy: ["task"],
    format: FLAG,
    meaning: "leaves the second half of an upgrade for later; any value does, also false",
  },
  ...rows(
    { readBy: ["web", "sidekiq"], since: "4.4" },
    {
      MASTODON_PROMETHEUS_EXPORTER_ENABLED: { format: FLAG, meaning: "counts what it does for Prometheus" },
      MASTODON_PROMETHEUS_EXPORTER_LOCAL: {
        owner: "collector of prometheus()",
        format: FLAG,
        meaning: "answers Prometheus itself, which Puma's processes cannot",
      },
      MASTODON_PROMETHEUS_EXPORTER_HOST: {
        owner: "port of prometheus()",
        format: /^[0-9a-z.:-]+$/,
        meaning: "the address on which it answers",
      },
      MASTODON_PROMETHEUS_EXPORTER_PORT: { owner: "port of prometheus()", format: PORT, meaning: "the port on which it answers" },
      MASTODON_PROMETHEUS_EXPORTER_WEB_DETAILED_METRICS: {
        owner: "detailed of prometheus()",
        readBy: ["web"],
        format: FLAG,
        meaning: "by controller and action",
      },
      MASTODON_PROMETHEUS_EXPORTER_SIDEKIQ_DETAILED_METRICS: {
        owner: "detailed of prometheus()",
        readBy: ["sidekiq"],
        format: FLAG,
        meaning: "by job",
      },
      PROMETHEUS_EXPORTER_HOST: {
        owner: "collector of prometheus()",
        format: HOST,
        source: "prometheus_exporter",
        meaning: "the collector that it tells",
      },
      PROMETHEUS_EXPORTER_PORT: {
        owner: "collector of prometheus()",
        format: PORT,
        source: "prometheus_exporter",
        meaning: "the collector's port",
      },
    },
  ),
  ...rows(
    { readBy: ["web", "sidekiq"], until: "4.2" },
    {
      STATSD_ADDR: { format: /^[a-z0-9.-]+:[0-9]+$/, meaning: "the StatsD that it tells" },
      STATSD_NAMESPACE: { meaning: "what its names begin with" },
      STATSD_SIDEKIQ: { since: "4.2", format: FLAG, meaning: "Sidekiq tells as well, which costs" },
    },
  ),
  ...rows(
    { readBy: RUBY, since: "4.3" },
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: {
        source: "opentelemetry-sdk",
        owner: "endpoint of openTelemetry()",
        format: URL,
        meaning: "where traces go; any OTEL_…_ENDPOINT switches them on",
      },
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
        source: "opentelemetry-sdk",
        owner: "endpoint of openTelemetry()",
        format: URL,
        meaning: "the same for traces alone",
      },
      OTEL_EXPORTER_OTLP_HEADERS: {
        source: "opentelemetry-sdk",
        owner: "headers of openTelemetry()",
        secret: true,
        meaning: "what is sent along, such as a key",
      },
      OTEL_SERVICE_NAME_PREFIX: { owner: "prefix of openTelemetry()", meaning: "before a process' name, if not mastodon" },
      OTEL_SERVICE_NAME_SEPARATOR: { meaning: "between the two, if not /" },
      OTEL_TRACES_SAMPLER: {
        source: "opentelemetry-sdk",
        owner: "share of openTelemetry()",
        format: /^[a-z_]+$/,
        meaning: "which traces are kept",
      },
      OTEL_TRACES_SAMPLER_ARG: {
        source: "opentelemetry-sdk",
        owner: "share of openTelemetry()",
        format: /^[0-9.]+$/,
        meaning: "the share of them",
      },
    },
  ),
  RUBY_YJIT_ENABLE: {
    readBy: RUBY,
    since: "4.3",
    format: /^[01]$/,
    meaning: "the image sets it to 1; 0 switches Ruby's compiler off, which saves memory and costs speed",
    source: "Ruby",
  },
  MALLOC_ARENA_MAX: {
    readBy: RUBY,
    format: NUMBER,
    meaning: "without effect in the official images, whose Ruby has jemalloc; MALLOC_CONF counts there",
    source: "glibc",
  },
  MALLOC_CONF: { readBy: RUBY, since: "4.3", format: /^\w+:\w+(,\w+:\w+)*$/, meaning: "how jemalloc works", source: "jemalloc" },
  TZ: { readBy: ALL, format: /^[\w/+-]+$/, meaning: "the time zone of logs", source: "the C library" },
};
