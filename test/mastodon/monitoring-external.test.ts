// PostgreSQL and Redis that run elsewhere, as a monitoring machine reads them: exporters, targets, flows, connections and facts.

import { Testing } from "cdktf";
import { parse } from "yaml";
import { overviewFacts, runs, runsItself } from "../../lib/mastodon/monitoring/overview/facts";
import { dashboards } from "../../lib/mastodon/monitoring/dashboards";
import { advice } from "../../lib/mastodon/monitoring/advice";
import { STEP_SECONDS } from "../../lib/mastodon/monitoring/advice-queries";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { renderPage } from "../../lib/testing";
import { budgetsIn } from "../../lib/mastodon/connections";
import { CA, externalPage, filesOf } from "./external-page";

type Files = Readonly<Record<string, string>>;

function synthesized(...given: Parameters<typeof externalPage>) {
  const page = externalPage(...given);
  const plan = JSON.parse(Testing.synth(page.stack, true)) as { readonly locals: Readonly<Record<string, unknown>> };
  return { ...page, plan, files: page.machines.map(filesOf) };
}

const exporters = (files: Files) =>
  Object.fromEntries(Object.entries(files).filter(([path]) => /prometheus-(postgres|redis)-exporter/.test(path)));

const SESSION = "connect_timeout=5&statement_timeout=8000&lock_timeout=1000&default_transaction_read_only=on";
const database = (
  host: string,
  port: number,
  user = "mastodon@db",
  query = "sslmode=verify-full&sslrootcert=/etc/mastodon/tls/db.example.net.pem",
) =>
  `DATA_SOURCE_USER="${user}"\nDATA_SOURCE_PASS="<secret database_password>"\n` +
  `DATA_SOURCE_URI="${host}:5432/mastodon_production?${query}&${SESSION}"\nARGS='--web.listen-address=127.0.0.1:${port}'\n`;
const template = (name: string, of: string, options: string) =>
  `[Unit]\nDescription=Prometheus exporter of ${of}\nStartLimitIntervalSec=0\n\n[Service]\nUser=prometheus\n` +
  `EnvironmentFile=/etc/default/${name}-%i\nExecStart=/usr/bin/${name} ${options} $ARGS\nRestart=always\nRestartSec=5\n` +
  "NoNewPrivileges=yes\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\n\n[Install]\nWantedBy=multi-user.target\n";

test("each server has an exporter, with the login of Mastodon's processes in a file that only root reads", () => {
  const [files] = synthesized().files;
  expect(exporters(files!)).toEqual({
    "/etc/default/prometheus-postgres-exporter-db.example.net 0600": database("db.example.net", 9187),
    "/etc/default/prometheus-postgres-exporter-db-2.example.net 0600": database("db-2.example.net", 9188),
    "/etc/systemd/system/prometheus-postgres-exporter@.service": template(
      "prometheus-postgres-exporter",
      "PostgreSQL %i",
      "--collector.database_wraparound --collector.long_running_transactions --collector.postmaster --no-collector.roles " +
        "--no-collector.statio_user_tables --no-collector.wal " +
        "--exclude-databases=rdsadmin,_dodb,_aiven,azure_maintenance,azure_sys,cloudsqladmin --log.level=warn",
    ),
    "/etc/default/prometheus-redis-exporter-cache-192.0.2.9 0600":
      "REDIS_ADDR=\"redis://192.0.2.9:6379\"\nARGS='-web.listen-address=127.0.0.1:9121'\n",
    "/etc/default/prometheus-redis-exporter-main-feeds.example.net 0600":
      'REDIS_ADDR="rediss://feeds.example.net:6380/3"\nREDIS_USER="default"\nREDIS_PASSWORD="<secret feeds_password>"\n' +
      "ARGS='-web.listen-address=127.0.0.1:9122 -tls-ca-cert-file=/etc/mastodon/tls/db.example.net.pem'\n",
    "/etc/default/prometheus-redis-exporter-sidekiq-jobs.example.net 0600":
      'REDIS_ADDR="rediss://jobs.example.net:6379"\nREDIS_PASSWORD="<secret redis_sidekiq_password>"\n' +
      "ARGS='-web.listen-address=127.0.0.1:9123 -script=/etc/prometheus/sidekiq-queues.lua'\n",
    "/etc/systemd/system/prometheus-redis-exporter@.service": template(
      "prometheus-redis-exporter",
      "Redis, %i",
      "-connection-timeout=5s -config-command=- -redis-only-metrics -exclude-latency-histogram-metrics -set-client-name=false",
    ),
  });
  expect(files!["/etc/sysctl.d/60-mastodon.conf"]).toContain("net.ipv4.tcp_retries2 = 5\n");
  // One file for all with the same authority.
  expect(Object.entries(files!).filter(([path]) => path.startsWith("/etc/mastodon/tls/"))).toEqual([
    ["/etc/mastodon/tls/db.example.net.pem", CA],
  ]);
});

