// The machine that watches a site: what it reads and from whom, who may reach what, and that a page without it has nothing of it.

import { gzipSync } from "node:zlib";
import { App, TerraformStack, Testing } from "cdktf";
import { parse } from "yaml";
import {
  Disk,
  Machine,
  Monitoring,
  MonitoringProps,
  PgBouncer,
  Pool,
  Postgres,
  Redis,
  SidekiqGroup,
  Site,
  StreamingPool,
  WebTier,
} from "../../lib";
import { nftables } from "../../lib/core/nftables";
import { textOf } from "../../lib/core/program";
import { tunnel } from "../../lib/mastodon/monitoring/forwarded";
import { metricRelabeling } from "../../lib/mastodon/monitoring/relabeling";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud, FakeCloudOptions, renderPage } from "../../lib/testing";
import { pageProblems } from "../page-problems";

interface Files {
  readonly [path: string]: { readonly content: string; readonly permissions: string };
}

interface PageOptions extends FakeCloudOptions {
  readonly monitoring?: MonitoringProps | undefined;
  /** Whether it is the first line of the page, or the last. */
  readonly first?: boolean;
}

function page({ monitoring = {}, first = false, ...options }: PageOptions = {}, watched = true) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud(options);
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const add = (now: boolean) => (watched && now ? new Monitoring(site, "Monitoring", monitoring) : undefined);
  const early = add(first);
  const redis = new Redis(site, "Redis");
  const database = new Postgres(site, "Database", { replicas: 0 });
  const pool = new PgBouncer(site, "Pool", { database });
  const data = { database: pool, redis };
  const streaming = new StreamingPool(site, "Streaming", data);
  const web = new WebTier(site, "Web", { machines: 2, streaming, ...data });
  new SidekiqGroup(site, "Jobs", { queues: ["default", "push", "ingress", "mailers", "pull", "fasp", "scheduler"], ...data });
  const made = early ?? add(!first);
  return { stack, cloud, site, made, web, redis };
}

/** Also of the files that the boot text has in its packed block. */
function filesOf({ program }: Machine | Pool): Files {
  const files = program.steps.flatMap((step) => (step.kind === "file" ? [step] : []));
  return Object.fromEntries(
    files.map(({ path, content, mode = "0644" }) => [path, { content: readableText(textOf(content)), permissions: mode }]),
  );
}

const synthesized = (options?: PageOptions) => {
  const made = page(options);
  Testing.synth(made.stack);
  return made;
};

/** What is read from a host, by its name: the modules of the exporter proxy. */
const read = (
  text: string,
): readonly { readonly targets: readonly string[]; readonly labels: Readonly<Record<string, string>> }[] =>
  JSON.parse(text) as never;

test("a page without it has no exporter, no port and no role for it", () => {
  const { stack, cloud } = page({}, false);
  const { flows } = renderPage(stack);
  expect(JSON.stringify(flows)).not.toMatch(/monitoring|metrics/);
  for (const spec of [...cloud.machines, ...cloud.pools]) {
    expect(spec.packages().filter((name) => name.startsWith("prometheus"))).toEqual([]);
    expect(spec.bootText()).not.toMatch(/exporter|monitoring/);
  }
});

test("it reads each kept machine by name, wherever it stands on the page", () => {
  const at = (first: boolean) => {
    const { made } = synthesized({ first });
    return filesOf(made!.machines[0]!)["/etc/prometheus/targets/kept.json"]!.content;
  };
  const targets = read(at(false));
  expect(new Set(read(at(true)).map((one) => JSON.stringify(one)))).toEqual(new Set(targets.map((one) => JSON.stringify(one))));
  const modules = targets.map(({ targets: [target], labels }) => `${labels["__param_module"]} of ${target}`).sort();
  expect(modules).toEqual([
    "alertmanager of monitoring-1:9999",
    "node of database-1:9999",
    "node of monitoring-1:9999",
    "node of pool-1:9999",
    "node of redis-1:9999",
    "pgbouncer-1 of pool-1:9999",
    "pgbouncer-2 of pool-1:9999",
    "postgres of database-1:9999",
    "prometheus of monitoring-1:9999",
    "redis-main of redis-1:9999",
  ]);
  expect(targets.find(({ labels }) => labels["__param_module"] === "redis-main")).toEqual({
    targets: ["redis-1:9999"],
    labels: { __param_module: "redis-main", job: "redis", instance: "redis-1", role: "redis", tier: "redis", use: "main" },
  });
});

