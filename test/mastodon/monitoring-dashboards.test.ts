// Grafana's dashboards: one whole panel and what holds for all; which dashboards and rows a page has. promtool reads their expressions elsewhere.

import { Monitoring, Redis } from "../../lib";
import { dashboards } from "../../lib/mastodon/monitoring/dashboards";
import { dashboard, figure, graph } from "../../lib/mastodon/monitoring/dashboards-panel";
import { overviewFacts } from "../../lib/mastodon/monitoring/overview/facts";
import { ruleGroups } from "../../lib/mastodon/monitoring/rules";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { emptySite, monitoringSite } from "./monitoring-site";

interface Board {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly panels: readonly BoardPanel[];
}
interface BoardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: object;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit: string; readonly thresholds: { readonly steps: readonly object[] } };
  };
}

const facts = overviewFacts(monitoringSite().inventory.whole);
const boards = dashboards(facts) as Readonly<Record<string, Board>>;
const panelsOf = (name: string) => boards[name]!.panels.filter(({ type }) => type !== "row");
const rowsOf = (name: string) => boards[name]!.panels.filter(({ type }) => type === "row").map(({ title }) => title);
const panel = (name: string, title: string) => panelsOf(name).find((one) => one.title === title)!;

test("a dashboard, whole", () => {
  const datasource = { type: "prometheus", uid: "${datasource}" };
  const rows = [
    {
      title: "Now",
      panels: [
        figure({
          title: "Dead",
          why: "Given up.",
          unit: "short",
          queries: [{ expr: "dead", name: "dead" }],
          limits: { critical: 9 },
        }),
        graph({
          title: "Load",
          why: "Over time.",
          unit: "percentunit",
          queries: [{ expr: 'load{instance=~"$instance"}', name: "{{instance}}" }],
          limits: { warning: 0.8 },
          max: 1,
        }),
      ],
    },
  ];
  expect(dashboard(facts, { name: "web", title: "Web", why: "What it shows.", instances: "up", rows })).toEqual({
    uid: "mastodon-social-web",
    title: "social: Web",
    description: "What it shows.",
    tags: ["mastodon", "social"],
    schemaVersion: 38,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    links: [
      {
        ...{ type: "dashboards", title: "social", tags: ["mastodon", "social"], asDropdown: true },
        ...{ includeVars: false, keepTime: true, targetBlank: false, icon: "", tooltip: "" },
      },
    ],
    annotations: {
      list: [
        {
          name: "Alerts",
          datasource,
          ...{ enable: true, hide: false, iconColor: "orange", useValueForTime: false },
          target: {
            refId: "Anno",
            expr: 'max by (alertname, instance, pool, queue) (ALERTS{alertstate="firing",severity=~"critical|warning"})',
            interval: "60s",
          },
          titleFormat: "{{alertname}}",
          textFormat: "{{instance}} {{pool}} {{queue}}",
        },
      ],
    },
    templating: {
      list: [
        {
          ...{ type: "datasource", name: "datasource", label: "Prometheus", query: "prometheus" },
          ...{ regex: "", current: {}, options: [], hide: 0, includeAll: false, multi: false, refresh: 1, skipUrlSync: false },
        },
        {
          ...{ type: "query", name: "instance", label: "Host", datasource, definition: "label_values(up, instance)" },
          query: { query: "label_values(up, instance)", refId: "instance" },
          ...{ regex: "", current: {}, options: [], hide: 0, includeAll: true, allValue: ".*", multi: true },
          ...{ refresh: 2, sort: 7, skipUrlSync: false },
        },
      ],
    },
    panels: [
      { id: 1, type: "row", title: "Now", collapsed: false, panels: [], gridPos: { x: 0, y: 0, w: 24, h: 1 } },
      {
        id: 2,
        type: "stat",
        title: "Dead",
        description: "Given up.",
        gridPos: { x: 0, y: 1, w: 4, h: 4 },
        datasource,
        targets: [
          { refId: "A", datasource, expr: "dead", legendFormat: "dead", range: false, instant: true, editorMode: "code" },
        ],
        fieldConfig: {
          defaults: {
            unit: "short",
            min: 0,
            color: { mode: "thresholds" },
            thresholds: {
              mode: "absolute",
              steps: [
                { color: "green", value: null },
                { color: "red", value: 9 },
              ],
            },
          },
          overrides: [],
        },
        options: {
          reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
          ...{ colorMode: "value", graphMode: "none", justifyMode: "auto", orientation: "auto", textMode: "auto" },
        },
      },
      {
        id: 3,
        type: "timeseries",
        title: "Load",
        description: "Over time.",
        gridPos: { x: 4, y: 1, w: 12, h: 8 },
        datasource,
        targets: [
          {
            ...{ refId: "A", datasource, expr: 'load{instance=~"$instance"}', legendFormat: "{{instance}}" },
            ...{ range: true, instant: false, editorMode: "code" },
          },
        ],
        fieldConfig: {
          defaults: {
            unit: "percentunit",
            min: 0,
            max: 1,
            color: { mode: "palette-classic" },
            thresholds: {
              mode: "absolute",
              steps: [
                { color: "green", value: null },
                { color: "orange", value: 0.8 },
              ],
            },
            custom: {
              ...{ drawStyle: "line", lineWidth: 1, fillOpacity: 5, showPoints: "never", spanNulls: false },
              stacking: { mode: "none", group: "A" },
              thresholdsStyle: { mode: "dashed" },
            },
          },
          overrides: [],
        },
        options: {
          legend: { displayMode: "table", placement: "bottom", showLegend: true, calcs: ["lastNotNull", "max"] },
          tooltip: { mode: "multi", sort: "desc" },
        },
      },
    ],
  });
});

