// What a PostgreSQL machine does at its first boot, or when it is made anew over its disk: `primary(program, plan)`.
// Debian keeps a cluster's configuration outside its data, so an adopted cluster gets all of its configuration from here.

import { Program, Text } from "../../core/program";
import { Secret } from "../../core/secret";

export interface PostgresPlan {
  readonly network: string;
  readonly gib: number;
  readonly diskGib: number;
  readonly maxConnections: number;
  readonly device: Text;
  readonly databasePassword: Secret;
  readonly replicationPassword: Secret;
}

const CONF = "/etc/mastodon/postgres/50-mastodon.conf";
const HBA = "/etc/mastodon/postgres/pg_hba.conf";
const SECRETS = "/etc/mastodon/postgres/secrets";
const PASSFILE = "/etc/mastodon/postgres/replicator.pgpass";
const UNIT = "postgresql@17-main";
const AS_POSTGRES = "runuser -u postgres --";

/** The primary: makes the cluster, the roles and the database where they are missing. */
export function primary(program: Program, plan: PostgresPlan): void {
  common(program, plan);
  program
    .add({ kind: "run", why: "PostgreSQL's cluster", script: CREATE_CLUSTER + INSTALL_CONFIGURATION })
    .add({ kind: "run", why: "PostgreSQL starts", script: `systemctl enable ${UNIT}\nsystemctl restart ${UNIT}\n` })
    .add({ kind: "run", why: "roles and database", script: ROLES })
    .readyWhen(`${AS_POSTGRES} psql -Atqc 'select 1' >/dev/null`);
}

/** A hot standby: copies the primary when its disk is empty, then follows it through a slot of its own. */
export function replica(program: Program, plan: PostgresPlan, names: { readonly primary: string; readonly self: string }): void {
  common(program, plan);
  const connection = `host=${names.primary} port=5432 user=replicator sslmode=require connect_timeout=3 application_name=${names.self}`;
  program
    .add({
      kind: "file",
      path: PASSFILE,
      content: `*:*:*:replicator:${plan.replicationPassword}\n`,
      mode: "0600",
      owner: "postgres:postgres",
    })
    .add({ kind: "run", why: `base backup of ${names.primary}`, script: baseBackup(connection, names.self) })
    .add({ kind: "run", why: "PostgreSQL's cluster", script: CREATE_CLUSTER + INSTALL_CONFIGURATION })
    .add({ kind: "run", why: "PostgreSQL follows", script: follow(connection, names.self) })
    .readyWhen(`[ "$(${AS_POSTGRES} psql -Atqc "select status from pg_stat_wal_receiver")" = streaming ]`);
}

