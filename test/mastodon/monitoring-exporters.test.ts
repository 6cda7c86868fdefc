import { prometheus } from "../../lib";
import { FileStep } from "../../lib/core/program";
import { exportersOf } from "../../lib/mastodon/monitoring/exporters";
import { differing, done, Monitored, page } from "./monitored-page";

const targets = (host: string, props: Monitored = {}) =>
  exportersOf(page(props).hosts[host]!).map(({ module, job, labels, port, path }) => ({ module, job, labels, port, path }));
const names = (host: string, props: Monitored = {}) => targets(host, props).map(({ module }) => module);
const steps = (host: string, module: string, props: Monitored = {}) =>
  exportersOf(page(props).hosts[host]!).find((exporter) => exporter.module === module)!.steps;

test("each host has the exporters of what runs on it, each with a port of its own", () => {
  const all = Object.keys(page().hosts).map((host) => [host, names(host)]);
  expect(Object.fromEntries(all)).toEqual({
    "redis-1": ["node", "redis-main", "sentinel", "redis-sidekiq", "etcd"],
    "redis-2": ["node", "redis-main", "sentinel", "etcd"],
    "redis-3": ["node", "redis-main", "sentinel", "etcd"],
    "database-1": ["node", "postgres", "patroni", "nginx"],
    "database-2": ["node", "postgres", "patroni", "nginx"],
    "pool-1": ["node", "pgbouncer-1", "pgbouncer-2", "haproxy"],
    streaming: ["node", "streaming-4000", "streaming-4001", "haproxy", "nginx"],
    web: ["node", "mastodon-web", "haproxy", "nginx"],
    workers: ["node", "mastodon-sidekiq-1", "mastodon-sidekiq-2", "haproxy"],
  });
  for (const host of Object.keys(page().hosts)) {
    const ports = targets(host).map(({ port }) => port);
    expect(new Set(ports).size).toBe(ports.length);
  }
});

test("Prometheus finds them at these ports, with labels that tell several of a kind apart", () => {
  const found = ["redis-1", "database-1", "pool-1", "streaming", "web", "workers"].flatMap((host) => targets(host));
  const unique = new Map(found.map((target) => [target.module, target]));
  expect([...unique.values()].map(({ module, job, labels, port, path }) => [module, job, labels ?? {}, port, path])).toEqual([
    ["node", "node", {}, 9100, undefined],
    ["redis-main", "redis", { use: "main" }, 9121, undefined],
    ["sentinel", "sentinel", {}, 9124, undefined],
    ["redis-sidekiq", "redis", { use: "sidekiq" }, 9123, undefined],
    ["etcd", "etcd", {}, 2379, undefined],
    ["postgres", "postgres", {}, 9187, undefined],
    ["patroni", "patroni", {}, 8008, undefined],
    ["nginx", "nginx", {}, 9113, undefined],
    ["pgbouncer-1", "pgbouncer", { process: "1" }, 9127, undefined],
    ["pgbouncer-2", "pgbouncer", { process: "2" }, 9128, undefined],
    ["haproxy", "haproxy", {}, 9101, undefined],
    ["streaming-4000", "streaming", { process: "4000" }, 4000, undefined],
    ["streaming-4001", "streaming", { process: "4001" }, 4001, undefined],
    ["mastodon-web", "web", {}, 9394, undefined],
    ["mastodon-sidekiq-1", "sidekiq", { process: "1" }, 9395, undefined],
    ["mastodon-sidekiq-2", "sidekiq", { process: "2" }, 9396, undefined],
  ]);
});

test("a service that serves metrics itself needs no step", () => {
  for (const [host, module] of [
    ["redis-1", "etcd"],
    ["database-1", "patroni"],
    ["pool-1", "haproxy"],
    ["streaming", "streaming-4000"],
  ] as const)
    expect(steps(host, module)).toEqual([]);
});

