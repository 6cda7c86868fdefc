import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { metricRelabeling, RelabelRule } from "../../lib/mastodon/monitoring/relabeling";

type Labels = Readonly<Record<string, string>>;

/** What Prometheus makes of a series: the rules in their order, an empty label is none, and `undefined` if it is left out. */
function kept(series: Labels): Labels | undefined {
  let labels: Record<string, string> = { ...series };
  for (const rule of metricRelabeling()) {
    const match = new RegExp(`^(?:${rule.regex})$`, "s").exec(values(rule, labels));
    if (rule.action === "drop" && match !== null) return undefined;
    if (rule.action === "keep" && match === null) return undefined;
    if (rule.action !== undefined || match === null) continue;
    const made = rule.replacement!.replace(/\$(\d)/g, (_, n: string) => match[Number(n)] ?? "");
    labels = { ...labels, [rule.target_label!]: made };
    if (made === "") delete labels[rule.target_label!];
  }
  return labels;
}
const values = ({ source_labels }: RelabelRule, labels: Labels) => source_labels.map((name) => labels[name] ?? "").join(";");
const series = (job: string, name: string, further: Labels = {}) => ({ job, __name__: name, ...further });

test("streaming's own four get a name that tells whose they are, and only those of streaming", () => {
  for (const name of ["connected_clients", "connected_channels", "messages_sent_total", "redis_messages_received_total"]) {
    expect(kept(series("streaming", name, { type: "websocket" }))).toEqual(
      series("streaming", `mastodon_streaming_${name}`, { type: "websocket" }),
    );
    expect(kept(series("web", name))).toEqual(series("web", name));
  }
  expect(kept(series("streaming", "redis_subscriptions"))).toEqual(series("streaming", "redis_subscriptions"));
});

test("what the script says of Sidekiq's queues becomes metrics, with a label for the queue", () => {
  const said = (key: string) =>
    kept(series("redis", "redis_script_values", { key, filename: "/etc/prometheus/sidekiq-queues.lua", use: "sidekiq" }));
  expect(said("queue_latency_seconds:default")).toEqual(
    series("redis", "mastodon_sidekiq_queue_latency_seconds", { queue: "default", use: "sidekiq" }),
  );
  expect(said("queue_size:a:b")).toEqual(series("redis", "mastodon_sidekiq_queue_size", { queue: "a:b", use: "sidekiq" }));
  expect(said("retries")).toEqual(series("redis", "mastodon_sidekiq_retries", { use: "sidekiq" }));
  expect(kept(series("redis", "redis_script_result", { filename: "x" }))).toEqual(
    series("redis", "redis_script_result", { filename: "x" }),
  );
});

test("an exporter's own metrics are left out, those of a service that serves them itself stay", () => {
  expect(kept(series("pgbouncer", "process_resident_memory_bytes"))).toBeUndefined();
  expect(kept(series("nginx", "go_goroutines"))).toBeUndefined();
  expect(kept(series("streaming", "process_resident_memory_bytes"))).toBeDefined();
  expect(kept(series("etcd", "process_resident_memory_bytes"))).toBeDefined();
});

test("series that nobody asks for are left out, and what rules use stays", () => {
  const left = [
    series("node", "node_systemd_unit_state", { state: "inactive" }),
    series("redis", "redis_latency_percentiles_usec_count", { cmd: "get" }),
    series("redis", "redis_db_keys", { db: "db1" }),
    series("haproxy", "haproxy_server_check_status", { state: "L4OK" }),
    series("haproxy", "haproxy_backend_max_queue", { proxy: "puma" }),
    series("haproxy", "haproxy_server_safe_idle_connections_current", { proxy: "puma" }),
    series("etcd", "etcd_debugging_mvcc_keys_total"),
  ];
  expect(left.map(kept)).toEqual(left.map(() => undefined));
  const stay = [
    series("node", "node_systemd_unit_state", { state: "failed" }),
    series("redis", "redis_db_keys", { db: "db0" }),
    series("redis", "redis_instance_info", { role: "master" }),
    series("haproxy", "haproxy_backend_current_queue", { proxy: "puma" }),
    series("haproxy", "haproxy_server_limit_sessions", { proxy: "puma" }),
    series("haproxy", "haproxy_server_status", { state: "UP" }),
    series("haproxy", "haproxy_process_max_connections"),
    series("etcd", "etcd_server_has_leader"),
    // Jobs whose names begin as HAProxy's, or are no word at all.
    series("hosts", "up"),
    series("h", "haproxy_backend_max_queue"),
  ];
  expect(stay.map(kept)).toEqual(stay);
});

test("Redis says which is master, although `role` is the machine's", () => {
  const info = series("redis", "redis_instance_info", { role: "redis", exported_role: "master", use: "main" });
  expect(kept(info)).toEqual(series("redis", "redis_instance_info", { role: "master", use: "main" }));
});

test("of HAProxy's servers only one state each", () => {
  const states = ["UP", "DOWN", "MAINT", "DRAIN", "NOLB", "no check"];
  const all = states.map((state) => series("haproxy", "haproxy_server_status", { proxy: "puma", state }));
  expect(all.filter((one) => kept(one) !== undefined)).toEqual([all[0]]);
});

test("every number of HAProxy that rules, the overview and dashboards use is kept", () => {
  const folder = join(__dirname, "../../lib/mastodon/monitoring");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.includes("relabeling"),
  );
  const used = files.flatMap(
    (name) => readFileSync(join(folder, name), "utf8").match(/haproxy_(backend|server|frontend|process)_[a-z_]*[a-z]/g) ?? [],
  );
  expect(new Set(used).size).toBeGreaterThan(5);
  expect([...new Set(used)].filter((name) => kept(series("haproxy", name)) === undefined)).toEqual([]);
});
