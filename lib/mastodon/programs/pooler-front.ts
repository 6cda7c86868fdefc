// One address for several poolers, on each machine that calls them: `poolerFront(program, { poolers: ["pool-1", "pool-2"], user: "mastodon" })`.
// Ruby and Node take one host; HAProxy on the machine's own loopback spreads over all that are well and cuts what hangs on a lost one.

import { Program } from "../../core/program";

export const FRONT_PORT = 6432;

export interface PoolerFrontPlan {
  readonly poolers: readonly string[];
  /** Whom the health check begins to log in. */
  readonly user: string;
}

export function poolerFront(program: Program, plan: PoolerFrontPlan): void {
  program
    .add({ kind: "package", names: ["haproxy"] })
    .add({ kind: "file", path: "/etc/haproxy/haproxy.cfg", content: configuration(plan) })
    .add({
      kind: "file",
      path: "/etc/systemd/system/haproxy.service.d/10-mastodon.conf",
      content: "[Unit]\nStartLimitIntervalSec=0\n\n[Service]\nLimitNOFILE=16384\nRestart=always\nRestartSec=1\n",
    })
    .add({ kind: "start", units: ["haproxy.service"] })
    .readyWhen("systemctl is-active --quiet haproxy || { echo 'HAProxy before the poolers is not running'; false; }");
}

// The check asks PgBouncer to begin a login, since the kernel alone would accept for one that hangs. Sessions on a lost pooler are closed at
// once: their owners log in anew elsewhere, instead of waiting for a time-out of TCP. An idle connection is its owner's to close.
function configuration({ poolers, user }: PoolerFrontPlan): string {
  return `global
  log /dev/log local0 notice
  user haproxy
  group haproxy
  maxconn 4000

defaults
  mode tcp
  log global
  option redispatch 1
  retries 3
  timeout connect 2s
  timeout queue 10s
  timeout check 2s
  timeout client 1d
  timeout server 1d
  option clitcpka
  option srvtcpka

listen poolers
  bind 127.0.0.1:${FRONT_PORT}
  balance leastconn
  option pgsql-check user ${user}
  default-server check inter 2s fastinter 500ms fall 2 rise 2 on-marked-down shutdown-sessions
${poolers.map((name) => `  server ${name} ${name}:6432`).join("\n")}
`;
}
