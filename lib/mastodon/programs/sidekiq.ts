// Installs Sidekiq on a machine at its first boot: `sidekiq(program, plan)`. The scheduler's machine also prepares the database, and holds the
// scheduler's lock.

import { Env } from "../../core/env";
import { Program } from "../../core/program";
import { STOP_SECONDS } from "../limits";
import { metricsEnv, rubyMetrics } from "../monitoring/ruby-metrics";
import { certificateVolumes } from "../trust";
import { MastodonVersion } from "../version";
import { podman, quadlet } from "./application";
import { prepare, PREPARED, PreparePlan, waitForPrepare } from "./prepare";
import { LOCKED, schedulerLock } from "./scheduler-lock";
import { instances } from "./streaming";
import { watchdog } from "./watchdog";

export interface SidekiqPlan {
  readonly image: string;
  readonly env: Env;
  /** Volumes of its containers besides those for certificates. */
  readonly volumes: readonly string[];
  readonly processes: number;
  readonly threads: number;
  /** As Sidekiq's `-q` takes them. */
  readonly queues: readonly string[];
  readonly version: MastodonVersion;
  /** Whether a process has a readiness file, as from 4.3 on. */
  readonly readyFile: boolean;
  /** On the one machine that prepares the database: the task and its environment. */
  readonly prepare: Pick<PreparePlan, "env" | "task" | "admin"> | undefined;
  readonly waits: () => boolean;
}

const READY_FILE = "tmp/sidekiq_process_has_started_and_will_begin_processing_jobs";

export function sidekiq(program: Program, plan: SidekiqPlan): void {
  const names = Array.from({ length: plan.processes }, (_, n) => n + 1);
  podman(program, plan.image);
  program.add({ kind: "package", names: ["postgresql-client"] }).add({
    kind: "file",
    path: "/etc/mastodon/sidekiq.env",
    content: () => plan.env.render(),
    mode: "0600",
    from: () => plan.env.largest(),
  });
  const { image, waits } = plan;
  const version = plan.version.text;
  rubyMetrics(program, { process: "sidekiq", env: plan.env, version: plan.version, image, processes: plan.processes });
  if (plan.prepare !== undefined) prepare(program, { image, version, ...plan.prepare });
  waitForPrepare(program, { version, envFile: "/etc/mastodon/sidekiq.env", waits });
  // Before everything that takes long: whoever must wait for another scheduler waits meanwhile.
  if (plan.prepare !== undefined) schedulerLock(program, unitOf(1));
  program
    .add({
      kind: "file",
      path: "/etc/containers/systemd/mastodon-sidekiq@.container",
      content: () =>
        quadlet({
          description: "Mastodon Sidekiq, process %i",
          image: plan.image,
          name: "mastodon-sidekiq-%i",
          envFile: ["/etc/mastodon/sidekiq.env", ...metricsEnv(program)],
          volumes: [...certificateVolumes(plan.env), ...plan.volumes],
          command: `bundle exec sidekiq -c ${plan.threads} -t ${STOP_SECONDS - 15} ${plan.queues.map((queue) => `-q ${queue}`).join(" ")}`,
          stopSeconds: STOP_SECONDS,
          needs: [PREPARED, ...(plan.prepare === undefined ? [] : [LOCKED])],
          // TSTP: take no new job. TERM follows with the stop, and gives jobs in hand time before they go back to the queue.
          service: { ExecStop: "-/usr/bin/podman kill --signal TSTP mastodon-sidekiq-%i" },
        }),
    })
    .add({ kind: "run", why: "one unit a process", script: instances("mastodon-sidekiq", names) })
    .add({ kind: "start", units: names.map(unitOf), atBoot: false });
  watchdog(program);
  for (const name of names) program.readyWhen(plan.readyFile ? fileCheck(name) : titleCheck(name));
}

/** The unit of a process, by its number from 1. */
export function unitOf(name: number): string {
  return `mastodon-sidekiq@${name}.service`;
}

function fileCheck(name: number): string {
  return `podman exec mastodon-sidekiq-${name} test -e /opt/mastodon/${READY_FILE} 2>/dev/null`;
}

// A Sidekiq that works counts its busy threads in its title, and says `stopping` behind that once it takes no new job.
function titleCheck(name: number): string {
  return `podman top mastodon-sidekiq-${name} args 2>/dev/null | grep -Eq '^sidekiq .* busy\\] *$'`;
}
