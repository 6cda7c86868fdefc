// Alerts of servers that run elsewhere, as Prometheus evaluates them: what happens to such a server fires, and nothing that nobody can see of it is asked.

import { Testing } from "cdktf";
import { execFileSync } from "node:child_process";
import { inhibitions } from "../../lib/mastodon/monitoring/inhibitions";
import { ruleGroups, rules } from "../../lib/mastodon/monitoring/rules";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { externalPage } from "./external-page";
import { always, rising, Series, until } from "./monitoring-series";
import { expectRules, FETCHED_MS, promtool, promtoolPath } from "./promtool";

const { site, stack } = externalPage();
Testing.synth(stack);
const page = watched(site);

beforeAll(() => {
  execFileSync(promtoolPath(), ["--version"]);
}, FETCHED_MS);

const series = (metric: string, labels: Readonly<Record<string, string>>) =>
  `${metric}{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`;
const DB = { instance: "db.example.net", role: "postgres", tier: "db.example.net", job: "postgres" };
const REPLICA = { ...DB, instance: "db-2.example.net" };
const REDIS = { main: "feeds.example.net", sidekiq: "jobs.example.net", cache: "192.0.2.9" };
const redis = (use: keyof typeof REDIS) => ({ instance: REDIS[use], role: "redis", tier: REDIS[use], job: "redis", use });
const CLIENTS = { backend_type: "client backend", state: "idle" };

function healthy(): Series {
  const all: Record<string, string> = {};
  for (const [n, server] of [DB, REPLICA].entries()) {
    Object.assign(all, {
      [series("up", server)]: always(1),
      [series("pg_up", server)]: always(1),
      [series("pg_replication_is_replica", server)]: always(n),
      [series("pg_replication_lag_seconds", server)]: always(0),
      // More than the page counts on: a server of 100, of which others have some.
      [series("pg_settings_max_connections", server)]: always(100),
      [series("pg_stat_activity_count", { ...server, ...CLIENTS })]: always(60),
    });
  }
  for (const use of ["main", "sidekiq", "cache"] as const) {
    const labels = redis(use);
    Object.assign(all, {
      [series("up", labels)]: always(1),
      [series("redis_up", labels)]: always(1),
      [series("redis_instance_info", { ...labels, role: "master" })]: always(1),
      [series("redis_memory_used_bytes", labels)]: always(use === "cache" ? 1000 : 500),
      [series("redis_memory_max_bytes", labels)]: always(1000),
      [series("redis_evicted_keys_total", labels)]: use === "cache" ? rising(5) : always(0),
    });
  }
  return all;
}

const ONLY = { only: /^(PostgreSQL|Redis|machines|postgres series|sidekiq series)$/ };
const fires = (changed: Series, at: string, alerts: readonly string[]) =>
  expectRules(page, { ...healthy(), ...changed }, { firing: { [at]: alerts } }, ONLY);

test("Prometheus takes the rules", () => {
  expect(promtool({ "rules.yml": rules(page) }, "check", "rules", "--lint-fatal", "rules.yml")).toMatch(
    /SUCCESS: \d+ rules found/,
  );
});

test("while all is well no alert fires, a cache that evicts included", () => fires({}, "30m", []));

test.each([
  ["the primary is away", { [series("pg_up", DB)]: until(5, 1, 0) }, ["PostgresDown critical"]],
  [
    "the primary has vanished, and its exporter waits",
    { [series("up", DB)]: until(5, 1, 0), [series("pg_up", DB)]: until(5, 1, "gone") },
    ["PostgresDown critical"],
  ],
  [
    "a replica has vanished, and its exporter waits",
    { [series("up", REPLICA)]: until(5, 1, 0), [series("pg_up", REPLICA)]: until(5, 1, "gone") },
    ["PostgresDown warning"],
  ],
  ["a replica is away", { [series("pg_up", REPLICA)]: until(5, 1, 0) }, ["PostgresDown warning"]],
  ["a replica is late", { [series("pg_replication_lag_seconds", REPLICA)]: until(5, 0, 30) }, ["PostgresLag warning"]],
  [
    "88 of the page's 90 connections are used",
    { [series("pg_stat_activity_count", { ...DB, ...CLIENTS })]: until(5, 60, 88) },
    ["PostgresConnections critical", "PostgresConnections warning"],
  ],
  ["Redis for jobs is away", { [series("redis_up", redis("sidekiq"))]: until(5, 1, 0) }, ["RedisDown critical"]],
  ["the cache is away", { [series("redis_up", redis("cache"))]: until(5, 1, 0) }, ["RedisDown warning"]],
  [
    "Redis for feeds is full",
    { [series("redis_memory_used_bytes", redis("main"))]: until(5, 500, 960) },
    ["RedisMemory critical", "RedisMemory warning"],
  ],
  ["Redis for jobs evicts", { [series("redis_evicted_keys_total", redis("sidekiq"))]: rising(5) }, ["RedisEvicts critical"]],
  ["an exporter is away", { [series("up", redis("main"))]: until(5, 1, 0) }, ["ExporterDown warning"]],
])("%s", (_, changed, alerts) => fires(changed, "15m", alerts), 120_000);