test("a changed authority reaches a running machine, where settings are delivered, also that of a Redis alone", () => {
  const { machines } = synthesized({ postgres: { tls: "require", ca: undefined as never } });
  expect(machines[0]!.program.steps.filter((one) => one.kind === "file" && one.path.startsWith("/etc/mastodon/tls/"))).toEqual([
    {
      kind: "file",
      path: "/etc/mastodon/tls/feeds.example.net.pem",
      content: expect.any(Function) as unknown,
      from: "ca of feeds.example.net",
      taken: { what: "whom the exporters of servers elsewhere trust", does: "nothing" },
    },
  ]);
});

test("with `external: false` nobody reads them", () => {
  const { site, machines, plan, files } = synthesized({ monitoring: { external: false } });
  expect(exporters(files[0]!)).toEqual({});
  expect(Object.keys(files[0]!).filter((path) => path.startsWith("/etc/mastodon/tls/"))).toEqual([]);
  expect(files[0]!["/etc/prometheus/targets/kept.json"]).not.toContain("example.net");
  expect(machines[0]!.bootText()).not.toMatch(/_password|db\.example|tcp_retries2/);
  expect(watched(site).external).toEqual({ postgres: [], redis: [] });
  expect(overviewFacts(site.inventory.whole)).not.toHaveProperty("external");
  const rows = budgetsIn(plan.locals["social_database_connections"]).flatMap((one) => one.rows.map(({ tier }) => tier));
  expect(rows).not.toContain("monitoring");
  const { flows } = renderPage(externalPage({ monitoring: { external: false } }).stack);
  const reads = Object.entries(flows["social"]!).filter(([, why]) => why.includes("monitoring: reads its metrics"));
  expect(reads.map(([to]) => to).filter((to) => /example|192/.test(to))).toEqual([]);
});

test("no other file of the machine has a password, and each exporter is started once", () => {
  const { files, machines } = synthesized();
  const secret = Object.entries(files[0]!).flatMap(([path, text]) => (/<secret .*password/.test(text) ? [path] : []));
  expect(secret.filter((path) => !/^\/etc\/default\/prometheus-(postgres|redis)-exporter-.* 0600$/.test(path))).toEqual([]);
  expect(secret).toHaveLength(4);
  const started = machines[0]!.program.steps.flatMap((step) => (step.kind === "start" ? step.units : []));
  expect(started.filter((unit) => /postgres|redis/.test(unit))).toEqual([
    "prometheus-postgres-exporter@db.example.net.service",
    "prometheus-postgres-exporter@db-2.example.net.service",
    "prometheus-redis-exporter@cache-192.0.2.9.service",
    "prometheus-redis-exporter@main-feeds.example.net.service",
    "prometheus-redis-exporter@sidekiq-jobs.example.net.service",
  ]);
});

