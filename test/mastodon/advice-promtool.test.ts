// Prometheus' own tool on the queries of advice: each is valid, and gives the number that its name says.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { QUERIES, QueryName } from "../../lib/mastodon/monitoring/advice-queries";
import { debianTool } from "../shared/debian-tools";

/** Fetching the tool takes some seconds, once on a computer. */
const FETCHED_MS = 300_000;
let promtool = "";
beforeAll(() => {
  promtool = debianTool("promtool", "promtool");
}, FETCHED_MS);

const room = mkdtempSync(join(tmpdir(), "advice-"));
afterAll(() => rmSync(room, { recursive: true }));

function run(file: string, text: object, ...words: readonly string[]): string {
  writeFileSync(join(room, file), stringify(text));
  try {
    return execFileSync(promtool, [...words, file], { cwd: room, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${stdout}\n${stderr}`);
  }
}

test("Prometheus takes them as rules", () => {
  const rules = Object.entries(QUERIES).map(([name, expr]) => ({ record: `advise:${name}`, expr }));
  const said = run("rules.yml", { groups: [{ name: "advise", rules }] }, "check", "rules", "--lint-fatal");
  expect(said).toContain(`SUCCESS: ${rules.length} rules found`);
});

const of = (name: string, labels: Readonly<Record<string, string>>, samples: string) => {
  const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return { [`${name}{${text.join(",")}}`]: samples };
};
const always = (value: number) => `${value}x10`;
/** A counter that grows by this in a minute. */
const rising = (each: number) => `0+${each}x10`;

const member = (n: number) => ({ instance: `web-${n}-abc123`, tier: "web", pool: "web" });
const [ONE, TWO] = [member(1), member(2)];
const DATABASE = { instance: "database-1", tier: "database" };
const POOLER = { instance: "pool-1", tier: "pool" };
/** As promtool writes samples of each minute. */
const SERIES: Readonly<Record<string, string>> = {
  ...of("up", { ...ONE, job: "node" }, always(1)),
  ...of("up", { ...TWO, job: "node" }, always(1)),
  ...of("up", { ...ONE, job: "haproxy" }, always(1)),
  ...of("node_cpu_seconds_total", { ...ONE, cpu: "0", mode: "idle" }, rising(30)),
  ...of("node_cpu_seconds_total", { ...ONE, cpu: "0", mode: "iowait" }, rising(6)),
  ...of("node_cpu_seconds_total", { ...ONE, cpu: "0", mode: "user" }, rising(24)),
  ...of("node_cpu_seconds_total", { ...ONE, cpu: "1", mode: "idle" }, rising(60)),
  ...of("node_cpu_seconds_total", { ...TWO, cpu: "0", mode: "idle" }, rising(12)),
  ...of("node_memory_MemTotal_bytes", ONE, always(1000)),
  ...of("node_memory_MemAvailable_bytes", ONE, always(250)),
  ...of("node_vmstat_oom_kill", ONE, rising(1)),
  ...of("node_pressure_io_waiting_seconds_total", ONE, rising(15)),
  ...of("node_filesystem_size_bytes", { ...DATABASE, mountpoint: "/var/lib/postgresql" }, always(1000)),
  ...of("node_filesystem_avail_bytes", { ...DATABASE, mountpoint: "/var/lib/postgresql" }, always(400)),
  ...of("node_filesystem_size_bytes", { ...DATABASE, mountpoint: "/" }, always(500)),
  ...of("node_filesystem_avail_bytes", { ...DATABASE, mountpoint: "/" }, always(1)),
  ...of("pool:mastodon_web_busy_threads:sum", { pool: "web" }, always(9)),
  ...of("pool:mastodon_web_threads:sum", { pool: "web" }, always(18)),
  ...of("pool:mastodon_web_waiting:sum", { pool: "web" }, "0x8 7 0x1"),
  ...of("haproxy_backend_requests_denied_total", { ...ONE, proxy: "puma" }, rising(120)),
  ...of("haproxy_backend_requests_denied_total", { ...TWO, proxy: "puma" }, rising(60)),
  ...of("haproxy_backend_requests_denied_total", { ...TWO, proxy: "poolers" }, rising(60)),
  ...of("site:mastodon_sidekiq_queue_latency_seconds:max", { queue: "push" }, "0x8 40 0x1"),
  ...of("sidekiq_process_busy", { ...ONE, job: "sidekiq", process: "1" }, always(25)),
  ...of("sidekiq_process_busy", { ...TWO, job: "sidekiq", process: "1" }, always(15)),
  ...of("sidekiq_process_concurrency", { ...ONE, job: "sidekiq", process: "1" }, always(25)),
  ...of("sidekiq_process_concurrency", { ...TWO, job: "sidekiq", process: "1" }, always(25)),
  ...of("mastodon_streaming_connected_clients", { ...ONE, process: "4000", type: "websocket" }, always(150)),
  ...of("mastodon_streaming_connected_clients", { ...ONE, process: "4000", type: "eventsource" }, always(2)),
  ...of("mastodon_streaming_connected_clients", { ...ONE, process: "4001", type: "websocket" }, always(90)),
  ...of("process_cpu_seconds_total", { ...ONE, job: "streaming", process: "4000" }, rising(30)),
  ...of("process_cpu_seconds_total", { ...ONE, job: "etcd" }, rising(60)),
  ...of("nodejs_eventloop_lag_p99_seconds", { ...ONE, job: "streaming", process: "4000" }, always(0.02)),
  ...of("pgbouncer_pools_client_waiting_connections", { ...POOLER, process: "1", database: "mastodon" }, always(2)),
  ...of("pgbouncer_pools_client_waiting_connections", { ...POOLER, process: "2", database: "mastodon" }, always(3)),
  ...of("pgbouncer_pools_client_waiting_connections", { ...POOLER, process: "1", database: "pgbouncer" }, always(9)),
  ...of("pgbouncer_pools_client_maxwait_seconds", { ...POOLER, process: "1", database: "mastodon" }, "0x8 4 0x1"),
  ...of("pgbouncer_pools_server_active_connections", { ...POOLER, process: "1", database: "mastodon" }, always(20)),
  ...of("pgbouncer_pools_server_active_connections", { ...POOLER, process: "2", database: "mastodon" }, always(21)),
  ...of("pgbouncer_pools_server_active_connections", { ...POOLER, process: "1", database: "mastodon_replica" }, always(30)),
  ...of("pgbouncer_used_clients", { ...POOLER, process: "1" }, always(300)),
  ...of("pgbouncer_used_clients", { ...POOLER, process: "2" }, always(200)),
  ...of("site:mastodon_postgres_connections:ratio", { instance: "database-1" }, always(0.4)),
  ...of("pg_settings_max_connections", { ...DATABASE, server: "s" }, always(200)),
  ...of("pg_stat_database_blks_hit", { ...DATABASE, datname: "mastodon" }, rising(90_000)),
  ...of("pg_stat_database_blks_read", { ...DATABASE, datname: "mastodon" }, rising(10_000)),
  ...of("pg_stat_database_blks_hit", { ...DATABASE, instance: "database-2", datname: "mastodon" }, rising(10)),
  ...of("pg_stat_database_blks_read", { ...DATABASE, instance: "database-2", datname: "mastodon" }, rising(90)),
  ...of("redis_memory_used_bytes", { instance: "redis-1", use: "cache" }, "5x8 9 5x1"),
  ...of("redis_memory_max_bytes", { instance: "redis-1", use: "cache" }, always(10)),
  ...of("redis_evicted_keys_total", { instance: "redis-1", use: "cache" }, rising(120)),
  ...of("redis_keyspace_hits_total", { instance: "redis-1", use: "cache" }, rising(30)),
  ...of("redis_keyspace_misses_total", { instance: "redis-1", use: "cache" }, rising(10)),
  ...of("redis_errors_total", { instance: "redis-1", use: "main", err: "OOM" }, rising(2)),
};

const GIVES: Readonly<Record<QueryName, Readonly<Record<string, number>>>> = {
  hosts: { '{tier="web"}': 2 },
  // A processor that waits for a disk is idle. The first host: 40 % of one and nothing of the other; the second: 80 %.
  cpu: { '{tier="web"}': 0.5 },
  cpuOfBusiest: { '{tier="web"}': 0.8 },
  memory: { '{tier="web"}': 0.75 },
  outOfMemory: { '{tier="web"}': 5 },
  diskWait: { '{tier="web"}': 0.25 },
  diskUsed: { '{mountpoint="/var/lib/postgresql", tier="database"}': 600 },
  diskSize: { '{mountpoint="/var/lib/postgresql", tier="database"}': 1000 },
  webBusy: { '{pool="web"}': 0.5 },
  webWaiting: { '{pool="web"}': 7 },
  webRefused: { '{pool="web"}': 3 },
  queueLatency: { '{queue="push"}': 40 },
  sidekiqBusy: { '{pool="web"}': 0.8 },
  streamingClients: { '{pool="web"}': 152 },
  streamingCpu: { '{pool="web"}': 0.5 },
  streamingLag: { '{pool="web"}': 0.02 },
  poolerWaiting: { '{tier="pool"}': 5 },
  poolerLongest: { '{tier="pool"}': 4 },
  poolerUsed: { '{tier="pool"}': 41 },
  poolerClients: { '{tier="pool"}': 300 },
  postgresConnections: { '{instance="database-1"}': 0.4 },
  postgresMost: { '{instance="database-1"}': 200 },
  postgresHits: { '{tier="database"}': 0.9 },
  redisMemory: { '{use="cache"}': 9 },
  redisMost: { '{use="cache"}': 10 },
  redisEvicted: { '{use="cache"}': 2 },
  redisFound: { '{use="cache"}': 0.75 },
  redisRefused: { '{use="main"}': 10 },
};

test("each gives the number that it is asked for", () => {
  const queries = Object.entries(GIVES).map(([name, gives]) => ({
    expr: `round(${QUERIES[name as QueryName]}, 0.0001)`,
    eval_time: "10m",
    exp_samples: Object.entries(gives).map(([labels, value]) => ({ labels, value })),
  }));
  const series = Object.entries(SERIES).map(([name, values]) => ({ series: name, values }));
  const tests = [{ interval: "1m", input_series: series, promql_expr_test: queries }];
  expect(run("test.yml", { evaluation_interval: "1m", rule_files: [], tests }, "test", "rules")).toContain("SUCCESS");
});
