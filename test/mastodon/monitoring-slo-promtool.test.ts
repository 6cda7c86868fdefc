// Alerts about objectives come when errors are used up too fast, in four pairs of windows, and not for days after a first deploy.

import { execFileSync } from "node:child_process";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { monitoringPage } from "./monitoring-page";
import { of, Series } from "./monitoring-series";
import { expectRules, FETCHED_MS, promtoolPath } from "./promtool";

beforeAll(() => {
  execFileSync(promtoolPath(), ["--version"]);
}, FETCHED_MS);

const { site } = monitoringPage();
const page = watched(site);

/** A sample every five minutes; faults begin after three days. */
const INTERVAL = "5m";
const BEFORE = 3 * 288;
const TSDB = 'prometheus_tsdb_lowest_timestamp_seconds{job="prometheus",instance="monitoring-1"}';

type Burning = Readonly<Record<string, readonly (readonly [times: string, severity: string])[]>>;

/** By time: the alerts about an objective that fire. */
function expectBurning(slo: string, series: Series, expected: Burning, of = page): void {
  const values = Object.entries(expected).map(([at, burns]) => ({
    expr: `count by (slo, burn, severity) (ALERTS{alertstate="firing",slo="${slo}"})`,
    at,
    is: Object.fromEntries(burns.map(([times, severity]) => [`{slo="${slo}",burn="${times}",severity="${severity}"}`, 1])),
  }));
  expectRules(of, { ...series, [TSDB]: "0x2000" }, { values }, { interval: INTERVAL, only: /objectives|series/ });
}

const QUEUE = of("redis-1", "mastodon_sidekiq_queue_latency_seconds", { job: "redis", use: "sidekiq", queue: "default" });
const MASTER = of("redis-1", "redis_instance_info", { job: "redis", use: "sidekiq", role: "master" });
const late = (minutes: number, before = BEFORE): Series => ({
  [QUEUE]: `1x${before - 1} 60x${minutes / 5 - 1} 1x600`,
  [MASTER]: "1x2000",
});

const web = (metric: string, labels = {}) => of("web-1", metric, { job: "haproxy", proxy: "puma", ...labels });
const failing = (percent: number): Series => ({
  [web("haproxy_backend_http_requests_total")]: "0+1000x2000",
  [web("haproxy_backend_http_responses_total", { code: "5xx" })]: `0x${BEFORE} 0+${percent * 10}x600`,
});
const probe = (host: string, path: string, values: string): Series => ({
  [`probe_success{job="front-door",host="${host}",path="${path}"}`]: values,
});

const ALL = [
  ["14.4", "critical"],
  ["6", "critical"],
  ["3", "warning"],
  ["1", "warning"],
] as const;

test("all posts late for half an hour: critical while they are, and a warning for the hours that follow", () => {
  expectBurning("posts", late(30), { "71h55m": [], "72h30m": ALL, "74h": ALL.slice(2), "76h": ALL.slice(3), "79h": [] });
});

test("4 % of the pages fail: critical after some hours, and not as urgent as when all do", () => {
  expectBurning("pages", failing(4), { "76h": [], "78h": [ALL[1]], "90h": ALL.slice(1) });
});

test("1 % of the pages fail: a warning after two days", () => {
  expectBurning("pages", failing(1), { "90h": [], "119h": ALL.slice(3) });
});

test("0.4 % of the pages fail: within an objective of 99.5 %, and far from one of 99.9 %", () => {
  expectBurning("pages", failing(0.4), { "119h": [] });
  const strict = watched(site, { objectives: { pages: 99.9 } });
  expectBurning("pages", failing(0.4), { "119h": ALL.slice(2) }, strict);
});

test("while no web machine counts requests, those from outside tell that pages fail", () => {
  const series = probe("social.example", "/health", `1x${BEFORE - 1} 0x600`);
  expectBurning("pages", series, { "71h55m": [], "72h30m": ALL });
});

test("streaming that cannot be reached from outside", () => {
  const series = probe("streaming.social.example", "/api/v1/streaming/health", `1x${BEFORE - 1} 0x600`);
  expectBurning("streaming", series, { "71h55m": [], "72h30m": ALL });
});

test("the ten minutes of a first deploy, in which nothing answers, count as ten minutes of a whole month", () => {
  expectBurning("posts", late(10, 1), { "30m": [], "2h": [] });
});
