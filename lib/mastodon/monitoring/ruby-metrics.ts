// Mastodon's own metrics of Puma and Sidekiq, from 4.4 on: `rubyMetrics(program, { process: "web", … })`. Puma's processes cannot serve them, so
// a collector beside them does; each Sidekiq process serves its own. Processes whose variables the page sets itself keep its way.

import { Env } from "../../core/env";
import { Part, Program, Step } from "../../core/program";
import { isRead, rowOf } from "../env-catalogue";
import { PROMETHEUS_PORT, SIDEKIQ_METRICS_PORT } from "../ports";
import { quadlet } from "../programs/application";
import { MastodonVersion } from "../version";
import { Exporter } from "./exporter";
import { isMonitored } from "./monitored";

export interface RubyProcesses {
  readonly process: "web" | "sidekiq";
  readonly env: Env;
  readonly version: MastodonVersion;
  readonly image: string;
  /** The number of Sidekiq processes on the host. */
  readonly processes?: number;
}

const RUBY = new Part((): { of: RubyProcesses | undefined } => ({ of: undefined }));
const COLLECTOR_UNIT = "mastodon-metrics.service";
const ENABLED = "MASTODON_PROMETHEUS_EXPORTER_ENABLED";
const LOCAL = "MASTODON_PROMETHEUS_EXPORTER_LOCAL";
const PORT = "MASTODON_PROMETHEUS_EXPORTER_PORT";
const LOOPBACK = "127.0.0.1";

/** Tells which processes of Ruby the program runs; a host has those of one kind. */
export function rubyMetrics(program: Program, of: RubyProcesses): void {
  program.part(RUBY).of = of;
}

/** The further env files of these processes, which count for Prometheus only on a monitored site. */
export function metricsEnv(program: Program): readonly string[] {
  const of = program.part(RUBY).of;
  if (of === undefined || !isMonitored(program) || !counts(of)) return [];
  return [of.process === "web" ? envFile("web") : envFile("sidekiq", "%i")];
}

export function rubyExporters(program: Program): readonly Exporter[] {
  const of = program.part(RUBY).of;
  if (of === undefined) return [];
  if (of.env.all[ENABLED] === "true" && of.env.all[LOCAL] === "true") return [ofThePage(of.env)];
  if (!counts(of)) return [];
  if (of.process === "web") return [collector(of)];
  return Array.from({ length: of.processes ?? 1 }, (_, n) => ofSidekiq(n + 1));
}

function counts({ process, env, version }: RubyProcesses): boolean {
  const given = Object.keys(env.all).some((name) => /^(MASTODON_)?PROMETHEUS_EXPORTER_/.test(name));
  return !given && isRead(rowOf(ENABLED)!, process, version);
}

function collector({ image }: RubyProcesses): Exporter {
  const port = PROMETHEUS_PORT;
  const content = quadlet({
    description: "The metrics of Mastodon web",
    image,
    name: "mastodon-metrics",
    command: `./bin/prometheus_exporter --bind ${LOOPBACK} --port ${port}`,
    stopSeconds: 5,
  });
  return {
    module: "mastodon-web",
    job: "web",
    port,
    steps: [
      variables(envFile("web"), { [ENABLED]: true, PROMETHEUS_EXPORTER_HOST: LOOPBACK, PROMETHEUS_EXPORTER_PORT: port }),
      { kind: "file", path: "/etc/containers/systemd/mastodon-metrics.container", content },
      { kind: "start", units: [COLLECTOR_UNIT], atBoot: false },
    ],
  };
}

function ofSidekiq(process: number): Exporter {
  const port = SIDEKIQ_METRICS_PORT + process - 1;
  return {
    module: `mastodon-sidekiq-${process}`,
    job: "sidekiq",
    labels: { process: `${process}` },
    port,
    steps: [
      variables(envFile("sidekiq", process), {
        [ENABLED]: true,
        [LOCAL]: true,
        MASTODON_PROMETHEUS_EXPORTER_HOST: LOOPBACK,
        [PORT]: port,
      }),
    ],
  };
}

/** By `prometheus()` of the page: one process on a machine serves its metrics, to others too. */
function ofThePage(env: Env): Exporter {
  const port = Number(env.all[PORT] ?? PROMETHEUS_PORT);
  return { module: "mastodon-sidekiq-1", job: "sidekiq", labels: { process: "1" }, port, steps: [] };
}

function envFile(kind: RubyProcesses["process"], process?: number | string): string {
  return `/etc/mastodon/${kind}-metrics${process === undefined ? "" : `-${process}`}.env`;
}

function variables(path: string, all: Readonly<Record<string, string | number | boolean>>): Step {
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
  return { kind: "file", path, content: lines.join("") };
}