test("a member of a pool registers with its address and its own name, every half a minute, at each monitoring machine", () => {
  const { web } = synthesized({ monitoring: { machines: 2 } });
  const files = filesOf(web.pool);
  const targets = read(files["/etc/prometheus/own-targets.json"]!.content);
  expect(new Set(targets.map(({ targets: [target] }) => target))).toEqual(new Set(["@ADDRESS@:9999"]));
  expect(targets.map(({ labels }) => labels["__param_module"]).sort()).toEqual(["haproxy", "mastodon-web", "nginx", "node"]);
  expect(targets.find(({ labels }) => labels["__param_module"] === "node")!.labels).toEqual({
    __param_module: "node",
    job: "node",
    instance: "@NAME@",
    role: "web",
    tier: "web",
    pool: "web",
  });
  const script = files["/usr/local/sbin/monitoring-registration"]!.content;
  expect(script).toContain(
    "PATTERN='10.20.'\nMONITORS='monitoring-1 monitoring-2'\nTARGETS_PORT='9998'\nREGISTERED_SECONDS='30'\n",
  );
});

test("only monitoring reaches the metrics, by one port, and only pools register", () => {
  const { stack } = page();
  const { flows } = renderPage(stack);
  const all = Object.entries(flows["social"]!).filter(([to]) => /:(9999|9998|9080|909\d)$/.test(to));
  const metrics = ["monitoring: its metrics"];
  expect(Object.fromEntries(all)).toEqual({
    "database-1:9999": metrics,
    "jobs:9999": metrics,
    "monitoring-1:9999": metrics,
    "pool-1:9999": metrics,
    "redis-1:9999": metrics,
    "streaming:9999": metrics,
    "web:9999": metrics,
    "monitoring-1:9998": ["sidekiq", "streaming", "web"].map((role) => `${role}: members of pools say that they are there`),
  });
});

test("two of them agree on who sends a message, and each tells its own without names or network", () => {
  const { stack, made } = synthesized({ monitoring: { machines: 2 } });
  const alerting = made!.machines.map((machine) => {
    const config = parse(filesOf(machine)["/etc/prometheus/prometheus.yml"]!.content) as { readonly alerting: unknown };
    return config.alerting;
  });
  expect(alerting).toEqual(
    [
      ["127.0.0.1:9093", "monitoring-2:9093"],
      ["monitoring-1:9093", "127.0.0.1:9093"],
    ].map((targets) => ({ alertmanagers: [{ static_configs: [{ targets }] }] })),
  );
  const { flows } = renderPage(stack);
  const told = ["monitoring: the alerts that both Prometheus find, each told once"];
  expect(Object.entries(flows["social"]!).filter(([to]) => /:909[34]/.test(to))).toEqual([
    ["monitoring-1:9093", told],
    ["monitoring-1:9094", told],
    ["monitoring-1:9094/udp", told],
    ["monitoring-2:9093", told],
    ["monitoring-2:9094", told],
    ["monitoring-2:9094/udp", told],
  ]);
  const [machine] = made!.machines;
  const firewall = nftables(machine!.openings).split("\n");
  expect(firewall.filter((line) => line.includes("dport 9094 "))).toEqual(
    ["tcp", "udp"].map(
      (protocol) => `    ip saddr { ${machine!.openings[0]!.sources.join(", ")} } ${protocol} dport 9094 accept`,
    ),
  );
});

test("Prometheus' settings, whole but for what the exporters' metrics are called", () => {
  const { made } = synthesized();
  const { scrape_configs, ...rest } = parse(filesOf(made!.machines[0]!)["/etc/prometheus/prometheus.yml"]!.content) as {
    readonly scrape_configs: readonly Readonly<Record<string, unknown>>[];
  };
  expect(rest).toEqual({
    global: {
      scrape_interval: "15s",
      scrape_timeout: "10s",
      evaluation_interval: "15s",
      external_labels: { site: "social" },
    },
    rule_files: ["/etc/prometheus/rules.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:9093"] }] }] },
  });
  const [hosts, ...others] = scrape_configs;
  expect(hosts).toEqual({
    job_name: "hosts",
    metrics_path: "/proxy",
    sample_limit: 20_000,
    body_size_limit: "32MB",
    file_sd_configs: [
      { files: ["/etc/prometheus/targets/kept.json", "/var/lib/monitoring-targets/members/*.json"], refresh_interval: "30s" },
    ],
    relabel_configs: [
      {
        source_labels: ["__scheme__", "__metrics_path__", "__scrape_interval__", "__address__", "__meta_filepath", "pool"],
        regex: "http;/proxy;15s;[^/;]+:9999;(/etc/prometheus/targets/kept.json;|.+;.+)",
        action: "keep",
      },
    ],
    metric_relabel_configs: metricRelabeling(),
  });
  const visited = (host: string, path: string) => ({ targets: [`https://${host}${path}`], labels: { host, path } });
  expect(others).toEqual([
    {
      job_name: "front-door",
      metrics_path: "/probe",
      params: { module: ["visit"] },
      static_configs: [visited("social.example", "/health"), visited("streaming.social.example", "/api/v1/streaming/health")],
      relabel_configs: [
        { source_labels: ["__address__"], target_label: "__param_target" },
        { source_labels: ["host"], target_label: "instance" },
        { target_label: "__address__", replacement: "127.0.0.1:9115" },
      ],
    },
  ]);
});