test("a page has a dashboard for each of its services", () => {
  expect(Object.values(boards).map(({ uid, title }) => [uid, title])).toEqual([
    ["mastodon-social-site", "social: Site"],
    ["mastodon-social-web", "social: Web"],
    ["mastodon-social-streaming", "social: Streaming"],
    ["mastodon-social-sidekiq", "social: Sidekiq"],
    ["mastodon-social-database", "social: PostgreSQL and PgBouncer"],
    ["mastodon-social-redis", "social: Redis"],
    ["mastodon-social-machines", "social: Machines"],
  ]);
  const few = emptySite();
  new Redis(few, "Redis", {});
  expect(Object.keys(dashboards(overviewFacts(few.inventory.whole)))).toEqual(["site", "redis", "machines"]);
});

test("rows follow the page: queues with their limits, uses of Redis, tiers", () => {
  expect(rowsOf("sidekiq")).toEqual([
    "Jobs",
    ...["Queue default", "Queue push", "Queue ingress", "Queue mailers", "Queue fasp", "Queue pull", "Queue scheduler"],
    "Processes",
  ]);
  expect(panel("sidekiq", "push: the oldest job").fieldConfig!.defaults.thresholds.steps).toEqual([
    { color: "green", value: null },
    { color: "orange", value: 60 },
    { color: "red", value: 300 },
  ]);
  expect(panel("sidekiq", "push: jobs that wait").targets!.map(({ expr }) => expr)).toEqual([
    'site:mastodon_sidekiq_queue_size:max{queue="push"}',
  ]);
  expect(panel("sidekiq", "Memory").targets![0]!.expr).toBe(
    'sum by (instance) (rss{job="sidekiq",pool=~"federated|others|scheduler"})',
  );
  expect(rowsOf("redis")).toEqual(["cache (cache)", "timelines and messages (main)", "jobs (sidekiq)", "Sentinels"]);
  expect(panel("site", "Machines").description).toBe(
    "Machines that answer, by tier. The page has web: 2, streaming: 1, federated: 1, others: 3, scheduler: 1, pool: 1, database: 2, redis: 3.",
  );
  expect(panel("database", "Busy connections to PostgreSQL").fieldConfig!.defaults.thresholds.steps).toEqual([
    { color: "green", value: null },
    { color: "orange", value: 38 },
  ]);
});

test("limits in graphs are those of the page's alerts", () => {
  const site = monitoringSite();
  const alerts = { queueSeconds: { push: 20 }, objectives: { pages: 99.9 }, certificateDays: 30 };
  new Monitoring(site, "Monitoring", { alerts });
  const own = dashboards(overviewFacts(site.inventory.whole)) as Readonly<Record<string, Board>>;
  const of = (name: string, title: string) => own[name]!.panels.find((one) => one.title === title)!;
  const steps = (name: string, title: string) => of(name, title).fieldConfig!.defaults.thresholds.steps.slice(1);
  const orange = (value: number) => ({ color: "orange", value });
  expect(steps("sidekiq", "push: the oldest job")).toEqual([orange(20), { color: "red", value: 100 }]);
  expect(steps("site", "Pages with an error")).toEqual([orange(0.001)]);
  expect(steps("site", "Late posts")).toEqual([orange(0.005)]);
  expect(of("site", "Certificates").description).toContain("a warning at 30,");
});

