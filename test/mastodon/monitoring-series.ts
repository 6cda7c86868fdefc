// What the page of `monitoring-page.ts` measures while all is well, as promtool's input: `healthy()`. A test changes some series: `{ ...healthy(), … }`.

/** The values of each series, in promtool's notation. */
export type Series = Readonly<Record<string, string>>;

/** One value for all of the time: two hours with a sample every 15 s. */
export const always = (value: number) => `${value}x480`;
/** A counter that rises by as much with each sample. */
export const rising = (each: number) => `0+${each}x480`;
/** A value until a minute, and another one after it. */
export const until = (minute: number, before: number, after: number | "gone") =>
  after === "gone" ? `${before}x${minute * 4 - 1} stale` : `${before}x${minute * 4 - 1} ${after}x${480 - minute * 4}`;

const KEPT: Readonly<Record<string, { readonly tier: string; readonly role: string }>> = {
  "cache-1": { tier: "cache", role: "redis" },
  "database-1": { tier: "database", role: "postgres" },
  "database-2": { tier: "database", role: "postgres" },
  "pool-1": { tier: "pool", role: "pgbouncer" },
  "redis-1": { tier: "redis", role: "redis" },
  "redis-2": { tier: "redis", role: "redis" },
  "redis-3": { tier: "redis", role: "redis" },
};
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  periodic: ["periodic-1"],
  posts: ["posts-1", "posts-2"],
  rest: ["rest-1"],
  streaming: ["streaming-1", "streaming-2"],
  web: ["web-1", "web-2", "web-3"],
};
const ROLES: Readonly<Record<string, string>> = { streaming: "streaming", web: "web" };

/** A series of a machine, with the labels of its target: `of("redis-1", "redis_up", { job: "redis", use: "main" })`. */
export function of(instance: string, metric: string, labels: Readonly<Record<string, string>>): string {
  const pool = Object.keys(MEMBERS).find((name) => MEMBERS[name]!.includes(instance));
  const { tier, role } = pool === undefined ? KEPT[instance]! : { tier: pool, role: ROLES[pool] ?? "sidekiq" };
  const all = { instance, tier, role, ...(pool !== undefined && { pool }), ...labels };
  return `${metric}{${Object.entries(all)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`;
}

const REDIS = ["redis-1", "redis-2", "redis-3"];
const MIB = 1024 * 1024;