function common(program: Program, plan: PostgresPlan): void {
  program
    .add({
      kind: "file",
      path: "/etc/postgresql-common/createcluster.d/10-mastodon.conf",
      content:
        "create_main_cluster = false\ninitdb_options = '--data-checksums --locale-provider=builtin --builtin-locale=C.UTF-8 --encoding=UTF8'\n",
    })
    .add({ kind: "package", names: ["postgresql-17"] })
    .add({ kind: "file", path: CONF, content: configuration(plan) })
    .add({ kind: "file", path: HBA, content: hba(plan.network) })
    .add({
      kind: "file",
      path: SECRETS,
      content: `export DATABASE_PASSWORD=${plan.databasePassword}\nexport REPLICATION_PASSWORD=${plan.replicationPassword}\n`,
      mode: "0600",
    })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${UNIT}.service.d/10-mastodon.conf`,
      // Debian leaves a postmaster that was killed dead, for the sake of pg_ctlcluster; nobody is here to use that.
      content: "[Unit]\nStartLimitIntervalSec=0\n\n[Service]\nRestart=on-failure\nRestartSec=5\n",
    })
    .add({ kind: "mount", device: plan.device, at: "/var/lib/postgresql" })
    .add({ kind: "run", why: "the data's owner", script: OWNER });
}

function configuration({ gib, diskGib, maxConnections }: PostgresPlan): string {
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
    // A standby that is gone must not fill the primary's disk.
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
    "",
  ].join("\n");
}

// The uid of postgres depends on which packages were installed first, so a kept disk may belong to another user.
const OWNER = `chown postgres:postgres /var/lib/postgresql
if [ -e /var/lib/postgresql/17/main/PG_VERSION ] && [ "$(stat -c %U /var/lib/postgresql/17/main)" != postgres ]; then
  chown -R postgres:postgres /var/lib/postgresql/17
fi
`;

// pg_createcluster takes over existing data only if the configuration files that Debian moves to /etc are in place.
const CREATE_CLUSTER = `data=/var/lib/postgresql/17/main etc=/etc/postgresql/17/main
if [ ! -e $etc/postgresql.conf ]; then
  if [ -e $data/PG_VERSION ]; then
    for name in postgresql pg_hba pg_ident; do
      [ -e $data/$name.conf ] || install -o postgres -g postgres -m 0640 /usr/share/postgresql/17/$name.conf.sample $data/$name.conf
    done
  fi
  pg_createcluster 17 main
fi
`;

const INSTALL_CONFIGURATION = `install -d -o postgres -g postgres $etc/conf.d
install -o postgres -g postgres -m 0640 ${CONF} $etc/conf.d/50-mastodon.conf
install -o postgres -g postgres -m 0640 ${HBA} $etc/pg_hba.conf
`;

// Passwords come from the environment: an argument would show in the process list, and a failed statement in the log.
const ROLES = `. ${SECRETS}
until ${AS_POSTGRES} pg_isready -q -t 1; do sleep 0.5; done
${AS_POSTGRES} psql -v ON_ERROR_STOP=1 -q <<'SQL'
\\getenv database_password DATABASE_PASSWORD
\\getenv replication_password REPLICATION_PASSWORD
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SELECT 'CREATE ROLE mastodon LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mastodon') \\gexec
SELECT 'CREATE ROLE replicator LOGIN REPLICATION' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator') \\gexec
ALTER ROLE mastodon PASSWORD :'database_password';
ALTER ROLE replicator PASSWORD :'replication_password';
SELECT 'CREATE DATABASE mastodon OWNER mastodon' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mastodon') \\gexec
SQL
`;

function slot(self: string): string {
  return self.replaceAll("-", "_");
}

// A slot whose WAL the primary no longer keeps says so by an empty place: such a standby can only begin anew. One that the primary does not
// know is no reason to: the primary may be new, or another one, and this the last copy.
function baseBackup(connection: string, self: string): string {
  const ask = `${AS_POSTGRES} psql -Atqc`;
  return `data=/var/lib/postgresql/17/main
primary="${connection} replication=true passfile=${PASSFILE}"
known=$(${ask} "READ_REPLICATION_SLOT ${slot(self)}" -d "$primary" 2>/dev/null || true)
if [ -e $data/PG_VERSION ] && [[ $known = "physical||"* ]]; then
  echo "boot: the primary no longer keeps what this standby has missed; it begins anew"
  systemctl stop ${UNIT} || true
  rm -rf $data
fi
if [ ! -e $data/PG_VERSION ]; then
  install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/17
  for attempt in $(seq 180); do
    rm -rf $data.new
    # Left by an earlier try, or by a standby that lost its disk.
    ${ask} "DROP_REPLICATION_SLOT ${slot(self)}" -d "$primary" >/dev/null 2>&1 || true
    if ${AS_POSTGRES} pg_basebackup -d "${connection} passfile=${PASSFILE}" -D $data.new -X stream -C -S ${slot(self)} -c fast 2>/run/basebackup.log; then
      break
    fi
    [ $((attempt % 10)) -ne 1 ] || tail -n 1 /run/basebackup.log
    [ "$attempt" -lt 180 ] || { echo "boot: no base backup after 180 tries" >&2; exit 1; }
    sleep 2
  done
  mv $data.new $data
elif [ "$known" = "||" ]; then
  ${ask} "CREATE_REPLICATION_SLOT ${slot(self)} PHYSICAL RESERVE_WAL" -d "$primary" >/dev/null
fi
`;
}

// Written anew at each run: pg_basebackup -R and pg_rewind would leave settings of another machine behind.
function follow(connection: string, self: string): string {
  return `${AS_POSTGRES} touch $data/standby.signal
cat >$etc/conf.d/60-standby.conf <<'CONF'
primary_conninfo = '${connection} passfile=${PASSFILE}'
primary_slot_name = '${slot(self)}'
CONF
systemctl enable ${UNIT}
systemctl restart ${UNIT}
`;
}