test("fixed limits are those of the alerts", () => {
  const rules = ruleGroups(watched(monitoringSite())).flatMap((group) => group.rules);
  /** What the expression of an alert is compared with, of one with two severities the lower value first. */
  const alerts = (name: string) =>
    rules
      .flatMap((rule) => ("alert" in rule && rule.alert === name ? [Number(/[<>] ([\d.]+)$/.exec(rule.expr)![1])] : []))
      .toSorted((a, b) => a - b);
  const limits = (name: string, title: string) =>
    panelsOf(name)
      .filter((one) => one.title === title)
      .flatMap((one) => one.fieldConfig!.defaults.thresholds.steps.slice(1))
      .map((step) => (step as { readonly value: number }).value);
  const free = (used: readonly number[]) => used.map((share) => Number((1 - share).toFixed(2))).toSorted((a, b) => a - b);
  expect(limits("web", "Share of threads that are busy")).toEqual(alerts("WebBusy"));
  expect(limits("web", "Errors").slice(1)).toEqual(alerts("WebErrors"));
  expect(limits("database", "Connections")).toEqual(alerts("PostgresConnections"));
  expect(limits("database", "Lag")).toEqual(alerts("PostgresLag"));
  // Of the two whose memory must not be full.
  expect(limits("redis", "Memory")).toEqual([...alerts("RedisMemory"), ...alerts("RedisMemory")]);
  expect(free(limits("machines", "Memory"))).toEqual(alerts("MemoryLow"));
  expect(free(limits("machines", "Space in use"))).toEqual(alerts("DiskAlmostFull"));
});

test("the four metrics of Mastodon's guide, summed and of each process", () => {
  const expr = (title: string) =>
    panelsOf("streaming").flatMap((one) => (one.title === title ? one.targets!.map((target) => target.expr) : []));
  expect(["Connected clients", "Connected channels", "Messages sent", "Messages from Redis"].map(expr)).toEqual([
    [
      "site:mastodon_streaming_connected_clients:sum",
      'sum by (instance, process) (mastodon_streaming_connected_clients{instance=~"$instance"})',
    ],
    [
      "site:mastodon_streaming_connected_channels:sum",
      'sum by (instance, process) (mastodon_streaming_connected_channels{instance=~"$instance"})',
    ],
    [
      "site:mastodon_streaming_messages_sent:rate1m",
      'sum by (instance, process) (rate(mastodon_streaming_messages_sent_total{instance=~"$instance"}[$__rate_interval]))',
    ],
    [
      "site:mastodon_streaming_redis_messages_received:rate1m",
      'sum by (instance, process) (rate(mastodon_streaming_redis_messages_received_total{instance=~"$instance"}[$__rate_interval]))',
    ],
  ]);
});

test.each(Object.keys(boards))("%s: each panel says what it shows, has a unit, a place and its variables", (name) => {
  const { panels, templating } = boards[name]!;
  expect(panels.map(({ id }) => id)).toEqual(panels.map((_, n) => n + 1));
  for (const { title, description, datasource, fieldConfig, targets } of panelsOf(name)) {
    expect({ title, described: (description ?? "").length > 10 }).toEqual({ title, described: true });
    expect({ title, datasource }).toEqual({ title, datasource: { type: "prometheus", uid: "${datasource}" } });
    expect({ title, unit: fieldConfig!.defaults.unit }).toEqual({ title, unit: expect.stringMatching(/^[a-zA-Z]+$/) });
    expect(targets!.every(({ legendFormat }) => legendFormat !== "")).toBe(true);
  }
  const used = new Set([...JSON.stringify(panels).matchAll(/\$([a-z]\w*)/g)].map(([, variable]) => variable));
  expect([...used, "datasource"].sort()).toEqual(
    templating.list
      .map((one) => one.name)
      .sort((a, b) => (a > b ? -1 : 1))
      .sort(),
  );
  // Panels overlap no other and stay within the columns.
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    [...Array(w * h).keys()].map((n) => `${x + (n % w)} ${y + Math.floor(n / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
});

test("a dashboard's address is no longer than Grafana allows, whatever the site's name", () => {
  const long = { ...facts, site: "a-site-with-a-name-of-forty-characters-x" };
  const uids = Object.values(dashboards(long) as Readonly<Record<string, Board>>).map(({ uid }) => uid);
  expect(uids.every((uid) => /^[\w-]{1,40}$/.test(uid))).toBe(true);
  expect(new Set(uids).size).toBe(7);
});
