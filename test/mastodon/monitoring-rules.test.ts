import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rules } from "../../lib/mastodon/monitoring/rules";
import { watched, Watched } from "../../lib/mastodon/monitoring/watched";
import { monitoringPage } from "./monitoring-page";

const { site } = monitoringPage();

test("the whole rule file of a page with one of everything", () => {
  expect(rules(watched(site))).toBe(readFileSync(join(__dirname, "monitoring-rules.expected"), "utf8"));
});

test("it is small enough to be a part of a boot text", () => {
  const text = rules(watched(site));
  expect(text.length).toBeLessThan(64 * 1024);
  expect(gzipSync(text).toString("base64").length).toBeLessThan(14 * 1024);
});

test("a page without a part has no rules for it", () => {
  const whole = watched(site);
  const nothing: Watched = {
    ...whole,
    tiers: [],
    pools: [],
    hosts: [],
    web: [],
    streaming: 0,
    queues: [],
    sidekiq: undefined,
    redis: [],
    postgres: [],
    etcd: [],
    poolers: [],
  };
  const names = (page: Watched) => [...rules(page).matchAll(/^ - name: (.*)$/gm)].map((match) => match[1]);
  expect(names(nothing)).toEqual(["machines", "monitoring"]);
  expect(rules(nothing)).not.toMatch(/Redis|Postgres|Sidekiq|PgBouncer|Etcd|Web[A-Z]|Streaming|Budget|Pool[A-Z]|MachineDown/);
});

test("limits of the page are in the rules", () => {
  const text = rules(
    watched(site, { queueSeconds: { default: 7, pull: 999 }, objectives: { pages: 99.9 }, certificateDays: 21 }),
  );
  for (const expr of [
    'site:mastodon_sidekiq_queue_latency_seconds:max{queue="default"} > 7',
    'site:mastodon_sidekiq_queue_latency_seconds:max{queue="default"} > 35',
    'site:mastodon_sidekiq_queue_latency_seconds:max{queue="pull"} > 999',
    'max(site:mastodon_sidekiq_queue_latency_seconds:max{queue="default"} > bool 7)',
    "site:mastodon_slo_pages:ratio_rate1h > 0.0144 and site:mastodon_slo_pages:ratio_rate5m > 0.0144",
    "site:mastodon_slo_posts:ratio_rate1h > 0.072 and site:mastodon_slo_posts:ratio_rate5m > 0.072",
    'min by (host) (probe_ssl_earliest_cert_expiry{job="front-door"} - time()) / 86400 < 21',
  ])
    expect(text).toContain(`expr: ${expr}\n`);
});

test("two monitoring machines watch each other", () => {
  const two = rules({ ...watched(site), monitoring: ["monitoring-1", "monitoring-2"] });
  expect(two).toContain("alert: MonitoringMissing\n");
  expect(two).toContain("expr: alertmanager_cluster_members < 2\n");
  expect(rules({ ...watched(site), monitoring: ["monitoring-1"] })).not.toMatch(/MonitoringMissing|cluster_members/);
});