test.each([
  ["PostgreSQL and its replica", { [series("pg_up", DB)]: always(0), [series("pg_up", REPLICA)]: always(0) }, " x2"],
  ["PostgreSQL, whose exporter is not there yet", { [series("up", DB)]: always(0), [series("pg_up", DB)]: "_x480" }, ""],
  ["Redis for jobs", { [series("redis_up", redis("sidekiq"))]: always(0) }, ""],
  ["the cache", { [series("redis_up", redis("cache"))]: always(0) }, ""],
])(
  "what has never let the monitoring machine in is told as unread, and not as away: %s",
  (_, changed, times) => {
    fires(changed, "14m", []);
    fires(changed, "16m", [`ExternalUnread warning${times}`]);
  },
  120_000,
);

test("after a day without a login it is told as unread", () => {
  const interval = "10m";
  const all = Object.fromEntries(Object.entries(healthy()).map(([name, values]) => [name, values.replace("x480", "x170")]));
  const expected = { firing: { "23h": ["PostgresDown critical"], "27h": ["ExternalUnread warning"] } };
  expectRules(page, { ...all, [series("pg_up", DB)]: "1x5 0x164" }, expected, { ...ONLY, interval });
}, 120_000);

test("they say that perhaps only the monitoring machine cannot log in, and have the label by which they suppress no others", () => {
  const texts = ruleGroups(page).flatMap(({ rules: all }) =>
    all.flatMap((rule) => ("alert" in rule && /^(Postgres|Redis)Down$/.test(rule.alert) ? [rule] : [])),
  );
  expect(texts.map(({ labels, annotations }) => [labels, annotations["summary"]])).toEqual([
    [
      { severity: "critical", runs: "elsewhere" },
      "PostgreSQL does not answer the monitoring machine: the site is down, or, if pages work, only the monitoring machine cannot log in",
    ],
    [{ severity: "warning", runs: "elsewhere" }, "PostgreSQL of {{ $labels.instance }} does not answer the monitoring machine"],
    ...(["cache", "main", "sidekiq"] as const).map((use) => [
      { severity: use === "cache" ? "warning" : "critical", use, tier: REDIS[use], runs: "elsewhere" },
      expect.stringMatching(
        /: Redis does not answer the monitoring machine. Or, if pages work, only .* cannot log in$/,
      ) as string,
    ]),
  ]);
  const sources = inhibitions(page).map(({ source_matchers }) => source_matchers.join());
  const suppressing = sources.filter((one) => /PostgresDown|RedisDown/.test(one));
  expect(suppressing).toEqual([
    'alertname=~"PostgresNoPrimary|PostgresDown|PgBouncerDown",severity="critical",runs!="elsewhere"',
    'alertname=~"RedisNoMaster|RedisDown",severity="critical",runs!="elsewhere"',
  ]);
});

test("queues are those of the Redis with the jobs", () => {
  const queue = { ...redis("sidekiq"), queue: "default" };
  expectRules(
    page,
    { ...healthy(), [series("mastodon_sidekiq_queue_latency_seconds", queue)]: always(7) },
    {
      values: [
        {
          expr: "site:mastodon_sidekiq_queue_latency_seconds:max",
          at: "5m",
          is: { 'site:mastodon_sidekiq_queue_latency_seconds:max{queue="default"}': 7 },
        },
      ],
    },
    ONLY,
  );
});

