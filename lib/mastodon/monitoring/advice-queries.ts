// What `cdktf-mastodon advise` asks Prometheus: `QUERIES.webBusy`. Each is asked for a range of time in steps of five minutes, and covers the whole step,
// so that no peak falls between two values. They use the series that the construct `Monitoring` scrapes and records.

export const STEP_SECONDS = 300;

const used = "(node_filesystem_size_bytes{DATA} - node_filesystem_avail_bytes{DATA})";
const DATA = 'mountpoint=~"/var/lib/(redis|postgresql|etcd|prometheus)"';
const SITES = 'database!="pgbouncer"';
// Waiting for a disk leaves the processor to others.
const busyHosts =
  '(1 - avg by (tier, instance) (sum by (tier, instance, cpu) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[5m]))))';
const blocks = (what: string) => `sum by (tier, instance) (rate(pg_stat_database_blks_${what}{datname="mastodon"}[5m]))`;
const keys = (what: string) => `sum by (use) (rate(redis_keyspace_${what}_total[5m]))`;

export const QUERIES = {
  /** Hosts that answer, by tier. */
  hosts: 'count by (tier) (up{job="node"} == 1)',
  cpu: `avg by (tier) ${busyHosts}`,
  cpuOfBusiest: `max by (tier) ${busyHosts}`,
  memory: "max by (tier) (1 - avg_over_time(node_memory_MemAvailable_bytes[5m]) / avg_over_time(node_memory_MemTotal_bytes[5m]))",
  outOfMemory: "sum by (tier) (increase(node_vmstat_oom_kill[5m]))",
  diskWait: "max by (tier) (rate(node_pressure_io_waiting_seconds_total[5m]))",
  diskUsed: `max by (tier, mountpoint) ${used.replaceAll("DATA", DATA)}`,
  diskSize: `min by (tier, mountpoint) (node_filesystem_size_bytes{${DATA}})`,

  webBusy: "avg_over_time(pool:mastodon_web_busy_threads:sum[5m]) / avg_over_time(pool:mastodon_web_threads:sum[5m])",
  webWaiting: "max_over_time(pool:mastodon_web_waiting:sum[5m])",
  /** Refused for a full queue. */
  webRefused: 'sum by (pool) (rate(haproxy_backend_requests_denied_total{proxy="puma"}[5m]))',

  queueLatency: "max_over_time(site:mastodon_sidekiq_queue_latency_seconds:max[5m])",
  /** From Mastodon 4.4 on. */
  sidekiqBusy:
    'sum by (pool) (avg_over_time(sidekiq_process_busy{job="sidekiq"}[5m])) / sum by (pool) (avg_over_time(sidekiq_process_concurrency{job="sidekiq"}[5m]))',

  /** Of the process with most. */
  streamingClients: "max by (pool) (sum by (pool, instance, process) (avg_over_time(mastodon_streaming_connected_clients[5m])))",
  streamingCpu: 'max by (pool) (rate(process_cpu_seconds_total{job="streaming"}[5m]))',
  streamingLag: 'max by (pool) (avg_over_time(nodejs_eventloop_lag_p99_seconds{job="streaming"}[5m]))',

  poolerWaiting: `sum by (tier) (avg_over_time(pgbouncer_pools_client_waiting_connections{${SITES}}[5m]))`,
  poolerLongest: `max by (tier) (max_over_time(pgbouncer_pools_client_maxwait_seconds{${SITES}}[5m]))`,
  /** Of one pooler, both processes together, to the server with most. */
  poolerUsed: `max by (tier) (sum by (tier, instance, database) (avg_over_time(pgbouncer_pools_server_active_connections{${SITES}}[5m])))`,
  /** Of one process. */
  poolerClients: "max by (tier) (max_over_time(pgbouncer_used_clients[5m]))",

  postgresConnections: "max by (instance) (max_over_time(site:mastodon_postgres_connections:ratio[5m]))",
  postgresMost: "max by (instance) (pg_settings_max_connections)",
  /** Of the machine with fewest; not of one that hardly reads anything. */
  postgresHits: `min by (tier) (${blocks("hit")} / (${blocks("hit")} + ${blocks("read")} > 1000))`,

  redisMemory: "max by (use) (max_over_time(redis_memory_used_bytes[5m]))",
  redisMost: "max by (use) (redis_memory_max_bytes)",
  redisEvicted: "max by (use) (rate(redis_evicted_keys_total[5m]))",
  redisFound: `${keys("hits")} / (${keys("hits")} + ${keys("misses")})`,
  redisRefused: 'sum by (use) (increase(redis_errors_total{err="OOM"}[5m]))',
} as const satisfies Readonly<Record<string, string>>;

export type QueryName = keyof typeof QUERIES;
