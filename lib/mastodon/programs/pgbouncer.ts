// What PgBouncer's machine does at its first boot: `pgbouncer(program, plan)`.
// Two processes share its port, so that one can be restarted while the other takes new connections. The time-outs are those with which a
// dead or silent PostgreSQL was noticed within seconds instead of minutes.

import { join } from "node:path";
import { KEEPALIVE } from "../../core/limits";
import { Program, Step, Taken } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { DatabaseFacts } from "../database";
import { POOLER_WAIT_SECONDS } from "../limits";
import { isMonitored } from "../monitoring/monitored";
import { PGBOUNCER_PORT } from "../ports";
import { watchdog } from "./watchdog";

export interface PgBouncerPlan {
  readonly primary: DatabaseFacts;
  readonly replicas: readonly DatabaseFacts[];
  /** Of both processes together. */
  readonly serverConnections: number;
  /** Of each process, since the kernel may connect all clients to one of them, and does while the other restarts. */
  readonly maxClients: number;
  readonly adminPassword: Secret;
  /** The file with the certificate authorities of the server, if its certificate is verified. */
  readonly rootCertificates: string | undefined;
  /**
   * Whether PostgreSQL is external. Its new password is then valid before it is delivered; a password of the page's own server must change on both
   * sides, which renewals do.
   */
  readonly external: boolean;
  /** Whether it serves its own machine only. */
  readonly only: boolean;
}

/** The processes of a machine, each with half of the server connections. */
export const PROCESSES = [1, 2] as const;
/** Node's pool closes a connection that was idle for 10 s. */
const IDLE_SECONDS = 12;
/** A connection with shorter idle times sends a query within this time, so no idle connection is cut. */
const BUSY_SECONDS = 11;

/** How a running PgBouncer reloads changed files. */
export const PGBOUNCER_TAKES: Taken = {
  what: "PgBouncer",
  does: "reload",
  script: script(join(__dirname, "pgbouncer-settings.sh")),
};

export function pgbouncer(program: Program, plan: PgBouncerPlan): void {
  const owner = "postgres:postgres";
  program
    .add({ kind: "package", names: ["pgbouncer", "postgresql-client"] })
    .add({
      kind: "file",
      path: "/etc/pgbouncer/pgbouncer.ini",
      content: () => ini(plan, isMonitored(program)),
      mode: "0640",
      owner,
      writtenBy: script(join(__dirname, "pgbouncer-ini.sh")),
      taken: PGBOUNCER_TAKES,
    })
    .add({
      kind: "file",
      path: "/etc/pgbouncer/userlist.txt",
      content: userlist(plan),
      mode: "0640",
      owner,
      ...(plan.external && { taken: PGBOUNCER_TAKES }),
    });
  for (const process of PROCESSES) {
    const content = processIni(process, plan.serverConnections);
    program.add({ kind: "file", path: `/etc/pgbouncer/${process}.ini`, content, mode: "0640", owner, taken: PGBOUNCER_TAKES });
  }
  const drain = script(join(__dirname, "pgbouncer-drain.sh"), { PGBOUNCER_PORT, IDLE_SECONDS, BUSY_SECONDS });
  program
    .add({ kind: "file", path: "/etc/systemd/system/pgbouncer@.service", content: UNIT })
    .add({ kind: "file", path: "/etc/systemd/system/pgbouncer.service", content: BOTH })
    .add({ kind: "file", path: "/etc/sysctl.d/60-pgbouncer.conf", content: SYSCTL })
    .add({ kind: "run", why: "kernel, for PgBouncer", script: "sysctl -qep /etc/sysctl.d/60-pgbouncer.conf\n" })
    .add(command("/usr/local/bin/pgbouncer-console", script(join(__dirname, "pgbouncer-console.sh"), { PGBOUNCER_PORT })))
    .add(command("/usr/local/sbin/pgbouncer-processes", script(join(__dirname, "pgbouncer-processes.sh"))))
    .add(command("/usr/local/sbin/pgbouncer-drain", drain))
    .add({ kind: "start", units: ["pgbouncer.service"] });
  // The kernel still connects half of all clients to a process that hangs.
  watchdog(program);
  for (const process of PROCESSES) program.readyWhen(`systemctl is-active --quiet pgbouncer@${process}`);
  program.readyWhen("pgbouncer-console -Atqc 'SHOW VERSION' >/dev/null");
}

