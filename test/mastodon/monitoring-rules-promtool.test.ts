// Prometheus itself reads the rules of a page, and alerts come and go with what is measured.

import { execFileSync } from "node:child_process";
import { rules } from "../../lib/mastodon/monitoring/rules";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { monitoringPage } from "./monitoring-page";
import { always, healthy, of, rising, Series, until } from "./monitoring-series";
import { expectRules, FETCHED_MS, promtool, promtoolPath } from "./promtool";

const page = watched(monitoringPage().site);

beforeAll(() => {
  execFileSync(promtoolPath(), ["--version"]);
}, FETCHED_MS);

test("Prometheus takes the rules", () => {
  expect(promtool({ "rules.yml": rules(page) }, "check", "rules", "--lint-fatal", "rules.yml")).toMatch(
    /SUCCESS: \d+ rules found/,
  );
});

test("while all is well no alert fires but the watchdog", () => {
  expectRules(page, healthy(), {
    firing: { "1m": [], "10m": [], "30m": [] },
    values: [
      {
        expr: 'ALERTS{alertname="Watchdog"}',
        at: "1m",
        is: { 'ALERTS{alertname="Watchdog",alertstate="firing",severity="none"}': 1 },
      },
    ],
  });
});

test("an alert as it is sent: names, limits and numbers of the page, and what people notice", () => {
  const late = of("redis-1", "mastodon_sidekiq_queue_latency_seconds", { job: "redis", use: "sidekiq", queue: "default" });
  expectRules(
    page,
    { ...healthy(), [late]: always(100) },
    {
      alerts: [
        {
          at: "2m",
          name: "SidekiqQueueLate",
          firing: [75, 15].map((limit) => ({
            exp_labels: { severity: limit === 75 ? "critical" : "warning", queue: "default", pool: "posts", tier: "posts" },
            exp_annotations: {
              summary: "Posts come late into timelines, and notifications too",
              description: "The oldest job of `default` waits for 1m 40s; 15 s are the limit. Look at posts.",
            },
          })),
        },
      ],
    },
    { only: /^(?!.*objectives)/ },
  );
});

const node = (instance: string) => of(instance, "up", { job: "node" });
const redis = (instance: string, metric: string, labels = {}) => of(instance, metric, { job: "redis", use: "main", ...labels });
const web = (instance: string, metric: string, labels = {}) => of(instance, metric, { job: "haproxy", proxy: "puma", ...labels });
const patroni = (instance: string, metric: string) => of(instance, metric, { job: "patroni", scope: "database" });
const postgres = (instance: string, metric: string, labels = {}) => of(instance, metric, { job: "postgres", ...labels });
const pooler = (metric: string, labels = {}) => of("pool-1", metric, { job: "pgbouncer", process: "1", ...labels });
const jobs = (metric: string, labels = {}) => of("redis-1", metric, { job: "redis", use: "sidekiq", ...labels });
const disk = (instance: string, metric: string) => of(instance, metric, { job: "node", mountpoint: "/", fstype: "ext4" });

interface Fault {
  readonly series: Series;
  readonly firing: Readonly<Record<string, readonly string[]>>;
  /** With a sample each minute, for alerts that come late. */
  readonly slow?: true;
}

const KEPT = ["cache-1", "database-1", "database-2", "pool-1", "redis-1", "redis-2", "redis-3"];
const POSTS = ["posts-1", "posts-2"];

/** Everything that a machine serves. */
function ofMachine(instance: string): Series {
  return Object.fromEntries(Object.entries(healthy()).filter(([name]) => name.includes(`instance="${instance}"`)));
}

/** Everything that a machine serves is gone at a minute; its targets are down. */
function lost(instance: string, minute: number): Series {
  return Object.fromEntries(
    Object.entries(ofMachine(instance)).map(([name, values]) => [
      name,
      name.startsWith("up{") ? until(minute, 1, 0) : values.replace(/x480$/, `x${minute * 4 - 1} stale`),
    ]),
  );
}

/** Machines without exporters. */
function unwatched(machines: readonly string[]): Series {
  const own = machines.flatMap((name) => Object.keys(ofMachine(name)));
  return Object.fromEntries(own.map((name) => [name, name.startsWith("up{") ? always(0) : "_x480"]));
}