test("streaming is visited where web has it beside itself, as well as pages", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const redis = new Redis(site, "Redis");
  const data = { database: new Postgres(site, "Database", { replicas: 0 }), redis };
  new WebTier(site, "Web", { streaming: { processes: 1 }, ...data });
  new SidekiqGroup(site, "Jobs", { queues: ["default", "push", "ingress", "mailers", "pull", "fasp", "scheduler"], ...data });
  const { machines } = new Monitoring(site, "Monitoring");
  Testing.synth(stack);
  const { scrape_configs } = parse(filesOf(machines[0]!)["/etc/prometheus/prometheus.yml"]!.content) as {
    readonly scrape_configs: readonly { readonly job_name: string; readonly static_configs: unknown }[];
  };
  expect(scrape_configs.find(({ job_name }) => job_name === "front-door")!.static_configs).toEqual(
    ["/health", "/api/v1/streaming/health"].map((path) => ({
      targets: [`https://social.example${path}`],
      labels: { host: "social.example", path },
    })),
  );
});

test("both of two read Prometheus and Alertmanager of both", () => {
  const { made } = synthesized({ monitoring: { machines: 2 } });
  const [one, other] = made!.machines.map((machine) => read(filesOf(machine)["/etc/prometheus/targets/kept.json"]!.content));
  expect(one).toEqual(other);
  const own = one!.filter(({ labels }) => ["prometheus", "alertmanager"].includes(labels["job"]!));
  expect(own).toEqual(
    ["monitoring-1", "monitoring-2"].flatMap((instance) =>
      ["prometheus", "alertmanager"].map((job) => ({
        targets: [`${instance}:9999`],
        labels: { __param_module: job, job, instance, role: "monitoring", tier: "monitoring" },
      })),
    ),
  );
  const { modules } = parse(filesOf(made!.machines[1]!)["/etc/prometheus/exporter-exporter.yml"]!.content) as {
    readonly modules: unknown;
  };
  expect(modules).toEqual({
    node: { method: "http", timeout: "10s", http: { port: 9100, path: "/metrics" } },
    prometheus: { method: "http", timeout: "10s", http: { port: 9090, path: "/metrics" } },
    alertmanager: { method: "http", timeout: "10s", http: { port: 9093, path: "/metrics" } },
  });
});

test("the options of Prometheus and of Alertmanager on each of two machines", () => {
  const { made } = synthesized({ monitoring: { machines: 2 } });
  const files = filesOf(made!.machines[1]!);
  expect(files["/etc/default/prometheus"]!.content).toBe(
    'ARGS="--storage.tsdb.path=/var/lib/monitoring/prometheus --storage.tsdb.retention.size=40960MB ' +
      '--storage.tsdb.max-block-duration=2d --web.listen-address=127.0.0.1:9090 --web.external-url=http://localhost:9090"\n',
  );
  expect(files["/etc/default/prometheus-alertmanager"]!.content).toBe(
    'ARGS="--storage.path=/var/lib/monitoring/alertmanager --web.listen-address=:9093 --web.external-url=http://localhost:9093 --cluster.listen-address=0.0.0.0:9094 ' +
      '--cluster.advertise-address=@ADDRESS@:9094 --cluster.peer=monitoring-1:9094"\n',
  );
});

const READ = ["10.20.192.10/32", "192.168.7.0/24"];