const CONFINED = ["NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes"];
const SOON = ["Restart=always", "RestartSec=5"];
const dropIn = (name: string, further: readonly string[]) => [
  `/etc/systemd/system/${name}.service.d/10-mastodon.conf 0644`,
  "[Unit]",
  "StartLimitIntervalSec=0",
  "",
  "[Service]",
  ...SOON,
  ...further,
];
const template = (name: string, of: string, user: string, after: readonly string[] = []) => [
  `/etc/systemd/system/${name}@.service 0644`,
  "[Unit]",
  `Description=Prometheus exporter of ${of}`,
  ...after,
  "StartLimitIntervalSec=0",
  "",
  "[Service]",
  `User=${user}`,
  `EnvironmentFile=/etc/default/${name}-%i`,
  `ExecStart=/usr/bin/${name} $ARGS`,
  ...SOON,
  ...CONFINED,
  "",
  "[Install]",
  "WantedBy=multi-user.target",
];

test("the exporter of a machine reads what each has, sees its mounts, and takes files with metrics", () => {
  expect(done(steps("redis-1", "node"))).toEqual([
    ["package", "prometheus-node-exporter"],
    [
      "/etc/default/prometheus-node-exporter 0644",
      "ARGS='--web.listen-address=127.0.0.1:9100 --web.disable-exporter-metrics --collector.disable-defaults --collector.conntrack --collector.cpu --collector.diskstats --collector.filefd --collector.filesystem --collector.loadavg --collector.meminfo --collector.netdev --collector.netstat --collector.os --collector.pressure --collector.sockstat --collector.stat --collector.systemd --collector.textfile --collector.time --collector.timex --collector.uname --collector.vmstat --collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fuse.*|fusectl|hugetlbfs|iso9660|mqueue|nsfs|proc|pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs)$ --collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/(containers|shared-images))($|/) --collector.netdev.device-exclude=^lo$ --collector.systemd.unit-include=.+[.](service|timer) --collector.textfile.directory=/var/lib/prometheus/node-exporter --log.level=warn'",
    ],
    dropIn("prometheus-node-exporter", ["NoNewPrivileges=yes"]),
    ["start", "prometheus-node-exporter.service"],
    [
      "run",
      "install -d -m 0755 /var/lib/prometheus/node-exporter",
      "systemctl mask -q prometheus-node-exporter-{apt,ipmitool-sensor,mellanox-hca-temp,nvme,smartmon}.timer",
    ],
  ]);
});

test("each Redis has an exporter of its own, which logs in with its password and nowhere shows it", () => {
  const found = steps("redis-1", "redis-main");
  expect(done(found)).toEqual([
    ["package", "prometheus-redis-exporter"],
    [
      "/etc/default/prometheus-redis-exporter-main 0600",
      "REDIS_PASSWORD='<secret redis_password>'",
      "ARGS='-web.listen-address=127.0.0.1:9121 -redis.addr=redis://127.0.0.1:6379 -connection-timeout=5s -config-command=- -redis-only-metrics -exclude-latency-histogram-metrics'",
    ],
    template("prometheus-redis-exporter", "Redis, %i", "prometheus"),
    ["run", "systemctl mask -q --now prometheus-redis-exporter.service"],
    ["start", "prometheus-redis-exporter@main.service"],
  ]);
});

test("options are delivered to a running machine; a password waits for the renewal that changes it at the server", () => {
  const of = (host: string, module: string) => steps(host, module).find((step): step is FileStep => step.kind === "file")!;
  const { taken, renewedLines } = of("redis-1", "redis-main");
  expect({ taken, renewedLines }).toEqual({
    renewedLines: "^(REDIS_PASSWORD)=",
    taken: {
      what: "prometheus-redis-exporter@main",
      does: "restart",
      script: "runs prometheus-redis-exporter@main || exit 0\nsystemctl restart prometheus-redis-exporter@main\n",
    },
  });
  expect(of("redis-1", "node").renewedLines).toBeUndefined();
});