/** Machines that have exporters from a minute on. */
function renewed(machines: readonly string[], minute: number): Series {
  return Object.fromEntries(
    machines.flatMap((machine) =>
      Object.entries(ofMachine(machine)).map(([name, values]) => [
        name,
        name.startsWith("up{")
          ? until(minute, 0, 1)
          : `_x${minute * 4} ${name.startsWith("node_time") ? `${minute * 60}+15x480` : values}`,
      ]),
    ),
  );
}

const FAULTS: Readonly<Record<string, Fault>> = {
  "the only machine of a tier is lost": {
    series: lost("pool-1", 10),
    firing: { "10m15s": [], "10m30s": ["MachineDown critical", "PgBouncerDown critical"] },
  },
  "the primary is lost, and another takes over after 30 s": {
    series: {
      ...lost("database-1", 10),
      [patroni("database-2", "patroni_primary")]: "0x41 1x400",
      [patroni("database-2", "patroni_replica")]: "1x41 0x400",
      [patroni("database-2", "patroni_postgres_streaming")]: "1x39 0x400",
    },
    firing: {
      "10m15s": ["PostgresNoPrimary critical"],
      "10m30s": ["MachineDown warning"],
      "11m": ["MachineDown warning", "PostgresStandbyMissing warning"],
    },
  },
  "a master of Redis is lost, and another is master after 30 s": {
    series: {
      ...lost("redis-1", 10),
      [redis("redis-2", "redis_instance_info", { role: "slave" })]: "1x41 stale",
      [redis("redis-2", "redis_instance_info", { role: "master" })]: "_x42 1x400",
      [redis("redis-2", "redis_connected_slaves")]: "0x41 1x400",
      [of("redis-2", "redis_sentinel_master_ok_sentinels", {
        job: "sentinel",
        master_name: "redis",
        master_address: "10.20.48.1:6379",
      })]: until(10, 3, 2),
    },
    firing: {
      // That of the jobs has no other master here.
      "10m15s": ["RedisNoMaster critical x2"],
      "10m30s": ["RedisNoMaster critical", "MachineDown warning"],
      "12m": [
        "RedisNoMaster critical",
        "MachineDown warning",
        "RedisReplicasMissing warning",
        "EtcdMemberMissing warning",
        "SentinelsMissing warning x2",
      ],
    },
  },
  "a web machine of three is lost": {
    series: lost("web-2", 20),
    firing: { "20m45s": [], "21m": ["PoolMembersMissing warning"] },
  },
  "the last machine of a pool is lost and removed": {
    series: Object.fromEntries(Object.keys(lost("rest-1", 20)).map((name) => [name, "1x79 stale"])),
    firing: { "20m15s": [], "20m30s": ["PoolEmpty critical"] },
  },
  "Prometheus begins to watch a site whose kept machines have no exporters yet": {
    series: unwatched(KEPT),
    firing: { "2m": [], "30m": [], "59m": [], "61m": ["MachineUnwatched warning x7"] },
    slow: true,
  },
  "one machine of each tier is renewed and has exporters, the others not yet": {
    series: unwatched(["database-1", "redis-1", "redis-2"]),
    firing: { "2m": [], "30m": [], "59m": [], "61m": ["MachineUnwatched warning x3"] },
    slow: true,
  },
  "the machines get exporters one after the other, and then nobody is primary, master or pooler": {
    series: {
      ...renewed(KEPT, 10),
      [patroni("database-1", "patroni_primary")]: "_x40 1x39 0x400",
      [redis("redis-1", "redis_instance_info", { role: "master" })]: "_x40 1x39 stale",
      [pooler("pgbouncer_up")]: "_x40 1x39 0x400",
      [of("pool-1", "pgbouncer_up", { job: "pgbouncer", process: "2" })]: "_x40 1x39 0x400",
    },
    firing: {
      "9m": [],
      "19m": [],
      "20m30s": [
        "PostgresNoPrimary critical",
        "RedisNoMaster critical",
        "PgBouncerDown critical",
        "PgBouncerProcessDown warning x2",
      ],
    },
  },
  "the members of new pools boot, which takes twelve minutes": {
    series: Object.fromEntries(
      [...POSTS, "streaming-1", "streaming-2"].flatMap((name) =>
        Object.entries(ofMachine(name)).map(([series, values]) => [series, values.replace(/^1x480$/, "_x48 1x400")]),
      ),
    ),
    firing: { "2m": [], "10m": [], "14m": [], "20m": [] },
  },
  "of a new pool one member boots, and the other one does not": {
    series: { [node("posts-2")]: "_x480", [of("posts-2", "up", { job: "sidekiq", process: "1" })]: "_x480" },
    firing: { "14m": [], "15m45s": [], "16m": ["PoolMembersMissing warning"] },
  },
  "a new pool stays without members": {
    series: Object.fromEntries(POSTS.flatMap((name) => Object.keys(ofMachine(name)).map((series) => [series, "_x480"]))),
    firing: { "14m": [], "15m15s": [], "15m30s": ["PoolEmpty critical"] },
  },
  "during a first deploy Redis is there before the first Sidekiq process": {
    series: { [jobs("mastodon_sidekiq_processes")]: "0x24 4x400" },
    firing: { "2m": [], "5m": [], "8m": [] },
  },
  "the scheduler's machine is replaced, which takes five minutes": {
    series: {
      [node("periodic-1")]: "1x79 0x20 1x400",
      [of("periodic-1", "up", { job: "sidekiq", process: "1" })]: "1x79 0x20 1x400",
    },
    firing: { "20m30s": [], "24m": [], "26m": [] },
  },
  "the scheduler is away for long": {
    series: { [of("periodic-1", "up", { job: "sidekiq", process: "1" })]: until(10, 1, 0) },
    firing: { "11m": ["ExporterDown warning"], "20m": ["ExporterDown warning", "SidekiqWithoutScheduler warning"] },
  },
  "an exporter is down, its machine is not": {
    series: { [postgres("database-2", "up")]: until(10, 1, 0) },
    firing: { "10m45s": [], "11m": ["ExporterDown warning"] },
  },
  "a new member of a pool has not started Sidekiq yet": {
    series: { [of("posts-2", "up", { job: "sidekiq", process: "2" })]: always(0) },
    firing: { "20m": [] },
  },
  "a service has failed": {
    series: {
      [of("pool-1", "node_systemd_unit_state", { job: "node", name: "haproxy.service", state: "failed" })]: until(10, 0, 1),
    },
    firing: { "10m45s": [], "11m": ["UnitFailed warning"] },
  },
  "a disk is full, and emptied again": {
    series: { [disk("redis-2", "node_filesystem_avail_bytes")]: "60x39 2x10 60x400" },
    firing: { "10m15s": [], "10m30s": ["DiskAlmostFull critical"], "13m": [] },
  },
  "a disk fills by a percent in three minutes": {
    series: { [disk("database-1", "node_filesystem_avail_bytes")]: "55-0.0833x480" },
    firing: { "110m": [], "130m": ["DiskFillsSoon warning"] },
    slow: true,
  },
  "a disk has no inodes": {
    series: { [disk("web-1", "node_filesystem_files_free")]: until(10, 60, 1) },
    firing: { "15m": ["DiskWithoutInodes warning"] },
  },
  "a disk is read-only": {
    series: { [disk("redis-1", "node_filesystem_readonly")]: until(10, 0, 1) },
    firing: { "10m30s": ["DiskReadOnly critical"] },
  },
  "memory is used up, and a process is ended": {
    series: {
      [of("web-1", "node_memory_MemAvailable_bytes", { job: "node" })]: until(10, 500, 20),
      [of("web-1", "node_vmstat_oom_kill", { job: "node" })]: until(16, 3, 4),
    },
    firing: { "14m": [], "15m": ["MemoryLow warning"], "16m15s": ["MemoryLow warning", "OutOfMemory warning"] },
  },
  "a clock is five seconds slow": {
    series: { [of("web-1", "node_time_seconds", { job: "node" })]: "-5+15x480" },
    firing: { "45s": [], "1m": ["ClockSkew warning"] },
  },
  "the front door does not answer": {
    series: { 'probe_success{job="front-door",host="social.example",path="/health"}': "1x39 0x8 1x400" },
    firing: { "10m15s": [], "10m30s": ["FrontDoorFails critical"], "12m15s": [] },
  },
  "a certificate ends in ten days, and then in two": {
    series: {
      'probe_ssl_earliest_cert_expiry{job="front-door",host="social.example",path="/health"}': `${10 * 86_400}x79 ${2 * 86_400}x200`,
    },
    firing: { "60m": ["CertificateExpires warning"], "82m": ["CertificateExpires critical", "CertificateExpires warning"] },
    slow: true,
  },
  "one of three web machines answers with errors": {
    series: {
      [web("web-1", "haproxy_backend_http_responses_total", { code: "5xx" })]: "7x39 7+150x20 3157x400",
    },
    firing: {
      "10m30s": [],
      "11m30s": ["WebErrors critical", "WebMemberFails warning"],
      "17m": [],
    },
  },
  "pages wait": {
    series: { [web("web-1", "haproxy_backend_current_queue")]: "0x39 12x8 0x400" },
    firing: { "10m45s": [], "11m30s": ["WebQueues warning"], "13m": [] },
  },
  "requests are refused, and all threads are busy": {
    series: {
      ...Object.fromEntries(
        ["web-1", "web-2", "web-3"].map((name) => [
          web(name, "haproxy_server_current_sessions", { server: "puma" }),
          until(10, 3, 9),
        ]),
      ),
      [web("web-1", "haproxy_backend_requests_denied_total")]: "2x39 2+30x400",
    },
    firing: { "10m15s": [], "11m": ["WebRefuses critical"], "15m": ["WebRefuses critical", "WebBusy warning"] },
  },
  "the front door has taken a web machine out": {
    series: {
      [web("web-3", "haproxy_backend_http_requests_total")]: "0+150x39 5850x400",
      [web("web-3", "haproxy_backend_http_responses_total", { code: "2xx" })]: "0+150x39 5850x400",
    },
    firing: { "15m": [], "20m": ["WebMemberUnused warning"] },
  },
  "a streaming process is down": {
    series: { [of("streaming-1", "up", { job: "streaming", process: "4001" })]: "1x39 0x6 1x400" },
    firing: { "10m15s": [], "10m30s": ["StreamingProcessDown warning"], "12m": [] },
  },
  "all streaming processes are down": {
    series: Object.fromEntries(
      ["streaming-1", "streaming-2"].flatMap((name) =>
        ["4000", "4001"].map((process) => [of(name, "up", { job: "streaming", process }), until(10, 1, 0)]),
      ),
    ),
    firing: { "10m30s": ["StreamingDown critical", "StreamingProcessDown warning x4"] },
  },
  "half of the WebSockets are lost, and come back": {
    series: Object.fromEntries(
      ["streaming-1", "streaming-2"].map((name) => [
        of(name, "mastodon_streaming_connected_clients", { job: "streaming", process: "4000", type: "websocket" }),
        name === "streaming-1" ? "100x39 0x8 100x400" : "100x39 0x8 100x400",
      ]),
    ),
    firing: { "10m30s": [], "11m": [] },
  },
  "more than half of the WebSockets are lost, and come back": {
    series: Object.fromEntries(
      ["streaming-1", "streaming-2"].map((name) => [
        of(name, "mastodon_streaming_connected_clients", { job: "streaming", process: "4000", type: "websocket" }),
        name === "streaming-1" ? "100x39 0x8 100x400" : "110x39 0x8 100x400",
      ]),
    ),
    firing: { "10m15s": [], "11m": ["StreamingClientsLost critical"], "13m": [] },
  },
  "streaming hears nothing from Redis": {
    series: Object.fromEntries(
      ["streaming-1", "streaming-2"].flatMap((name) =>
        ["4000", "4001"].map((process) => [
          of(name, "mastodon_streaming_redis_messages_received_total", { job: "streaming", process }),
          "0+30x39 1170x400",
        ]),
      ),
    ),
    firing: { "15m": [], "17m": ["StreamingSilent critical"] },
  },
  "the queue default is late, and then later": {
    series: { [jobs("mastodon_sidekiq_queue_latency_seconds", { queue: "default" })]: "2x39 20x40 80x40 2x300" },
    firing: {
      "10m15s": [],
      "11m": ["SidekiqQueueLate warning"],
      "21m": ["SidekiqQueueLate warning", "SidekiqQueueLate critical"],
      "31m": [],
    },
  },
  "a queue for which nobody waits has its own limit": {
    series: { [jobs("mastodon_sidekiq_queue_latency_seconds", { queue: "pull" })]: "590x39 610x400" },
    firing: { "9m": [], "11m": ["SidekiqQueueLate warning"] },
  },
  "a replica's queue does not count": {
    series: {
      [of("redis-2", "mastodon_sidekiq_queue_latency_seconds", { job: "redis", use: "sidekiq", queue: "default" })]: always(900),
    },
    firing: { "20m": [] },
  },
  "no Sidekiq process reports itself": {
    series: { [jobs("mastodon_sidekiq_processes")]: until(10, 4, 0) },
    firing: { "10m45s": ["SidekiqDown critical"], "20m": ["SidekiqDown critical", "SidekiqProcessesMissing warning"] },
  },
  "one Sidekiq process is missing": {
    series: { [jobs("mastodon_sidekiq_processes")]: until(10, 4, 3) },
    firing: { "19m": [], "20m": ["SidekiqProcessesMissing warning"] },
  },
  "jobs fail again and again, and some are given up": {
    series: {
      [jobs("mastodon_sidekiq_retries")]: "400x79 900x200",
      [jobs("mastodon_sidekiq_dead")]: "50x79 200x200",
    },
    firing: { "79m": [], "86m": ["SidekiqRetriesGrow warning", "SidekiqDeadGrow warning"] },
    slow: true,
  },
  "PostgreSQL of one machine does not answer": {
    series: { [postgres("database-2", "pg_up")]: until(10, 1, 0) },
    firing: { "10m30s": ["PostgresDown warning"] },
  },
  "two PostgreSQL say that they are primary": {
    series: { [patroni("database-2", "patroni_primary")]: until(10, 0, 1) },
    firing: { "10m15s": [], "10m30s": ["PostgresTwoPrimaries critical"] },
  },
  "a standby is connected no longer": {
    series: { [patroni("database-2", "patroni_postgres_streaming")]: "1x39 0x8 1x400" },
    firing: { "10m45s": [], "11m": ["PostgresStandbyMissing warning"], "12m15s": [] },
  },
  "a standby is late": {
    series: { [postgres("database-2", "pg_replication_lag_seconds")]: "0x39 12x8 0x400" },
    firing: { "10m45s": [], "11m30s": ["PostgresLag warning"], "13m": [] },
  },
  "a slot keeps more and more, and its log is lost": {
    series: {
      [postgres("database-1", "pg_replication_slots_pg_wal_lsn_diff", { slot_name: "database_2" })]: until(
        10,
        1,
        5000 * 1024 * 1024,
      ),
      [postgres("database-1", "pg_replication_slot_wal_status", { slot_name: "database_2", wal_status: "reserved" })]: until(
        12,
        1,
        "gone",
      ),
      [postgres("database-1", "pg_replication_slot_wal_status", { slot_name: "database_2", wal_status: "lost" })]: "_x48 1x400",
    },
    firing: {
      "10m45s": [],
      "11m": ["PostgresSlotRetains warning"],
      "13m": ["PostgresSlotRetains warning", "PostgresSlotLost warning"],
    },
  },
  "connections are used up": {
    series: {
      [postgres("database-1", "pg_stat_activity_count", { backend_type: "client backend", state: "idle" })]:
        "60x39 260x20 290x400",
    },
    firing: {
      "11m": [],
      "12m30s": ["PostgresConnections warning"],
      "16m": ["PostgresConnections warning", "PostgresConnections critical"],
    },
  },
  "a transaction is left open": {
    series: {
      [postgres("database-1", "pg_stat_activity_max_tx_duration", { usename: "mastodon", state: "idle in transaction" })]: until(
        10,
        2,
        700,
      ),
    },
    firing: { "11m": ["PostgresIdleTransaction warning"] },
  },
  "the archiver fails": {
    series: { [postgres("database-1", "pg_stat_archiver_failed_count")]: "0x39 0+1x400" },
    firing: { "14m": [], "16m": ["PostgresArchiverFails warning"] },
  },
  "Patroni is paused": {
    series: { [patroni("database-1", "patroni_is_paused")]: always(1) },
    firing: { "59m": [], "60m": ["PostgresPaused warning"] },
    slow: true,
  },
  "old rows are not frozen": {
    series: {
      [postgres("database-1", "pg_database_wraparound_age_datfrozenxid_seconds", { datname: "mastodon" })]: always(1.2e9),
    },
    firing: { "60m": ["PostgresWraparound warning"] },
    slow: true,
  },
  "clients wait for PgBouncer, and then for long": {
    series: {
      [pooler("pgbouncer_pools_client_waiting_connections", { database: "mastodon" })]: until(10, 0, 7),
      [pooler("pgbouncer_pools_client_maxwait_seconds", { database: "mastodon" })]: until(15, 0, 6),
    },
    firing: { "11m": [], "12m": ["PgBouncerWaits warning"], "15m15s": ["PgBouncerWaits warning", "PgBouncerWaits critical"] },
  },
  "the pool is full, and so are the clients": {
    series: {
      [pooler("pgbouncer_pools_server_active_connections", { database: "mastodon" })]: until(10, 5, 45),
      [pooler("pgbouncer_used_clients")]: until(10, 300, 4300),
    },
    firing: { "10m45s": [], "11m": ["PgBouncerPoolFull warning", "PgBouncerClients warning"] },
  },
  "one process of PgBouncer is down": {
    series: { [pooler("pgbouncer_up")]: until(10, 1, 0) },
    firing: { "10m30s": ["PgBouncerProcessDown warning"] },
  },
  "etcd loses its leader": {
    series: Object.fromEntries(
      ["redis-2", "redis-3"].map((name) => [of(name, "etcd_server_has_leader", { job: "etcd" }), until(10, 1, 0)]),
    ),
    firing: { "10m30s": ["EtcdNoLeader critical"], "11m": ["EtcdNoLeader critical", "EtcdMemberMissing warning"] },
  },
  "etcd is slow, restless and large": {
    series: {
      [of("redis-1", "etcd_disk_wal_fsync_duration_seconds_bucket", { job: "etcd", le: "0.008" })]: rising(0),
      [of("redis-1", "etcd_server_leader_changes_seen_total", { job: "etcd" })]: "1+1x30 31x400",
      [of("redis-1", "etcd_mvcc_db_total_size_in_bytes", { job: "etcd" })]: until(10, 1, 1900 * 1024 * 1024),
    },
    firing: {
      "5m": ["EtcdLeaderChanges warning"],
      "20m": ["EtcdLeaderChanges warning", "EtcdSlow warning", "EtcdLarge warning"],
    },
  },
  "two Redis say that they are master": {
    series: { [redis("redis-2", "redis_instance_info", { role: "master" })]: "_x40 1x400" },
    firing: { "10m15s": [], "10m30s": ["RedisTwoMasters critical"] },
  },
  "a replica of Redis is missing": {
    series: { [redis("redis-1", "redis_connected_slaves")]: until(10, 2, 1) },
    firing: { "10m45s": [], "11m": ["RedisReplicasMissing warning"] },
  },
  "the cache does not answer, nor does a replica": {
    series: {
      [of("cache-1", "redis_up", { job: "redis", use: "cache" })]: until(10, 1, 0),
      [redis("redis-2", "redis_up")]: until(10, 1, 0),
    },
    firing: { "10m30s": ["RedisDown warning x2"] },
  },
  "Redis runs out of memory, evicts and refuses": {
    series: {
      [redis("redis-1", "redis_memory_used_bytes")]: "100x39 900000000x30 1030000000x400",
      [redis("redis-1", "redis_evicted_keys_total")]: until(18, 0, 5),
      [redis("redis-1", "redis_errors_total", { err: "OOM" })]: "0x79 0+3x400",
    },
    firing: {
      "14m": [],
      "15m": ["RedisMemory warning"],
      "18m30s": ["RedisMemory warning", "RedisMemory critical", "RedisEvicts critical"],
      "20m30s": ["RedisMemory warning", "RedisMemory critical", "RedisEvicts critical", "RedisRefuses critical"],
    },
  },
  "Redis cannot write": {
    series: { [redis("redis-1", "redis_aof_last_write_status")]: until(10, 1, 0) },
    firing: { "10m30s": ["RedisCannotSave critical"] },
  },
  "the sentinels disagree, and one does not see all": {
    series: {
      [of("redis-3", "redis_sentinel_master_status", {
        job: "sentinel",
        master_name: "redis",
        master_address: "10.20.48.2:6379",
        master_status: "ok",
      })]: "_x40 1x400",
      [of("redis-3", "redis_sentinel_master_ok_sentinels", {
        job: "sentinel",
        master_name: "redis",
        master_address: "10.20.48.1:6379",
      })]: until(10, 3, 1),
    },
    firing: { "10m30s": ["SentinelsDisagree critical"], "11m": ["SentinelsDisagree critical", "SentinelsMissing warning"] },
  },
  "Prometheus and Alertmanager have faults of their own": {
    series: {
      'prometheus_config_last_reload_successful{job="prometheus",instance="monitoring-1"}': until(10, 1, 0),
      'prometheus_notifications_alertmanagers_discovered{job="prometheus",instance="monitoring-1"}': until(10, 1, 0),
      'prometheus_rule_evaluation_failures_total{job="prometheus",instance="monitoring-1",rule_group="x"}': "0x39 0+1x400",
      'prometheus_tsdb_wal_writes_failed_total{job="prometheus",instance="monitoring-1"}': until(10, 0, 1),
      'alertmanager_config_last_reload_successful{job="alertmanager",instance="monitoring-1"}': until(10, 1, 0),
      'alertmanager_notifications_failed_total{job="alertmanager",instance="monitoring-1",integration="email"}': "0x39 0+1x400",
    },
    firing: {
      "12m": [
        "PrometheusConfigRejected warning",
        "PrometheusWithoutAlertmanager critical",
        "PrometheusRulesFail warning",
        "PrometheusCannotStore warning",
        "AlertmanagerConfigRejected warning",
        "AlertmanagerCannotSend critical",
      ],
    },
  },
};

