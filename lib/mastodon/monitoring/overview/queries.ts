// What the overview page asks Prometheus: `overviewQueries().lag`. PromQL is here and not in the page's JavaScript, so that tests read it as
// Prometheus does. The page names the answers by these keys.

/** Filesystems that fill up; the others are in memory or read-only images. */
export const DISKS = 'fstype!~"tmpfs|ramfs|devtmpfs|efivarfs|squashfs|iso9660|fuse.*"';
// PgBouncer's console is a database of this name, and no client's.
const POOLS = '{database!="pgbouncer"}';

export function overviewQueries(): Readonly<Record<string, string>> {
  return {
    // The page shows the age of the newest sample, not of its own request.
    age: "time() - max(timestamp(up))",
    alerts: 'ALERTS{alertstate="firing"}',
    machines: 'max by (instance, tier, role, pool) (up{job="node"})',
    down: 'up{job!="node"} == 0 or redis_up == 0 or pg_up == 0 or pgbouncer_up == 0 or nginx_up == 0',
    cpu: 'max by (tier) (1 - avg by (tier, instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])))',
    memory: "max by (tier) (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
    disks: `topk(8, max by (instance, mountpoint) (1 - node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}}))`,
    diskFree: `max by (instance, mountpoint) (node_filesystem_avail_bytes{${DISKS}})`,
    ...DOORS,
    ...WEB,
    ...STREAMING,
    ...JOBS,
    ...DATA,
    backup: "max(mastodon_backup_last_success_timestamp_seconds) - time()",
    restore: "max(mastodon_restore_last_success_timestamp_seconds) - time()",
  };
}

const DOORS = {
  doors: 'min by (host, path) (probe_success{job="front-door"})',
  doorSeconds: 'max by (host, path) (probe_duration_seconds{job="front-door"})',
  certificates: 'min by (host) (probe_ssl_earliest_cert_expiry{job="front-door"}) - time()',
};

const WEB = {
  webRequests: "pool:mastodon_web_requests:rate5m",
  webErrors: "pool:mastodon_web_errors:rate5m",
  webWaiting: "pool:mastodon_web_waiting:sum",
  webBusy: "pool:mastodon_web_busy_threads:sum",
  webThreads: "pool:mastodon_web_threads:sum",
};

// The four metrics of Mastodon's guide to scaling, of the site and of each process.
const STREAMING = {
  clients: "site:mastodon_streaming_connected_clients:sum",
  channels: "site:mastodon_streaming_connected_channels:sum",
  sent: "site:mastodon_streaming_messages_sent:rate1m",
  received: "site:mastodon_streaming_redis_messages_received:rate1m",
  processClients: "sum by (instance, process) (mastodon_streaming_connected_clients)",
  processChannels: "sum by (instance, process) (mastodon_streaming_connected_channels)",
  processSent: "sum by (instance, process) (rate(mastodon_streaming_messages_sent_total[1m]))",
  processReceived: "sum by (instance, process) (rate(mastodon_streaming_redis_messages_received_total[1m]))",
};

const JOBS = {
  queueLatency: "site:mastodon_sidekiq_queue_latency_seconds:max",
  queueSize: "site:mastodon_sidekiq_queue_size:max",
  retries: "site:mastodon_sidekiq_retries:max",
  dead: "site:mastodon_sidekiq_dead:max",
  jobProcesses: "site:mastodon_sidekiq_processes:max",
  jobsBusy: "site:mastodon_sidekiq_busy:max",
};

const DATA = {
  primary: "max by (instance) (patroni_primary == 1 or pg_replication_is_replica == 0)",
  follows: "max by (instance) (patroni_postgres_streaming)",
  lag: "site:mastodon_postgres_lag_seconds:max",
  connections: "site:mastodon_postgres_connections:ratio",
  poolClients: `sum by (instance, tier) (pgbouncer_pools_client_active_connections${POOLS})`,
  poolWaiting: `sum by (instance) (pgbouncer_pools_client_waiting_connections${POOLS})`,
  poolWait: `max by (instance) (pgbouncer_pools_client_maxwait_seconds${POOLS})`,
  // Each database of PgBouncer has as many connections for itself.
  poolBusy: `max by (instance) (sum by (instance, database) (pgbouncer_pools_server_active_connections${POOLS}))`,
  // The label `role` of a target is the machine's, so that Prometheus renames Redis' own.
  master: 'max by (instance, use) (redis_instance_info{exported_role="master"} or redis_instance_info{role="master"})',
  redisMemory: "max by (instance, use) (redis_memory_used_bytes)",
  redisLimit: "max by (instance, use) (redis_memory_max_bytes)",
  redisClients: "max by (instance, use) (redis_connected_clients)",
  replicaLink: "min by (instance, use) (redis_master_link_up)",
};
