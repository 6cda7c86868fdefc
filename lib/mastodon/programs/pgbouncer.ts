// What PgBouncer's machine does at its first boot: `pgbouncer(program, plan)`.
// The time-outs are those with which a dead or silent PostgreSQL was noticed within seconds instead of minutes.

import { Program } from "../../core/program";
import { Secret } from "../../core/secret";
import { DatabaseFacts } from "../database";

export interface PgBouncerPlan {
  readonly primary: DatabaseFacts;
  readonly replicas: readonly DatabaseFacts[];
  readonly serverConnections: number;
  readonly maxClients: number;
  readonly adminPassword: Secret;
  /** The file by which the server's certificate is checked, if it is. */
  readonly rootCertificates: string | undefined;
  /** Whether it serves its own machine only. */
  readonly only: boolean;
  /** Whether logins stay out of the log: health checks would fill it. */
  readonly quiet: boolean;
}

export function pgbouncer(program: Program, plan: PgBouncerPlan): void {
  const owner = "postgres:postgres";
  program
    .add({ kind: "package", names: ["pgbouncer", "postgresql-client"] })
    .add({ kind: "file", path: "/etc/pgbouncer/pgbouncer.ini", content: ini(plan), mode: "0640", owner })
    .add({ kind: "file", path: "/etc/pgbouncer/userlist.txt", content: userlist(plan), mode: "0640", owner })
    .add({
      kind: "file",
      path: "/etc/systemd/system/pgbouncer.service.d/10-mastodon.conf",
      content: "[Unit]\nStartLimitIntervalSec=0\n\n[Service]\nLimitNOFILE=65536\nRestart=always\nRestartSec=1\n",
    })
    .add({ kind: "file", path: "/usr/local/bin/pgbouncer-console", content: CONSOLE, mode: "0755" })
    .add({ kind: "start", units: ["pgbouncer.service"] })
    .readyWhen("systemctl is-active --quiet pgbouncer")
    .readyWhen("pgbouncer-console -Atqc 'SHOW VERSION' >/dev/null");
}

function ini({ primary, replicas, serverConnections, maxClients, rootCertificates, only, quiet }: PgBouncerPlan): string {
  const databases = [`mastodon = host=${primary.host} port=${primary.port} dbname=${primary.name}`];
  if (replicas.length > 0) {
    const hosts = replicas.map((replica) => replica.host).join(",");
    const entry = `mastodon_replica = host=${hosts} port=${replicas[0]!.port} dbname=${primary.name}`;
    // Sessions that went elsewhere while a standby was away return to it.
    databases.push(`${entry} server_lifetime=60`);
  }
  return [
    "[databases]",
    ...databases,
    "",
    "[pgbouncer]",
    `listen_addr = ${only ? "127.0.0.1" : "*"}`,
    "listen_port = 6432",
    "unix_socket_dir = /run/postgresql",
    "auth_type = scram-sha-256",
    "auth_file = /etc/pgbouncer/userlist.txt",
    "admin_users = pgbouncer",
    "pool_mode = transaction",
    `default_pool_size = ${serverConnections}`,
    `max_client_conn = ${maxClients}`,
    `server_tls_sslmode = ${primary.sslmode ?? "require"}`,
    ...(rootCertificates === undefined ? [] : [`server_tls_ca_file = ${rootCertificates}`]),
    "server_login_retry = 1",
    "server_connect_timeout = 3",
    "query_wait_timeout = 20",
    "dns_max_ttl = 3",
    "tcp_keepalive = 1",
    "tcp_keepidle = 5",
    "tcp_keepintvl = 2",
    "tcp_keepcnt = 2",
    "tcp_user_timeout = 5000",
    ...(quiet ? ["log_connections = 0", "log_disconnections = 0"] : []),
    // Empty: the journal is the log, so that `journalctl -fu pgbouncer` follows it.
    "logfile =",
    "",
  ].join("\n");
}

// Plain passwords: a SCRAM verifier would go stale each time the role's password is set again.
function userlist({ primary, adminPassword }: PgBouncerPlan): string {
  return `"${primary.user}" "${primary.password}"\n"pgbouncer" "${adminPassword}"\n`;
}

const CONSOLE = `#!/bin/bash
# PgBouncer's admin console: pgbouncer-console, or pgbouncer-console -c 'SHOW POOLS'.
set -euo pipefail
PGPASSWORD=$(sed -n 's/^"pgbouncer" "\\(.*\\)"$/\\1/p' /etc/pgbouncer/userlist.txt) \\
  exec psql -h 127.0.0.1 -p 6432 -U pgbouncer pgbouncer "$@"
`;