function command(path: string, content: string): Step {
  return { kind: "file", path, content, mode: "0755" };
}

// A connection that waits to be accepted when its listener closes goes to the other process, instead of being refused.
const SYSCTL = "net.ipv4.tcp_migrate_req = 1\n";

const UNIT = unit({
  Unit: { Description: "PgBouncer, process %i", After: "network.target", ...NEVER_GIVEN_UP },
  Service: {
    Type: "notify",
    User: "postgres",
    RuntimeDirectory: "pgbouncer-%i",
    ExecStart: "/usr/sbin/pgbouncer /etc/pgbouncer/%i.ini",
    ExecReload: "/bin/kill -HUP $MAINPID",
    ExecStop: "+/usr/local/sbin/pgbouncer-drain %i",
    KillMode: "mixed",
    KillSignal: "SIGINT",
    TimeoutStopSec: 45,
    LimitNOFILE: 65_536,
    ...RESTARTED,
  },
});

// A command for administrators: a restart of one process after the other, so that new connections always find one.
const BOTH = unit({
  Unit: { Description: "PgBouncer, both processes", After: "network.target" },
  Service: {
    Type: "oneshot",
    RemainAfterExit: true,
    ExecStart: "/usr/local/sbin/pgbouncer-processes start",
    ExecReload: "/usr/local/sbin/pgbouncer-processes reload",
    ExecStop: "/usr/local/sbin/pgbouncer-processes stop",
    TimeoutStartSec: 180,
    Restart: "on-failure",
    RestartSec: 5,
  },
  Install: AT_BOOT,
});

// Its lines go on in the last section of the other file: PgBouncer forgets all of a section that is begun a second time.
function processIni(process: (typeof PROCESSES)[number], serverConnections: number): string {
  const half = process === 1 ? Math.ceil(serverConnections / 2) : Math.floor(serverConnections / 2);
  return [
    "%include /etc/pgbouncer/pgbouncer.ini",
    `peer_id = ${process}`,
    `unix_socket_dir = /run/pgbouncer-${process}`,
    `default_pool_size = ${half}`,
    "",
  ].join("\n");
}

function ini({ primary, replicas, maxClients, rootCertificates, only }: PgBouncerPlan, monitored: boolean): string {
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
    // A request to cancel a query comes by a connection of its own; the process that it does not concern passes it on.
    "[peers]",
    ...PROCESSES.map((process) => `${process} = host=/run/pgbouncer-${process}`),
    "",
    "[pgbouncer]",
    `listen_addr = ${only ? "127.0.0.1" : "*"}`,
    `listen_port = ${PGBOUNCER_PORT}`,
    "so_reuseport = 1",
    "auth_type = scram-sha-256",
    "auth_file = /etc/pgbouncer/userlist.txt",
    "admin_users = pgbouncer",
    "pool_mode = transaction",
    `max_client_conn = ${maxClients}`,
    `server_tls_sslmode = ${primary.sslmode ?? "require"}`,
    ...(rootCertificates === undefined ? [] : [`server_tls_ca_file = ${rootCertificates}`]),
    "server_login_retry = 1",
    "server_connect_timeout = 3",
    `query_wait_timeout = ${POOLER_WAIT_SECONDS}`,
    "dns_max_ttl = 3",
    "tcp_keepalive = 1",
    `tcp_keepidle = ${KEEPALIVE.idleSeconds}`,
    `tcp_keepintvl = ${KEEPALIVE.intervalSeconds}`,
    "tcp_keepcnt = 2",
    "tcp_user_timeout = 5000",
    // Health checks would fill the log with theirs; SHOW CLIENTS has who is there.
    "log_connections = 0",
    "log_disconnections = 0",
    // Its exporter says so to every PostgreSQL, and PgBouncer would refuse it.
    ...(monitored ? ["ignore_startup_parameters = extra_float_digits"] : []),
    // Empty: the journal is the log, so that `journalctl -fu 'pgbouncer@*'` follows it.
    "logfile =",
    "",
  ].join("\n");
}

// Plain passwords: a SCRAM verifier would become invalid each time the role's password is set again.
function userlist({ primary, adminPassword }: PgBouncerPlan): string {
  return `"${primary.user}" "${primary.password}"\n"pgbouncer" "${adminPassword}"\n`;
}