test("a changed password reaches a running machine, where settings are delivered, since the server has it already", () => {
  const step = externalPage();
  Testing.synth(step.stack);
  const file = step.machines[0]!.program.steps.find((one) => one.kind === "file" && one.path.endsWith("-db.example.net"))!;
  expect(file).toMatchObject({
    mode: "0600",
    taken: {
      what: "prometheus-postgres-exporter@db.example.net",
      does: "restart",
      script:
        "runs prometheus-postgres-exporter@db.example.net || exit 0\nsystemctl restart prometheus-postgres-exporter@db.example.net\n",
    },
  });
  expect(file).not.toHaveProperty("renewedLines");
});

test.each([
  ["verify-full" as const, undefined, "sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt", true],
  ["require" as const, undefined, "sslmode=require", false],
  ["disable" as const, undefined, "sslmode=disable", false],
])("TLS is as that of Mastodon's processes: %s", (tls, ca, query, verifies) => {
  const redis = { use: "sidekiq", host: "10.1.0.3" } as const;
  const { files, machines } = synthesized({ postgres: { tls, ca: ca as never, user: "mastodon", replicas: [] }, jobs: redis });
  expect(files[0]!["/etc/default/prometheus-postgres-exporter-db.example.net 0600"]).toBe(
    database("db.example.net", 9187, "mastodon", query),
  );
  const { steps } = machines[0]!.program;
  const asked = steps.filter((step) => step.kind === "package" && step.names.includes("ca-certificates")).length;
  // The prober asks for it on each page.
  expect(asked).toBe(verifies ? 2 : 1);
});

const target = (module: string, labels: object) => ({
  targets: ["127.0.0.1:9999"],
  labels: { __param_module: module, job: module.split("-")[0], ...labels },
});

test("they are targets with the labels of own servers, each read on the same machine, also on the second of two", () => {
  const { files } = synthesized({ monitoring: { machines: 2 } });
  const local = files.map((one) =>
    (JSON.parse(one["/etc/prometheus/targets/kept.json"]!) as readonly { readonly targets: readonly string[] }[]).filter(
      ({ targets }) => targets[0] === "127.0.0.1:9999",
    ),
  );
  const [db, feeds, jobs, cache] = ["db.example.net", "feeds.example.net", "jobs.example.net", "192.0.2.9"];
  expect(local[0]).toEqual([
    target(`postgres-${db}`, { instance: db, role: "postgres", tier: db }),
    target("postgres-db-2.example.net", { instance: "db-2.example.net", role: "postgres", tier: db }),
    target(`redis-cache-${cache}`, { instance: cache, role: "redis", tier: cache, use: "cache" }),
    target(`redis-main-${feeds}`, { instance: feeds, role: "redis", tier: feeds, use: "main" }),
    target(`redis-sidekiq-${jobs}`, { instance: jobs, role: "redis", tier: jobs, use: "sidekiq" }),
  ]);
  expect(local[1]).toEqual(local[0]);
  const { modules } = parse(files[1]!["/etc/prometheus/exporter-exporter.yml"]!) as {
    readonly modules: Readonly<Record<string, { readonly http: { readonly port: number } }>>;
  };
  const ports = Object.entries(modules).map(([name, { http }]) => [name, http.port]);
  expect(Object.fromEntries(ports)).toEqual({
    node: 9100,
    prometheus: 9090,
    alertmanager: 9093,
    [`postgres-${db}`]: 9187,
    "postgres-db-2.example.net": 9188,
    [`redis-cache-${cache}`]: 9121,
    [`redis-main-${feeds}`]: 9122,
    [`redis-sidekiq-${jobs}`]: 9123,
  });
});