test("no alert asks for what such servers do not tell", () => {
  const names = [...rules(page).matchAll(/alert: (\w+)/g)].map(([, name]) => name!);
  const own =
    /^(PostgresNoPrimary|PostgresTwoPrimaries|PostgresStandbyMissing|PostgresSlot\w+|PostgresPaused|Etcd\w+|Sentinels\w+)$/;
  const ofRedis = /^Redis(NoMaster|TwoMasters|ReplicasMissing|CannotSave)$/;
  expect(names.filter((name) => own.test(name) || ofRedis.test(name))).toEqual([]);
  expect(new Set(names.filter((name) => /^(Postgres|Redis)/.test(name)))).toEqual(
    new Set([
      "PostgresDown",
      "PostgresConnections",
      "PostgresIdleTransaction",
      "PostgresArchiverFails",
      "PostgresDeadRows",
      "PostgresWraparound",
      "PostgresLag",
      "RedisDown",
      "RedisMemory",
      "RedisEvicts",
      "RedisRefuses",
    ]),
  );
});

test("where a pooler elsewhere has connections too, they are counted against the server's own limit", () => {
  const behind = externalPage({ pooled: true, postgres: { maxConnections: 47 } });
  Testing.synth(behind.stack);
  const of = watched(behind.site);
  const connections = (used: number) => ({
    ...healthy(),
    [series("pg_stat_activity_count", { ...DB, ...CLIENTS })]: always(used),
  });
  // Most of them are the pooler's, whose role is the same.
  expectRules(of, connections(60), { firing: { "15m": [] } }, ONLY);
  const both = ["PostgresConnections critical", "PostgresConnections warning"];
  expectRules(of, connections(97), { firing: { "15m": both } }, ONLY);
  expect(rules(of)).toContain("of all connections at {{ $labels.instance }} are used");
  expect(rules(of)).not.toContain("47");
}, 120_000);

test("without replicas there is no lag", () => {
  const alone = externalPage({ postgres: { replicas: [] } });
  Testing.synth(alone.stack);
  const text = rules(watched(alone.site));
  expect(text).not.toMatch(/PostgresLag|lag_seconds:max\n/);
});

test("rules of own Redis leave out those that run elsewhere", () => {
  const mixed = externalPage({ ownRedis: true });
  Testing.synth(mixed.stack);
  const text = rules(watched(mixed.site));
  const all = [...text.matchAll(/expr: (.*redis_(?:memory_used|evicted|aof_last|up).*)$/gm)].map(([, expr]) => expr!);
  const jobs = 'instance=~"jobs.example.net"';
  expect(all).toEqual([
    'redis_up{job="redis",use="main",instance=~"redis-1"} == 0 unless on (instance) up{job="node"} == 0',
    'redis_up{job="redis",instance!~"jobs.example.net"} == 0 unless on (instance) up{job="node"} == 0',
    'redis_memory_used_bytes{job="redis",use!="cache",instance!~"jobs.example.net"} / (redis_memory_max_bytes > 0) > 0.95',
    'redis_memory_used_bytes{job="redis",use!="cache",instance!~"jobs.example.net"} / (redis_memory_max_bytes > 0) > 0.8',
    'increase(redis_evicted_keys_total{job="redis",use!="cache",instance!~"jobs.example.net"}[5m]) > 0',
    'redis_aof_last_write_status{job="redis",use!="cache",instance!~"jobs.example.net"} == 0',
    `redis_up{job="redis",use="sidekiq",${jobs}} == 0 and on (instance) max_over_time(redis_up{job="redis",use="sidekiq",${jobs}}[1d]) == 1`,
    `redis_up{job="redis",${jobs}} == 0 unless on (instance, use) max_over_time(redis_up{job="redis",${jobs}}[1d]) == 1`,
    `redis_memory_used_bytes{job="redis",use!="cache",${jobs}} / (redis_memory_max_bytes > 0) > 0.95`,
    `redis_memory_used_bytes{job="redis",use!="cache",${jobs}} / (redis_memory_max_bytes > 0) > 0.8`,
    `increase(redis_evicted_keys_total{job="redis",use!="cache",${jobs}}[5m]) > 0`,
  ]);
});
