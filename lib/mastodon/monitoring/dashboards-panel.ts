// Grafana's JSON from short descriptions: `dashboard(facts, { name: "web", title: "Web", why: "…", rows: [{ title: "Puma", panels: [graph({ … })] }] })`.

import { shortened } from "../../core/names";
import { OverviewFacts } from "./overview/facts";

/** A unit of Grafana. */
export type Unit = "none" | "short" | "s" | "percentunit" | "bytes" | "reqps" | "ops" | "Bps" | "d";

export interface PanelProps {
  readonly title: string;
  /** What it shows, and what a bad value means; people see it at the panel's title. */
  readonly why: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** From which values on it is a warning, and critical. */
  readonly limits?: { readonly warning?: number; readonly critical?: number };
  /** The highest value that there can be. */
  readonly max?: number;
  /** Of the 24 columns of a dashboard. */
  readonly width?: number;
}

export interface Query {
  readonly expr: string;
  /** The name of each series, such as `{{instance}}`. */
  readonly name: string;
}

export interface Panel extends PanelProps {
  readonly kind: "timeseries" | "stat" | "bargauge";
  readonly stacked?: boolean;
}

/** Values over time. */
export const graph = (props: PanelProps): Panel => ({ ...props, kind: "timeseries" });
/** Values over time of which the sum matters. */
export const stack = (props: PanelProps): Panel => ({ ...props, kind: "timeseries", stacked: true });
/** The last values, as large numbers. */
export const figure = (props: PanelProps): Panel => ({ width: 4, ...props, kind: "stat" });
/** The last values, side by side. */
export const bars = (props: PanelProps): Panel => ({ ...props, kind: "bargauge" });

export interface DashboardProps {
  /** The name of its file, and the end of its address. */
  readonly name: string;
  readonly title: string;
  readonly why: string;
  /** A variable of the dashboard for hosts, chosen from this metric. */
  readonly instances?: string;
  readonly rows: readonly Row[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const COLUMNS = 24;
const HEIGHTS = { timeseries: 8, stat: 4, bargauge: 8 } as const;
/** The longest `uid` of Grafana. */
const UID = 40;
const DATASOURCE = { type: "prometheus", uid: "${datasource}" } as const;

/** The dashboard as Grafana 10 and later read it. */
export function dashboard({ site }: OverviewFacts, { name, title, why, instances, rows }: DashboardProps): object {
  return {
    uid: shortened(`mastodon-${site}-${name}`, UID),
    title: `${site}: ${title}`,
    description: why,
    tags: ["mastodon", site],
    schemaVersion: 38,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    links: [
      {
        type: "dashboards",
        title: site,
        tags: ["mastodon", site],
        asDropdown: true,
        includeVars: false,
        keepTime: true,
        targetBlank: false,
        icon: "",
        tooltip: "",
      },
    ],
    annotations: { list: [alertsAsAnnotations] },
    templating: { list: [datasource, ...(instances === undefined ? [] : [instanceVariable(instances)])] },
    panels: placed(rows),
  };
}

/** All expressions, with what Grafana fills in replaced by values of the same kind. */
export function expressionsOf(rows: readonly Row[]): readonly string[] {
  const panels = rows.flatMap((row) => row.panels);
  const all = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr));
  return [FIRED, ...all].map((expr) => expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*"));
}

const datasource = {
  type: "datasource",
  name: "datasource",
  label: "Prometheus",
  query: "prometheus",
  regex: "",
  current: {},
  options: [],
  hide: 0,
  includeAll: false,
  multi: false,
  refresh: 1,
  skipUrlSync: false,
};

function instanceVariable(metric: string): object {
  const query = `label_values(${metric}, instance)`;
  return {
    type: "query",
    name: "instance",
    label: "Host",
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: "instance" },
    regex: "",
    current: {},
    options: [],
    hide: 0,
    includeAll: true,
    allValue: ".*",
    multi: true,
    refresh: 2,
    sort: 7,
    skipUrlSync: false,
  };
}

/** Alerts that fired, as marks in all graphs. */
const FIRED = 'max by (alertname, instance, pool, queue) (ALERTS{alertstate="firing",severity=~"critical|warning"})';
const alertsAsAnnotations = {
  name: "Alerts",
  datasource: DATASOURCE,
  enable: true,
  hide: false,
  iconColor: "orange",
  target: { refId: "Anno", expr: FIRED, interval: "60s" },
  titleFormat: "{{alertname}}",
  textFormat: "{{instance}} {{pool}} {{queue}}",
  useValueForTime: false,
};

/** Rows of panels from left to right, numbered, each below the last. */
function placed(rows: readonly Row[]): readonly object[] {
  const all: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    all.push({ id: all.length + 1, type: "row", title, collapsed: false, panels: [], gridPos: { x: 0, y, w: COLUMNS, h: 1 } });
    y += 1;
    let x = 0;
    let height = 0;
    for (const one of panels) {
      const w = one.width ?? COLUMNS / 2;
      const h = HEIGHTS[one.kind];
      if (x + w > COLUMNS) {
        y += height;
        x = 0;
        height = 0;
      }
      all.push(panel(one, all.length + 1, { x, y, w, h }));
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return all;
}

function panel({ kind, title, why, unit, queries, limits, max, stacked }: Panel, id: number, gridPos: object): object {
  const now = kind !== "timeseries";
  return {
    id,
    type: kind,
    title,
    description: why,
    gridPos,
    datasource: DATASOURCE,
    targets: queries.map(({ expr, name }, n) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + n),
      datasource: DATASOURCE,
      expr,
      legendFormat: name,
      range: !now,
      instant: now,
      editorMode: "code",
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(max !== undefined && { max }),
        color: { mode: now ? "thresholds" : "palette-classic" },
        thresholds: { mode: "absolute", steps: steps(limits) },
        ...(!now && { custom: line(stacked === true, limits !== undefined) }),
      },
      overrides: [],
    },
    options: OPTIONS[kind],
  };
}

function steps({ warning, critical }: NonNullable<PanelProps["limits"]> = {}): readonly object[] {
  return [
    { color: "green", value: null },
    ...(warning === undefined ? [] : [{ color: "orange", value: warning }]),
    ...(critical === undefined ? [] : [{ color: "red", value: critical }]),
  ];
}

function line(stacked: boolean, limited: boolean): object {
  return {
    drawStyle: "line",
    lineWidth: 1,
    fillOpacity: stacked ? 30 : 5,
    showPoints: "never",
    spanNulls: false,
    stacking: { mode: stacked ? "normal" : "none", group: "A" },
    thresholdsStyle: { mode: limited ? "dashed" : "off" },
  };
}

const LAST = { calcs: ["lastNotNull"], fields: "", values: false };
const OPTIONS = {
  timeseries: {
    legend: { displayMode: "table", placement: "bottom", showLegend: true, calcs: ["lastNotNull", "max"] },
    tooltip: { mode: "multi", sort: "desc" },
  },
  stat: {
    reduceOptions: LAST,
    colorMode: "value",
    graphMode: "none",
    justifyMode: "auto",
    orientation: "auto",
    textMode: "auto",
  },
  bargauge: { reduceOptions: LAST, displayMode: "gradient", orientation: "horizontal", showUnfilled: true, valueMode: "color" },
} as const;