test.each(Object.entries(FAULTS))("%s", (_, { series, firing, slow }) => {
  const before = healthy();
  // Else a misspelt series would change nothing.
  const unknown = Object.keys(series).filter(
    (name) =>
      before[name] === undefined && !/role="master"|wal_|errors_total|failures_total|10\.20\.48\.2|process="2"/.test(name),
  );
  expect(unknown).toEqual([]);
  const interval = slow === true ? "1m" : "15s";
  // A clock that is right has a second more in each second.
  const right = Object.fromEntries(
    Object.keys(before).flatMap((name) => (name.startsWith("node_time") ? [[name, "0+60x480"]] : [])),
  );
  expectRules(page, { ...before, ...(slow && right), ...series }, { firing }, { interval, only: /^(?!.*objectives)/ });
});

test("a machine that is away for longer than a day is one that nobody watches", () => {
  expectRules(
    page,
    { [node("database-2")]: "1x9 0x1800" },
    {
      firing: {
        "9m": [],
        "12m": ["MachineDown warning"],
        "24h": ["MachineDown warning"],
        "25h": [],
        "26h": ["MachineUnwatched warning"],
      },
    },
    { interval: "1m", only: /^machines$/ },
  );
});

test("a machine that is older than the page for a day is to be renewed; each of two monitoring machines knows it, and it is told once", () => {
  const told = (machine: string, values: string) =>
    Object.fromEntries(
      ["monitoring-1", "monitoring-2"].map((on) => [`mastodon_boot_text_older{instance="${on}",machine="${machine}"}`, values]),
    );
  expectRules(
    page,
    { ...told("database-1", "1x1600"), ...told("database-2", "1x1400 0x200") },
    { firing: { "23h": [], "25h": ["BootTextOlder warning"] } },
    { interval: "1m", only: /^machines$/ },
  );
});

test("a pool that gets larger has the time to boot its further members", () => {
  const web = { role: "web", tier: "web", pool: "web", roll: "start-first" };
  const labels = Object.entries(web).map(([name, value]) => `${name}="${value}"`);
  const larger: Series = {
    [`pool:mastodon_members:page{${labels.join(",")}}`]: "2x79 3x400",
    [node("web-1")]: always(1),
    [node("web-2")]: always(1),
  };
  // The series of this pool is not made by a rule here, so that its number can change.
  const others = { ...page, pools: page.pools.filter(({ pool }) => pool === "streaming") };
  const streaming: Series = { [node("streaming-1")]: always(1), [node("streaming-2")]: always(1) };
  const only = /^(pool series|machines)$/;
  expectRules(
    others,
    { ...larger, ...streaming, [node("web-3")]: "_x120 1x400" },
    { firing: { "22m": [], "29m": [], "40m": [] } },
    { only },
  );
  expectRules(
    others,
    { ...larger, ...streaming },
    { firing: { "22m": [], "35m30s": [], "36m15s": ["PoolMembersMissing warning"] } },
    { only },
  );
});