test("the monitoring machine may reach them, and their names are in its list of hosts; without it nobody more does", () => {
  const rows = (monitored: boolean) => {
    const { flows } = renderPage(externalPage({}, monitored).stack);
    return Object.entries(flows["social"]!).filter(([, why]) => why.some((line) => line.startsWith("monitoring: reads")));
  };
  const reads = expect.arrayContaining(["monitoring: reads its metrics"]) as readonly string[];
  const at = [
    "192.0.2.9:6379",
    "db-2.example.net:5432",
    "db.example.net:5432",
    "feeds.example.net:6380",
    "jobs.example.net:6379",
  ];
  expect(rows(true)).toEqual(at.map((to) => [to, reads]));
  expect(rows(false)).toEqual([]);
  const { machines } = synthesized();
  expect(machines[0]!.bootText()).toContain("192.0.2.2 db-2.example.net");
});

test("their connections are counted, of each monitoring machine", () => {
  const { plan } = synthesized({ monitoring: { machines: 2 } });
  const rows = budgetsIn(plan.locals["social_database_connections"]).map(({ server, rows }) => [
    server,
    rows.filter(({ tier }) => tier === "monitoring"),
  ]);
  const own = { tier: "monitoring", processes: 2, each: 3, doubles: false };
  expect(Object.fromEntries(rows)).toEqual({ "db.example.net:5432": [own], "db-2.example.net:5432": [own], "pool-1": [] });
});

test("a limit that leaves no connection for them is refused", () => {
  const problems = (maxConnections: number) => {
    const { site, stack } = externalPage({ postgres: { maxConnections } });
    try {
      Testing.synth(stack, true);
    } catch {
      // The problems say it.
    }
    return site.problems.all().filter((one) => one.includes("maxConnections"));
  };
  const all = problems(50);
  expect(all[0]).toMatch(/monitoring: 1 x 3/);
  expect(problems(90)).toEqual([]);
});

test("what rules are made of", () => {
  const { site } = synthesized();
  expect(watched(site)).toMatchObject({
    postgres: [],
    redis: [],
    external: {
      postgres: [{ primary: "db.example.net", replicas: ["db-2.example.net"], maxConnections: 90 }],
      redis: [
        { name: "192.0.2.9", use: "cache", jobs: false },
        { name: "feeds.example.net", use: "main", jobs: false },
        { name: "jobs.example.net", use: "sidekiq", jobs: true },
      ],
    },
  });
});

test("Redis of the page keep what they have, beside one that runs elsewhere", () => {
  const { site, machines } = synthesized({ ownRedis: true });
  const { redis, external } = watched(site);
  expect(redis.map(({ name, jobs }) => [name, jobs])).toEqual([
    ["cache", false],
    ["redis", false],
  ]);
  expect(external.redis).toEqual([{ name: "jobs.example.net", use: "sidekiq", jobs: true }]);
  expect(Object.keys(exporters(filesOf(machines[0]!))).filter((path) => path.includes("redis-exporter-"))).toEqual([
    "/etc/default/prometheus-redis-exporter-sidekiq-jobs.example.net 0600",
  ]);
});

test("a Redis that sentinels know alone is not read", () => {
  const sentinels = { master: "jobs", hosts: [{ host: "10.1.0.7" }] };
  const { site, machines } = synthesized({ jobs: { use: "sidekiq", sentinels } });
  expect(watched(site).external.redis.map(({ name }) => name)).toEqual(["192.0.2.9", "feeds.example.net"]);
  expect(Object.keys(filesOf(machines[0]!)).filter((path) => path.includes("sidekiq"))).toEqual([]);
});