test("a sentinel is asked without a password", () => {
  expect(done(steps("redis-1", "sentinel"))[1]).toEqual([
    "/etc/default/prometheus-redis-exporter-sentinel 0644",
    "ARGS='-web.listen-address=127.0.0.1:9124 -redis.addr=redis://127.0.0.1:26379 -connection-timeout=5s -config-command=- -redis-only-metrics -exclude-latency-histogram-metrics'",
  ]);
});

test("Sidekiq's queues are read at the Redis that holds them, and only there", () => {
  const reads = (host: string, module: string, props: Monitored = {}) =>
    done(steps(host, module, props)).flatMap(([path, ...lines]) =>
      path!.endsWith(".lua 0644") ? [path, ...lines.slice(0, 2)] : [],
    );
  const script = ["/etc/prometheus/sidekiq-queues.lua 0644", "#!lua flags=no-writes", 'local NAMESPACE = ""'];
  expect(reads("redis-1", "redis-main")).toEqual([]);
  expect(reads("redis-1", "redis-sidekiq")).toEqual(script);
  expect(reads("redis-2", "redis-main", { jobs: false })).toEqual(script);
  const options = done(steps("redis-1", "redis-sidekiq")).find(([path]) => path!.startsWith("/etc/default/"))![2];
  expect(options).toMatch(/ -script=\/etc\/prometheus\/sidekiq-queues\.lua'$/);
});

test("with a prefix for all keys, up to 4.3, behind that prefix", () => {
  const old = { version: "4.3.9", extraEnv: { REDIS_NAMESPACE: "social" } };
  expect(done(steps("redis-1", "redis-sidekiq", old))[0]!.slice(0, 3)).toEqual([
    "/etc/prometheus/sidekiq-queues.lua 0644",
    "#!lua flags=no-writes",
    'local NAMESPACE = "social:"',
  ]);
});

test("PostgreSQL's exporter comes in through the local socket, without a password, and leaves out what is costly", () => {
  expect(done(steps("database-1", "postgres"))).toEqual([
    ["package", "prometheus-postgres-exporter"],
    [
      "/etc/default/prometheus-postgres-exporter 0644",
      "DATA_SOURCE_NAME='user=prometheus host=/run/postgresql dbname=mastodon'",
      "ARGS='--web.listen-address=127.0.0.1:9187 --collector.database_wraparound --collector.long_running_transactions --collector.postmaster --collector.stat_checkpointer --collector.stat_wal_receiver --no-collector.roles --no-collector.statio_user_tables --log.level=warn'",
    ],
    dropIn("prometheus-postgres-exporter", CONFINED),
    ["start", "prometheus-postgres-exporter.service"],
  ]);
});

test("each process of PgBouncer has an exporter, at its own socket, as its own user and without a password", () => {
  expect(done(steps("pool-1", "pgbouncer-2"))).toEqual([
    ["package", "prometheus-pgbouncer-exporter"],
    [
      "/etc/default/prometheus-pgbouncer-exporter-2 0644",
      "PGBOUNCER_EXPORTER_CONNECTION_STRING='postgres://pgbouncer@:6432/pgbouncer?host=/run/pgbouncer-2&sslmode=disable'",
      "ARGS='--web.listen-address=127.0.0.1:9128 --pgBouncer.pid-file= --log.level=warn'",
    ],
    template("prometheus-pgbouncer-exporter", "PgBouncer, process %i", "postgres", ["After=pgbouncer@%i.service"]),
    ["run", "systemctl mask -q --now prometheus-pgbouncer-exporter.service"],
    ["start", "prometheus-pgbouncer-exporter@2.service"],
  ]);
});

test("nginx counts on the loopback, apart from what it serves", () => {
  expect(done(steps("web", "nginx"))).toEqual([
    [
      "/etc/nginx/conf.d/stub-status.conf 0644",
      "server {",
      "  listen 127.0.0.1:9114;",
      "  access_log off;",
      "  location = /stub_status { stub_status; }",
      "  location / { return 404; }",
      "}",
    ],
    ["package", "prometheus-nginx-exporter"],
    [
      "/etc/default/prometheus-nginx-exporter 0644",
      "ARGS='--web.listen-address=127.0.0.1:9113 --nginx.scrape-uri=http://127.0.0.1:9114/stub_status --log.level=warn'",
    ],
    dropIn("prometheus-nginx-exporter", CONFINED),
    ["start", "prometheus-nginx-exporter.service"],
  ]);
});

test("Puma's processes tell a collector on their machine, a container of the same image", () => {
  expect(done(steps("web", "mastodon-web"))).toEqual([
    [
      "/etc/mastodon/web-metrics.env 0644",
      "MASTODON_PROMETHEUS_EXPORTER_ENABLED=true",
      "PROMETHEUS_EXPORTER_HOST=127.0.0.1",
      "PROMETHEUS_EXPORTER_PORT=9394",
    ],
    [
      "/etc/containers/systemd/mastodon-metrics.container 0644",
      "[Unit]",
      "Description=The metrics of Mastodon web",
      "Wants=network-online.target",
      "After=network-online.target haproxy.service pgbouncer.service pgbouncer@1.service pgbouncer@2.service",
      "StartLimitIntervalSec=0",
      "",
      "[Container]",
      "Image=ghcr.io/mastodon/mastodon:v4.7.6",
      "ContainerName=mastodon-metrics",
      "Network=host",
      "Exec=./bin/prometheus_exporter --bind 127.0.0.1 --port 9394",
      "StopTimeout=5",
      "",
      "[Service]",
      "Restart=always",
      "RestartSec=2",
      'LogFilterPatterns=~(?i)token[=:"]{1,3}[a-z0-9_-]',
      "TimeoutStartSec=900",
      "TimeoutStopSec=35",
      "",
      "[Install]",
      "WantedBy=multi-user.target",
    ],
    ["start", "mastodon-metrics.service"],
  ]);
});

test("each Sidekiq process serves its own metrics, at a port of its own", () => {
  expect(done(steps("workers", "mastodon-sidekiq-2"))).toEqual([
    [
      "/etc/mastodon/sidekiq-metrics-2.env 0644",
      "MASTODON_PROMETHEUS_EXPORTER_ENABLED=true",
      "MASTODON_PROMETHEUS_EXPORTER_LOCAL=true",
      "MASTODON_PROMETHEUS_EXPORTER_HOST=127.0.0.1",
      "MASTODON_PROMETHEUS_EXPORTER_PORT=9396",
    ],
  ]);
});

const RUBY = /^mastodon-/;

test("a version without metrics of Ruby has no target that would always be down, and one without those of streaming neither", () => {
  const of = (version: string) => ["web", "workers", "streaming"].flatMap((host) => names(host, { version }));
  expect(of("4.4.0").filter((name) => RUBY.test(name))).toEqual(["mastodon-web", "mastodon-sidekiq-1", "mastodon-sidekiq-2"]);
  expect(of("4.3.9").filter((name) => RUBY.test(name))).toEqual([]);
  expect(of("4.2.0")).toContain("streaming-4000");
  expect(of("4.1.25")).not.toContain("streaming-4000");
});

test("a page whose Sidekiq serves metrics itself keeps its port, and is read there", () => {
  const own = { settings: [prometheus({ port: 9555 })], processes: 1 };
  expect(targets("workers", own).filter(({ job }) => job === "sidekiq")).toEqual([
    { module: "mastodon-sidekiq-1", job: "sidekiq", labels: { process: "1" }, port: 9555, path: undefined },
  ]);
  expect(done(steps("workers", "mastodon-sidekiq-1", own))).toEqual([]);
  expect(differing("workers", own).more.filter((line) => line.startsWith("EnvironmentFile"))).toEqual([]);
});

test.each([
  ["its own collector", { settings: [prometheus({ collector: { host: "collector.example" } })] }],
  ["its own variable", { extraEnv: { MASTODON_PROMETHEUS_EXPORTER_ENABLED: "false" } }],
])("a page with %s for metrics of Ruby keeps its way", (_, props) => {
  expect(["web", "workers"].flatMap((host) => names(host, props)).filter((name) => RUBY.test(name))).toEqual([]);
});
