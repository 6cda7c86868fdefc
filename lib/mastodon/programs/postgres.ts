// Installs PostgreSQL on a machine at its first boot, or when the machine is replaced and keeps its disk: `postgres(program, plan)`.
// All machines of a tier do the same; `postgres-role.ts` decides the role of each.

import { join } from "node:path";
import { KEEPALIVE } from "../../core/limits";
import { Program, Taken, Text } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { NEVER_GIVEN_UP, unit } from "../../core/unit";
import { AS_POSTGRES, CONF, HBA, PASSFILE, PLACE, ROLE, SECRETS, STATUS, UNIT } from "./postgres-names";
import { ASK, ASK_SCRIPT, role, ROLE_SCRIPT, RUN_ROLE } from "./postgres-role";
import { watch } from "./postgres-watch";

export interface PostgresPlan {
  /** Its own name. */
  readonly self: string;
  /** Whether it creates the database if there is none yet. */
  readonly first: boolean;
  /** The names of the machines that must have answered before that. */
  readonly others: readonly string[];
  /** The names of the synchronous standbys, one of which must have each commit; none if replication is asynchronous. */
  readonly synchronous: readonly string[];
  readonly network: string;
  readonly gib: number;
  readonly diskGib: number;
  readonly maxConnections: number;
  readonly device: Text;
  readonly databasePassword: Secret;
  readonly replicationPassword: Secret;
}

export function postgres(program: Program, plan: PostgresPlan): void {
  common(program, plan);
  watch(program);
  program
    .add({ kind: "run", why: "PostgreSQL finds its part", script: RUN_ROLE })
    .add({ kind: "run", why: "roles and database", script: ROLES })
    .readyWhen(READY);
}

// A standby that follows, or the primary itself, and both as others see them.
const READY = `grep -qE '^role=(primary|standby)$' ${STATUS}/status && { [ -e ${STATUS}/primary ] || [ -e ${STATUS}/replica ]; } || { echo "PostgreSQL is neither primary nor in step with one, but $(sed -n 's/^role=//p' ${STATUS}/status)"; false; }`;

// Made of the machine's memory, which only a renewal changes: with more than there is PostgreSQL would not start again.
const OF_MEMORY = "^(shared_buffers|effective_cache_size|maintenance_work_mem) ";

const TAKEN: Taken = {
  what: "PostgreSQL",
  does: "reload",
  script: script(join(__dirname, "postgres-settings.sh"), { UNIT, CONF, HBA, PLACE, AS_POSTGRES }),
};

