// Installs nginx, Puma and the administrator's commands on a web machine at its first boot: `web(program, plan)`.

import { join } from "node:path";
import { Env } from "../../core/env";
import { HEALTH_TIMEOUT_SECONDS } from "../../core/limits";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { STOP_SECONDS } from "../limits";
import { PUMA_QUEUE_PORT } from "../ports";
import { metricsEnv, rubyMetrics } from "../monitoring/ruby-metrics";
import { certificateVolumes } from "../trust";
import { ACCOUNT } from "./account";
import { MastodonVersion } from "../version";
import { nginx, podman, quadlet, volumeOptions } from "./application";
import { ClientLimits } from "./client-limits";
import { makara, MAKARA_VOLUME } from "./makara";
import { PREPARED, waitForPrepare } from "./prepare";
import { pumaQueue } from "./puma-queue";
import { STATIC_FILES, staticFiles, StaticLocationsPlan } from "./static-files";
import { Processes, streamingLocation, streamingProcesses, streamingUpstream } from "./streaming";
import { watchdog } from "./watchdog";
import { webNginx } from "./web-nginx";

export interface WebPlan {
  readonly image: string;
  readonly version: MastodonVersion;
  readonly env: Env;
  readonly taskEnv: Env;
  /** The volumes for users' files, if there is no object store. */
  readonly files: readonly string[];
  /** Where nginx finds users' files, if there is no object store. */
  readonly uploads: StaticLocationsPlan["uploads"];
  /** The most disk space for answers that may be cached. */
  readonly cacheMib: number;
  /** Whether other servers must sign what they ask for. */
  readonly signed: boolean;
  readonly limits: ClientLimits;
  /** How long files of another release are kept after its last machine. */
  readonly oldAssetsSeconds: number;
  /** Whether reads go to a replica by Makara, as up to 4.1. */
  readonly makara: boolean;
  /** Streaming on the same machine, if it is not elsewhere. */
  readonly streaming: Processes | undefined;
  /** Puma's processes on one machine, and the threads of each. */
  readonly processes: number;
  readonly threads: number;
  readonly network: string;
  /** Where the front door is, if not in the network. */
  readonly frontDoor: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly servedBy: boolean;
  readonly idleSeconds: number;
  /** Whether this page prepares the database; asked for at synth. */
  readonly waits: () => boolean;
}

export const WEB_UNIT = "mastodon-web.service";
const TASK_ENV = "/etc/mastodon/task.env";
const OWNER = script(join(__dirname, "owner.sh"), { ACCOUNT_RUBY: ACCOUNT });

export function web(program: Program, plan: WebPlan): void {
  podman(program, plan.image);
  rubyMetrics(program, { process: "web", env: plan.env, version: plan.version, image: plan.image });
  program
    .add({ kind: "package", names: ["curl", "postgresql-client"] })
    .add({
      kind: "file",
      path: "/etc/mastodon/web.env",
      content: () => plan.env.render(),
      mode: "0600",
      from: () => plan.env.largest(),
    })
    .add({
      kind: "file",
      path: TASK_ENV,
      content: () => plan.taskEnv.render(),
      mode: "0600",
      from: () => plan.taskEnv.largest(),
    });
  if (plan.makara) makara(program);
  waitForPrepare(program, { version: plan.version.text, envFile: "/etc/mastodon/web.env", waits: plan.waits });
  staticFiles(program, {
    image: plan.image,
    envFile: "/etc/mastodon/web.env",
    webUnit: WEB_UNIT,
    keptSeconds: plan.oldAssetsSeconds,
  });
  program
    .add({
      kind: "file",
      path: "/etc/containers/systemd/mastodon-web.container",
      content: () =>
        quadlet({
          description: "Mastodon web",
          image: plan.image,
          name: "mastodon-web",
          envFile: ["/etc/mastodon/web.env", ...metricsEnv(program)],
          command: "bundle exec puma -C config/puma.rb",
          volumes: [...certificateVolumes(plan.env), ...plan.files, ...(plan.makara ? [MAKARA_VOLUME] : [])],
          stopSeconds: STOP_SECONDS,
          needs: [PREPARED, STATIC_FILES],
        }),
    })
    .add({ kind: "file", path: "/usr/local/bin/tootctl", content: command(plan, "bin/tootctl"), mode: "0755" })
    .add({ kind: "file", path: "/usr/local/bin/rails", content: command(plan, "bundle exec rails"), mode: "0755" })
    .add({
      kind: "file",
      path: "/usr/local/bin/mastodon-psql",
      content: `#!/bin/sh\n# A session in Mastodon's database, straight at PostgreSQL.\nexec /usr/local/sbin/mastodon-sql ${TASK_ENV} "$@"\n`,
      mode: "0755",
    })
    .add({ kind: "file", path: "/usr/local/bin/mastodon-owner", content: OWNER, mode: "0755" })
    .add({ kind: "start", units: [WEB_UNIT], atBoot: false });
  const beside = plan.streaming;
  if (beside !== undefined) streamingProcesses(program, beside);
  pumaQueue(program, plan);
  watchdog(program);
  const proxies = [...plan.frontDoor, ...plan.trustedProxies];
  const around = webNginx({ ...plan, upstream: "mastodon", proxies: [plan.network, ...proxies] });
  program.add({ kind: "package", names: ["libnginx-mod-http-brotli-filter", "libnginx-mod-http-brotli-static"] });
  nginx(program, {
    ...plan,
    webSockets: beside?.webSockets,
    trustedProxies: proxies,
    upstreams: [
      ...PUMA,
      ...(beside === undefined ? [] : ["", ...streamingUpstream([...beside.envs.keys()])]),
      "",
      ...around.outside,
    ],
    // Node's /metrics is behind the first alone, so it stays inside.
    locations: [...(beside === undefined ? [] : streamingLocation()), ...around.inside],
  });
  program.readyWhen(`curl -fsS -m ${HEALTH_TIMEOUT_SECONDS} -o /dev/null http://127.0.0.1/health`);
}

const PUMA = [
  "upstream mastodon {",
  `  server 127.0.0.1:${PUMA_QUEUE_PORT} max_fails=0;`,
  "  keepalive 32;",
  // HAProxy closes an idle connection after 60 s; nginx must close it sooner.
  "  keepalive_timeout 15s;",
  "}",
];

function command({ image, taskEnv, files }: WebPlan, inside: string): string {
  const volumes = volumeOptions([...certificateVolumes(taskEnv), ...files]);
  return `#!/bin/bash
# Runs ${inside} of Mastodon in a container of its own, straight at PostgreSQL. What it prints may be a password: podman keeps nothing.
set -euo pipefail
[ -t 0 ] && tty=-t || tty=
exec podman run --rm -i $tty --log-driver none --network host --env-file ${TASK_ENV} ${volumes}${image} ${inside} "$@"
`;
}