test("the overview and the dashboards show them, and nothing that only own servers have", () => {
  const { site } = synthesized();
  const facts = overviewFacts(site.inventory.whole);
  expect(facts.external).toEqual([
    { name: "db.example.net", runs: ["postgres"], machines: ["db.example.net", "db-2.example.net"] },
    { name: "192.0.2.9", runs: ["redis"], machines: ["192.0.2.9"] },
    { name: "feeds.example.net", runs: ["redis"], machines: ["feeds.example.net"] },
    { name: "jobs.example.net", runs: ["redis"], machines: ["jobs.example.net"] },
  ]);
  expect(facts.redis).toEqual(["cache", "main", "sidekiq"]);
  expect([runs(facts, "postgres"), runsItself(facts, "postgres"), runs(facts, "redis"), runs(facts, "sentinel")]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  const { database, redis } = dashboards(facts);
  expect(JSON.stringify(database)).toContain('datname!~\\"template.*|rdsadmin\\"');
  expect(JSON.stringify(database)).not.toMatch(/datname=|patroni_postgres_streaming|replication_slots/);
  expect(JSON.stringify(redis)).not.toContain("redis_sentinel");
});

test("without any such server nothing of it is in the facts", () => {
  expect(overviewFacts(externalPage({}, false).site.inventory.whole)).not.toHaveProperty("external");
});

test("advise counts the connections of a PostgreSQL behind a pooler elsewhere against all that it has", () => {
  const { site } = synthesized({ pooled: true, postgres: { maxConnections: 47, replicas: [] } });
  const points = Array.from({ length: 12 }, (_, n) => [n * STEP_SECONDS, 0.9] as const);
  const numbers = { postgresConnections: [{ labels: { instance: "db.example.net" }, points }] };
  const found = advice({ inventory: site.inventory.whole, numbers, budgets: [] });
  expect(found.filter(({ about }) => about === "db.example.net")).toEqual([
    {
      kind: "raise",
      about: "db.example.net",
      seen: "90 % of all its connections were in use at worst (1970-01-01 00:00 UTC), 85 % or more for 55 min",
      changes: [],
      connections: [],
      notes: ["Give it more connections where it runs, or its pooler fewer"],
    },
  ]);
});

test("advise says how full they are, once for two monitoring machines, and sends nobody to the page for what is not there", () => {
  const { site } = synthesized({ monitoring: { machines: 2 } });
  const hour = (value: number) => Array.from({ length: 12 }, (_, n) => [n * STEP_SECONDS, value] as const);
  const inventory = site.inventory.whole;
  const numbers = {
    postgresConnections: [
      { labels: { instance: "db.example.net" }, points: hour(0.9) },
      { labels: { instance: "db-2.example.net" }, points: hour(0.2) },
    ],
    redisMemory: [
      { labels: { use: "sidekiq" }, points: hour(2 ** 30) },
      { labels: { use: "cache" }, points: hour(2 ** 30) },
    ],
    redisMost: ["sidekiq", "cache"].map((use) => ({ labels: { use }, points: hour(2 ** 30) })),
  };
  const names = ["db.example.net", "db-2.example.net", "feeds.example.net", "jobs.example.net", "192.0.2.9"];
  const found = advice({ inventory, numbers, budgets: [] }).filter(({ about }) => names.includes(about));
  expect(found).toEqual([
    {
      kind: "raise",
      about: "db.example.net",
      seen: "90 % of 90 connections that the page may open were in use at worst (1970-01-01 00:00 UTC), 85 % or more for 55 min",
      changes: [],
      connections: [],
      notes: [
        "Give it more connections where it runs, and then raise maxConnections on the page. Connections that do nothing are better held by a PgBouncer in front",
      ],
    },
    {
      kind: "raise",
      about: "jobs.example.net",
      seen: "it used 100 % of its 1024 MiB at worst (1970-01-01 00:00 UTC), 75 % or more for 55 min",
      changes: [],
      connections: [],
      notes: ["Give it more memory where it runs"],
    },
    {
      kind: "unmeasured",
      about: "feeds.example.net",
      seen: "there are no numbers of its memory, or it has no limit",
      changes: [],
      connections: [],
      notes: [],
    },
    {
      kind: "fine",
      about: "db-2.example.net",
      seen: "20 % of 90 connections that the page may open were in use at worst (1970-01-01 00:00 UTC)",
      changes: [],
      connections: [],
      notes: [],
    },
    {
      kind: "fine",
      about: "192.0.2.9",
      seen: "it used 100 % of its 1024 MiB at worst (1970-01-01 00:00 UTC)",
      changes: [],
      connections: [],
      notes: [],
    },
  ]);
});