function common(program: Program, plan: PostgresPlan): void {
  program
    .add({
      kind: "file",
      path: "/etc/postgresql-common/createcluster.d/10-mastodon.conf",
      content:
        "create_main_cluster = false\ninitdb_options = '--data-checksums --locale-provider=builtin --builtin-locale=C.UTF-8 --encoding=UTF8'\n",
    })
    .add({ kind: "package", names: ["postgresql-17"] })
    .add({ kind: "file", path: CONF, content: configuration(plan), renewedLines: OF_MEMORY, taken: TAKEN })
    .add({ kind: "file", path: HBA, content: hba(plan.network), taken: TAKEN })
    .add({
      kind: "file",
      path: SECRETS,
      content: `export DATABASE_PASSWORD=${plan.databasePassword}\nexport REPLICATION_PASSWORD=${plan.replicationPassword}\n`,
      mode: "0600",
    })
    .add({
      kind: "file",
      path: PASSFILE,
      content: `*:*:*:replicator:${plan.replicationPassword}\n`,
      mode: "0600",
      owner: "postgres:postgres",
    })
    .add({ kind: "file", path: ROLE, content: role(plan.self, plan.first, plan.others, plan.network) })
    .add({ kind: "file", path: ASK, content: ASK_SCRIPT })
    .add({ kind: "file", path: "/usr/local/sbin/postgres-role", content: ROLE_SCRIPT, mode: "0755" })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${UNIT}.service.d/10-mastodon.conf`,
      // Debian leaves a postmaster that was killed dead, for the sake of pg_ctlcluster; nobody is here to use that.
      content: unit({
        Unit: NEVER_GIVEN_UP,
        Service: {
          ExecStartPre: "+/usr/local/sbin/postgres-role",
          TimeoutStartSec: "infinity",
          Restart: "on-failure",
          RestartSec: 5,
        },
      }),
    })
    .add({ kind: "mount", device: plan.device, at: "/var/lib/postgresql" })
    .add({ kind: "run", why: "the data's owner", script: OWNER });
}

function configuration({ gib, diskGib, maxConnections, synchronous }: PostgresPlan): string {
  const diskMib = diskGib * 1024;
  const mib = Math.floor(gib * 1024);
  const workMem = Math.min(32, Math.max(4, Math.floor(mib / 4 / maxConnections)));
  const settings: Record<string, string> = {
    listen_addresses: "'*'",
    max_connections: `${maxConnections}`,
    shared_buffers: `${Math.floor(mib / 4)}MB`,
    effective_cache_size: `${Math.floor(mib * 0.7)}MB`,
    maintenance_work_mem: `${Math.min(2048, Math.max(64, Math.floor(mib / 16)))}MB`,
    work_mem: `${workMem}MB`,
    max_wal_size: `${Math.min(2048, Math.floor(diskMib / 8))}MB`,
    random_page_cost: "1.1",
    wal_compression: "lz4",
    password_encryption: "'scram-sha-256'",
    // An adopted cluster has TLS off, which would shut out every client that requires it.
    ssl: "on",
    ssl_cert_file: "'/etc/ssl/certs/ssl-cert-snakeoil.pem'",
    ssl_key_file: "'/etc/ssl/private/ssl-cert-snakeoil.key'",
    wal_level: "replica",
    hot_standby: "on",
    wal_log_hints: "on",
    max_wal_senders: "10",
    max_replication_slots: "10",
    // Detects a standby or primary that no longer answers within seconds.
    tcp_keepalives_idle: `${KEEPALIVE.idleSeconds}s`,
    tcp_keepalives_interval: `${KEEPALIVE.intervalSeconds}s`,
    tcp_keepalives_count: `${KEEPALIVE.probes}`,
    wal_sender_timeout: "10s",
    wal_receiver_timeout: "10s",
    wal_retrieve_retry_interval: "1s",
    ...(synchronous.length > 0 && {
      synchronous_standby_names: `'ANY 1 (${synchronous.map((name) => `"${name}"`).join(", ")})'`,
    }),
    // Limits the log kept for a standby that is down, which would fill the primary's disk.
    max_slot_wal_keep_size: `${Math.min(8192, Math.floor(diskMib / 4))}MB`,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("");
}

function hba(network: string): string {
  return [
    "local   all          all                        peer",
    `hostssl all          mastodon    ${network}  scram-sha-256`,
    `hostssl replication  replicator  ${network}  scram-sha-256`,
    // For pg_rewind, which reads files through an ordinary connection.
    `hostssl postgres     replicator  ${network}  scram-sha-256`,
    "",
  ].join("\n");
}

// The uid of postgres depends on which packages were installed first, so a kept disk may belong to another user.
const OWNER = `chown postgres:postgres /var/lib/postgresql
if [ -e /var/lib/postgresql/17/main/PG_VERSION ] && [ "$(stat -c %U /var/lib/postgresql/17/main)" != postgres ]; then
  chown -R postgres:postgres /var/lib/postgresql/17
fi
`;

// Passwords come from the environment: an argument would show in the process list, and a failed statement in the log.
const ROLES = `. ${SECRETS}
until ${AS_POSTGRES} pg_isready -q -t 1; do sleep 0.5; done
if [ "$(${AS_POSTGRES} psql -XAtqc 'select pg_is_in_recovery()')" = f ]; then
  ${AS_POSTGRES} psql -v ON_ERROR_STOP=1 -Xq <<'SQL'
\\getenv database_password DATABASE_PASSWORD
\\getenv replication_password REPLICATION_PASSWORD
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
-- No standby can be there before these roles are.
SET synchronous_commit = 'local';
SELECT 'CREATE ROLE mastodon LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mastodon') \\gexec
SELECT 'CREATE ROLE replicator LOGIN REPLICATION' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator') \\gexec
ALTER ROLE mastodon PASSWORD :'database_password';
ALTER ROLE replicator PASSWORD :'replication_password';
SELECT 'CREATE DATABASE mastodon OWNER mastodon' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mastodon') \\gexec
-- What pg_rewind reads.
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), pg_read_binary_file(text),
  pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;
SQL
fi
`;