export function healthy(): Series {
  const all: Record<string, string> = {};
  const set = (instance: string, metric: string, labels: Readonly<Record<string, string>>, values: string) =>
    void (all[of(instance, metric, labels)] = values);
  for (const instance of [...Object.keys(KEPT), ...Object.values(MEMBERS).flat()]) {
    const job = "node";
    const disk = { job, mountpoint: "/", fstype: "ext4" };
    set(instance, "up", { job }, always(1));
    set(instance, "node_filesystem_avail_bytes", disk, always(60));
    set(instance, "node_filesystem_size_bytes", disk, always(100));
    set(instance, "node_filesystem_files_free", disk, always(60));
    set(instance, "node_filesystem_files", disk, always(100));
    set(instance, "node_filesystem_readonly", disk, always(0));
    set(instance, "node_memory_MemAvailable_bytes", { job }, always(500));
    set(instance, "node_memory_MemTotal_bytes", { job }, always(1000));
    set(instance, "node_vmstat_oom_kill", { job }, always(3));
    set(instance, "node_time_seconds", { job }, "0+15x480");
    set(instance, "node_systemd_unit_state", { job, name: "haproxy.service", state: "failed" }, always(0));
  }
  for (const instance of MEMBERS["web"]!) {
    const job = "haproxy";
    const puma = { job, proxy: "puma", server: "puma" };
    set(instance, "up", { job }, always(1));
    set(instance, "haproxy_backend_http_requests_total", { job, proxy: "puma" }, rising(150));
    set(instance, "haproxy_backend_http_responses_total", { job, proxy: "puma", code: "2xx" }, rising(150));
    set(instance, "haproxy_backend_http_responses_total", { job, proxy: "puma", code: "5xx" }, always(7));
    set(instance, "haproxy_backend_requests_denied_total", { job, proxy: "puma" }, always(2));
    set(instance, "haproxy_backend_current_queue", { job, proxy: "puma" }, always(0));
    set(instance, "haproxy_server_current_sessions", puma, always(3));
    set(instance, "haproxy_server_limit_sessions", puma, always(9));
  }
  for (const instance of MEMBERS["streaming"]!) {
    for (const process of ["4000", "4001"]) {
      const labels = { job: "streaming", process };
      set(instance, "up", labels, always(1));
      set(instance, "mastodon_streaming_connected_clients", { ...labels, type: "websocket" }, always(100));
      set(instance, "mastodon_streaming_redis_messages_received_total", labels, rising(30));
    }
  }
  for (const instance of ["posts-1", "posts-2", "rest-1", "periodic-1"])
    set(instance, "up", { job: "sidekiq", process: "1" }, always(1));
  for (const use of ["main", "sidekiq"]) {
    for (const instance of REDIS) {
      const labels = { job: "redis", use };
      const role = instance === "redis-1" ? "master" : "slave";
      set(instance, "up", labels, always(1));
      set(instance, "redis_up", labels, always(1));
      set(instance, "redis_instance_info", { ...labels, role }, always(1));
      set(instance, "redis_connected_slaves", labels, always(role === "master" ? 2 : 0));
      set(instance, "redis_memory_used_bytes", labels, always(100 * MIB));
      set(instance, "redis_memory_max_bytes", labels, always(1000 * MIB));
      set(instance, "redis_evicted_keys_total", labels, always(0));
      set(instance, "redis_rejected_connections_total", labels, always(0));
      set(instance, "redis_aof_last_write_status", labels, always(1));
    }
  }
  for (const instance of REDIS) {
    for (const master_name of ["redis", "jobs"]) {
      const labels = { job: "sentinel", master_name, master_address: "10.20.48.1:6379" };
      set(instance, "redis_sentinel_master_status", { ...labels, master_status: "ok" }, always(1));
      set(instance, "redis_sentinel_master_ok_sentinels", labels, always(3));
    }
    set(instance, "up", { job: "sentinel" }, always(1));
    const job = "etcd";
    set(instance, "up", { job }, always(1));
    set(instance, "etcd_server_has_leader", { job }, always(1));
    set(instance, "etcd_server_leader_changes_seen_total", { job }, always(1));
    set(instance, "etcd_disk_wal_fsync_duration_seconds_bucket", { job, le: "0.008" }, rising(20));
    set(instance, "etcd_disk_wal_fsync_duration_seconds_bucket", { job, le: "0.512" }, rising(20));
    set(instance, "etcd_disk_wal_fsync_duration_seconds_bucket", { job, le: "+Inf" }, rising(20));
    set(instance, "etcd_mvcc_db_total_size_in_bytes", { job }, always(MIB));
    set(instance, "etcd_server_quota_backend_bytes", { job }, always(2048 * MIB));
    for (const queue of ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"]) {
      const labels = { job: "redis", use: "sidekiq", queue };
      set(instance, "mastodon_sidekiq_queue_latency_seconds", labels, always(2));
    }
    for (const [what, value] of Object.entries({ retries: 400, dead: 50, processes: 4 }))
      set(instance, `mastodon_sidekiq_${what}`, { job: "redis", use: "sidekiq" }, always(value));
  }
  set("cache-1", "redis_up", { job: "redis", use: "cache" }, always(1));
  set("cache-1", "redis_instance_info", { job: "redis", use: "cache", role: "master" }, always(1));
  for (const [n, instance] of ["database-1", "database-2"].entries()) {
    const patroni = { job: "patroni", scope: "database" };
    set(instance, "up", { job: "postgres" }, always(1));
    set(instance, "up", { job: "patroni" }, always(1));
    set(instance, "patroni_primary", patroni, always(1 - n));
    set(instance, "patroni_replica", patroni, always(n));
    set(instance, "patroni_postgres_streaming", patroni, always(n));
    set(instance, "patroni_is_paused", patroni, always(0));
    const job = "postgres";
    set(instance, "pg_up", { job }, always(1));
    set(instance, "pg_replication_is_replica", { job }, always(n));
    set(instance, "pg_replication_lag_seconds", { job }, always(0));
    set(instance, "pg_settings_max_connections", { job }, always(300));
    set(instance, "pg_settings_max_slot_wal_keep_size_bytes", { job }, always(8192 * MIB));
    set(instance, "pg_stat_activity_count", { job, backend_type: "client backend", state: "idle" }, always(60));
    set(instance, "pg_stat_activity_max_tx_duration", { job, usename: "mastodon", state: "idle in transaction" }, always(2));
    set(instance, "pg_stat_archiver_failed_count", { job }, always(0));
    set(instance, "pg_stat_user_tables_n_dead_tup", { job, relname: "statuses" }, always(2_000_000));
    set(instance, "pg_stat_user_tables_n_live_tup", { job, relname: "statuses" }, always(90_000_000));
    set(instance, "pg_database_wraparound_age_datfrozenxid_seconds", { job, datname: "mastodon" }, always(200_000_000));
  }
  const slot = { job: "postgres", slot_name: "database_2" };
  set("database-1", "pg_replication_slots_pg_wal_lsn_diff", slot, always(16 * MIB));
  set("database-1", "pg_replication_slot_wal_status", { ...slot, wal_status: "reserved" }, always(1));
  for (const process of ["1", "2"]) {
    const labels = { job: "pgbouncer", process };
    set("pool-1", "up", labels, always(1));
    set("pool-1", "pgbouncer_up", labels, always(1));
    set("pool-1", "pgbouncer_used_clients", labels, always(300));
    for (const database of ["mastodon", "mastodon_replica"]) {
      set("pool-1", "pgbouncer_pools_client_maxwait_seconds", { ...labels, database }, always(0));
      set("pool-1", "pgbouncer_pools_client_waiting_connections", { ...labels, database }, always(0));
      set("pool-1", "pgbouncer_pools_server_active_connections", { ...labels, database }, always(5));
    }
  }
  for (const [host, path] of [
    ["social.example", "/health"],
    ["streaming.social.example", "/api/v1/streaming/health"],
  ] as const) {
    const labels = `job="front-door",host="${host}",path="${path}"`;
    all[`probe_success{${labels}}`] = always(1);
    all[`probe_ssl_earliest_cert_expiry{${labels}}`] = always(60 * 86_400);
  }
  all['prometheus_config_last_reload_successful{job="prometheus",instance="monitoring-1"}'] = always(1);
  all['prometheus_notifications_alertmanagers_discovered{job="prometheus",instance="monitoring-1"}'] = always(1);
  all['alertmanager_config_last_reload_successful{job="alertmanager",instance="monitoring-1"}'] = always(1);
  all['alertmanager_notifications_failed_total{job="alertmanager",instance="monitoring-1",integration="email"}'] = always(0);
  return all;
}
