// Prometheus on a monitoring machine: `prometheus(program, plan)`.

import { join } from "node:path";
import { stringify } from "yaml";
import { packedFile } from "../../core/packed-file";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { ALERTMANAGER_PORT, BLACKBOX_PORT, EXPORTERS_PORT, PROMETHEUS_WEB_PORT } from "../ports";
import { forwarded } from "./forwarded";
import { metricRelabeling, RelabelRule } from "./relabeling";
import { KEPT_TARGETS, MEMBERS } from "./targets";

export interface PrometheusPlan {
  /** The site's name, which each alert has. */
  readonly site: string;
  /** Its own machine. */
  readonly self: string;
  /** Where the disk is. */
  readonly directory: string;
  /** The size above which the oldest metrics are removed, in MiB, which Prometheus calls MB. */
  readonly retentionMib: number;
  /** The machines of all Alertmanagers. */
  readonly alertmanagers: readonly string[];
  /** The targets on kept machines. */
  readonly kept: () => string;
  /** The rules: what is computed from metrics, and the alerts. */
  readonly rules: () => string;
  /** What is visited through the front door. */
  readonly visits: () => readonly Visit[];
}

export interface Visit {
  readonly host: string;
  readonly path: string;
}

/**
 * Seconds between two readings of each metric. Alerts wait for a minute at most, which is four of them. Shorter intervals cost processor time on every
 * host in proportion.
 */
export const SCRAPE_SECONDS = 15;
const CONFIG = "/etc/prometheus/prometheus.yml";
export const RULES = "/etc/prometheus/rules.yml";

export function prometheus(program: Program, plan: PrometheusPlan): void {
  const { directory, retentionMib } = plan;
  const words = [
    `--storage.tsdb.path=${directory}/prometheus`,
    `--storage.tsdb.retention.size=${retentionMib}MB`,
    // A block is made of smaller ones, and until that is done the disk holds both. Without a limit of time a block would have 31 days.
    "--storage.tsdb.max-block-duration=2d",
    `--web.listen-address=127.0.0.1:${PROMETHEUS_WEB_PORT}`,
    forwarded(PROMETHEUS_WEB_PORT),
  ];
  const taken = {
    what: "Prometheus",
    does: "reload",
    check: `promtool check config ${CONFIG} >/dev/null`,
    script: "reload prometheus",
  } as const;
  program
    .add({ kind: "package", names: ["prometheus", "promtool"] })
    .add(...packedFile({ kind: "file", path: CONFIG, content: () => settings(plan), taken }))
    .add(...packedFile({ kind: "file", path: RULES, content: () => plan.rules(), taken }))
    .add(
      ...packedFile({
        kind: "file",
        path: KEPT_TARGETS,
        content: () => plan.kept(),
        taken: { what: "the list of kept machines", does: "nothing" },
      }),
    )
    .add({ kind: "file", path: "/etc/default/prometheus", content: `ARGS="${words.join(" ")}"\n` })
    .add({
      kind: "file",
      path: "/etc/systemd/system/prometheus.service.d/10-mastodon.conf",
      content: unit({ Unit: { ...NEVER_GIVEN_UP, RequiresMountsFor: directory }, Service: RESTARTED }),
    })
    .add({
      kind: "run",
      why: "Prometheus",
      script: script(join(__dirname, "prometheus.sh"), { DIRECTORY: directory, CONFIG }),
    })
    .add({ kind: "start", units: ["prometheus.service"] })
    .readyWhen(
      `curl -fsS -m 2 -o /dev/null http://127.0.0.1:${PROMETHEUS_WEB_PORT}/-/ready 2>/dev/null || { echo "Prometheus does not answer"; false; }`,
    );
}

/**
 * Other hosts write the files of members, and one of them may be in a stranger's hands. Nothing is read but exporter proxies, as often as all are, and
 * what is in no file of the page has to be of a pool.
 */
const EXPORTERS_ONLY: RelabelRule = {
  source_labels: ["__scheme__", "__metrics_path__", "__scrape_interval__", "__address__", "__meta_filepath", "pool"],
  regex: `http;/proxy;${SCRAPE_SECONDS}s;[^/;]+:${EXPORTERS_PORT};(${KEPT_TARGETS};|.+;.+)`,
  action: "keep",
};

function settings({ site, self, alertmanagers, visits }: PrometheusPlan): string {
  // Its own needs neither names nor the network.
  const managers = alertmanagers.map((name) => (name === self ? "127.0.0.1" : name));
  return stringify(
    {
      global: {
        scrape_interval: `${SCRAPE_SECONDS}s`,
        scrape_timeout: "10s",
        evaluation_interval: `${SCRAPE_SECONDS}s`,
        external_labels: { site },
      },
      rule_files: [RULES],
      alerting: { alertmanagers: [{ static_configs: [{ targets: managers.map((name) => `${name}:${ALERTMANAGER_PORT}`) }] }] },
      scrape_configs: [
        {
          job_name: "hosts",
          metrics_path: "/proxy",
          sample_limit: 20_000,
          body_size_limit: "32MB",
          file_sd_configs: [{ files: [KEPT_TARGETS, `${MEMBERS}/*.json`], refresh_interval: "30s" }],
          relabel_configs: [EXPORTERS_ONLY],
          metric_relabel_configs: metricRelabeling(),
        },
        {
          job_name: "front-door",
          metrics_path: "/probe",
          params: { module: ["visit"] },
          static_configs: visits().map(({ host, path }) => ({ targets: [`https://${host}${path}`], labels: { host, path } })),
          relabel_configs: [
            { source_labels: ["__address__"], target_label: "__param_target" },
            { source_labels: ["host"], target_label: "instance" },
            { target_label: "__address__", replacement: `127.0.0.1:${BLACKBOX_PORT}` },
          ],
        },
      ],
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}