test("a Grafana in the network reads where the page admits it, by the machine's name or its address, and nobody else does", () => {
  const at = (readableFrom: readonly string[] | undefined, addresses: "chosen" | "computed") => {
    const { made, stack } = synthesized({ monitoring: { ...(readableFrom && { readableFrom }) }, addresses });
    const [machine] = made!.machines;
    const nginx = filesOf(machine!)["/etc/nginx/conf.d/overview.conf"]!.content;
    const firewall = nftables(machine!.openings).split("\n");
    return {
      nginx: [...nginx.matchAll(/^  ((?:listen|server_name) .*);$/gm)].map((match) => match[1]),
      firewall: firewall.filter((line) => line.includes("dport 9080")).map((line) => line.trim()),
      flows: renderPage(stack).flows["social"]!["monitoring-1:9080"],
    };
  };
  const open = (address: string) => ({
    nginx: ["listen *:9080 default_server", "listen *:9080", `server_name localhost 127.0.0.1 [::1] monitoring-1 ${address}`],
    firewall: ["ip saddr { 10.20.192.10/32, 192.168.7.0/24 } tcp dport 9080 accept"],
    flows: ["readers of metrics: Grafana, and the overview"],
  });
  const { made } = page();
  expect(at(READ, "chosen")).toEqual(open(made!.machines[0]!.address));
  expect(at(READ, "computed")).toEqual(open("~^[0-9.]+$"));
  expect(at(undefined, "chosen")).toEqual({
    nginx: ["listen 127.0.0.1:9080 default_server", "listen 127.0.0.1:9080", "server_name localhost 127.0.0.1 [::1]"],
    firewall: [],
    flows: undefined,
  });
});

test("metrics have no password, so only private addresses may read them, through the overview's nginx", () => {
  const problems = (monitoring: MonitoringProps) => pageProblems(() => Testing.synth(page({ monitoring }).stack, true));
  const remedy = "give a range of private IPv4 addresses without host bits, such as 10.20.192.10/32";
  const wrong = ["0.0.0.0/0", "203.0.113.7/32", "10.0.0.0/7", "172.0.0.0/8", "10.20.192.10", "10.20.192.10/24", "fd00::/8"];
  expect(problems({ readableFrom: [...wrong, ...READ, "172.31.0.0/16", "100.64.0.0/10"] })).toEqual(
    wrong.map((range) => `stack/Social/Monitoring: readableFrom has "${range}" / ${remedy}`),
  );
  expect(problems({ readableFrom: READ, overview: false })).toEqual([
    "stack/Social/Monitoring: readableFrom is given with `overview: false`, and what reads metrics goes through the nginx of the overview / leave one of the two out",
  ]);
});

test("the end of a deploy has the command that forwards all that messages link to", () => {
  expect(tunnel("ssh root@203.0.113.7")).toBe(
    "ssh -L 9080:localhost:9080 -L 9090:localhost:9090 -L 9093:localhost:9093 root@203.0.113.7",
  );
  expect(tunnel("npx cdktf-mastodon local run social monitoring-1 --")).toBeUndefined();
});

test("the overview can be left out, with its port and a quarter of the boot text", () => {
  const at = (overview: boolean) => {
    const { made, stack } = synthesized({ monitoring: { overview }, administrators: ["10.20.0.1/32"] });
    const [machine] = made!.machines;
    const pages = Object.keys(filesOf(machine!)).filter((path) => /overview/.test(path));
    const ports = Object.keys(renderPage(stack).flows["social"]!).filter((to) => to.endsWith(":9080"));
    return { pages, ports, bytes: gzipSync(machine!.bootText()).length };
  };
  const { bytes, ...shown } = at(true);
  const directory = "/usr/local/share/overview";
  expect(shown).toEqual({
    pages: [
      ...["index.html", "overview.css", "overview.js", "site.json"].map((name) => `${directory}/${name}`),
      "/etc/nginx/conf.d/overview.conf",
    ],
    ports: ["monitoring-1:9080"],
  });
  const left = at(false);
  expect({ pages: left.pages, ports: left.ports }).toEqual({ pages: [], ports: [] });
  expect(left.bytes).toBeLessThan(bytes * 0.75);
});

test.each([
  [5, 4096],
  [6, 4915],
  [200, 163840],
])("metrics leave a fifth of a disk of %d GiB", (gib, mib) => {
  const { made } = synthesized({ monitoring: { disk: Disk.gib(gib) } });
  expect(filesOf(made!.machines[0]!)["/etc/default/prometheus"]!.content).toContain(` --storage.tsdb.retention.size=${mib}MB `);
});

test("a disk that metrics would fill is refused", () => {
  const problems = (gib: number) =>
    page({ monitoring: { disk: Disk.gib(gib) } })
      .site.problems.all()
      .filter((one) => one.includes("isk"));
  expect(problems(4)).toEqual([
    "stack/Social/Monitoring: its disk has 4 GiB, and a fifth of that is too little for what Prometheus writes before it removes old metrics / use Disk.gib(5) or more",
  ]);
  expect(problems(5)).toEqual([]);
});

test("one site has one", () => {
  const { site } = page();
  new Monitoring(site, "Second");
  expect(site.problems.all()).toContain(
    "stack/Social/Second: stack/Social/Monitoring watches this site already / remove one of the two; `machines: 2` makes two machines of one",
  );
});
