// The database task: `prepare(program, plan)` on exactly one machine, `waitForPrepare(program, plan)` on all that serve.
// A row in a table of our own says which version the database is ready for; it reaches every replica like any other.

import { Env } from "../../core/env";
import { Program } from "../../core/program";
import { certificateVolumes } from "../trust";
import { volumeOptions } from "./application";

export interface PreparePlan {
  readonly image: string;
  readonly version: string;
  /** The task that fills an empty database, or migrates one that is not. */
  readonly task: string;
  readonly env: Env;
  /** Whether the database's password may hold more than letters and digits. */
  readonly foreign: boolean;
}

const TASK_ENV = "/etc/mastodon/task.env";
// direct: without it a first failure would fail the units that require this one, for good.
const RETRY = ["Restart=on-failure", "RestartMode=direct", "RestartSec=5"];
const SQL_COMMAND = "/usr/local/sbin/mastodon-sql";

/** Migrates the database straight at PostgreSQL, then says so in the table. */
export function prepare(program: Program, plan: PreparePlan): void {
  program
    .add({ kind: "file", path: TASK_ENV, content: () => plan.env.render(), mode: "0600" })
    .add({ kind: "file", path: SQL_COMMAND, content: sqlScript(plan.foreign), mode: "0755" })
    .add({ kind: "file", path: "/usr/local/sbin/mastodon-prepare", content: prepareScript(plan), mode: "0755" })
    .add({
      kind: "file",
      path: "/etc/systemd/system/mastodon-prepare.service",
      content: [
        "[Unit]",
        "Description=Mastodon's database task",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=oneshot",
        "RemainAfterExit=yes",
        ...RETRY,
        "ExecStart=/usr/local/sbin/mastodon-prepare",
        // A migration of a large table takes as long as it takes; cut off, it would start over.
        "TimeoutStartSec=infinity",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
      ].join("\n"),
    })
    .add({ kind: "start", units: ["mastodon-prepare.service"] });
}

/** A unit that ends when the database is ready for this version; what serves requires it. */
export function waitForPrepare(
  program: Program,
  plan: { readonly version: string; readonly envFile: string; readonly foreign: boolean; readonly waits: () => boolean },
): void {
  program
    .add({ kind: "file", path: SQL_COMMAND, content: sqlScript(plan.foreign), mode: "0755" })
    .add({
      kind: "file",
      path: "/usr/local/sbin/mastodon-wait",
      content: () =>
        plan.waits() ? waitScript(plan.version, plan.envFile) : "#!/bin/sh\n# This page does not prepare the database.\nexit 0\n",
      mode: "0755",
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/mastodon-wait.service",
      content: [
        "[Unit]",
        `Description=The database is prepared for Mastodon ${plan.version}`,
        "",
        "[Service]",
        "Type=oneshot",
        "RemainAfterExit=yes",
        ...RETRY,
        "TimeoutStartSec=infinity",
        "ExecStart=/usr/local/sbin/mastodon-wait",
        "",
      ].join("\n"),
    });
}

function prepareScript({ image, version, task, env }: PreparePlan): string {
  return `#!/bin/bash
# Prepares the database for Mastodon ${version} and says so.
set -euo pipefail
sql() { ${SQL_COMMAND} ${TASK_ENV} -v ON_ERROR_STOP=1 -Atqc "$1"; }
rails() { podman run --rm --replace --name mastodon-prepare --network host --env-file ${TASK_ENV} ${volumeOptions(certificateVolumes(env))}${image} bundle exec rails "$1"; }
until sql 'select 1' >/dev/null; do
  echo "waiting for PostgreSQL"
  sleep 2
done
rails ${task}
# A first run that was cut off behind the schema would never seed.
[ -n "$(sql 'select 1 from user_roles limit 1')" ] || rails db:seed
sql "${recordStatement(version)}"
`;
}

function waitScript(version: string, envFile: string): string {
  return `#!/bin/bash
# Ends when the database is prepared for Mastodon ${version}; complains after an hour, and is then started again.
set -uo pipefail
for _ in $(seq 720); do
  [ "$(${SQL_COMMAND} ${envFile} -Atqc "select 1 from cdktf_mastodon_prepared where version = '${version}'" 2>/dev/null)" != 1 ] || exit 0
  echo "waiting until the database is prepared for Mastodon ${version}"
  sleep 5
done
echo "the database was not prepared for Mastodon ${version} within an hour; see mastodon-prepare.service on the scheduler's machine" >&2
exit 1
`;
}

function recordStatement(version: string): string {
  return [
    "create table if not exists cdktf_mastodon_prepared (version text primary key, prepared_at timestamptz not null default now())",
    `insert into cdktf_mastodon_prepared (version) values ('${version}') on conflict (version) do update set prepared_at = now()`,
  ].join("; ");
}

// The file is read line by line, not sourced: values are literal, as podman reads them.
function sqlScript(foreign: boolean): string {
  // IFS would cut a single = from the end, which only somebody else's password can have.
  const loop = foreign
    ? ["while IFS= read -r line; do", "  name=${line%%=*} value=${line#*=}"]
    : ["while IFS='=' read -r name value; do"];
  return `#!/bin/bash
# psql with the database settings of an env file: mastodon-sql FILE [psql's arguments].
set -euo pipefail
file=$1
shift
${loop.join("\n")}
  case $name in
    DB_HOST) export PGHOST=$value ;;
    DB_PORT) export PGPORT=$value ;;
    DB_NAME) export PGDATABASE=$value ;;
    DB_USER) export PGUSER=$value ;;
    DB_PASS) export PGPASSWORD=$value ;;
    DB_SSLMODE) export PGSSLMODE=$value ;;
${foreign ? "    PGSSLROOTCERT) export PGSSLROOTCERT=$value ;;\n" : ""}  esac
done <"$file"
export PGCONNECT_TIMEOUT=5
exec psql "$@"
`;
}
