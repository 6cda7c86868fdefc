// PostgreSQL on a single machine: `postgres(program, plan)`. With standbys Patroni runs it instead (patroni.ts), also over the same disk.

import { join } from "node:path";
import { Program, Taken, Text } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { NEVER_GIVEN_UP, unit } from "../../core/unit";
import { isMonitored } from "../monitoring/monitored";
import { AS_POSTGRES, BIN, CONF, DATA, DISK, HBA, MAJOR, ROLES, SECRETS, UNIT } from "./postgres-names";
import { confLines, hba, parameters, ServerSize } from "./postgres-parameters";

export interface PostgresPlan extends ServerSize {
  readonly network: string;
  readonly device: Text;
  readonly databasePassword: Secret;
  readonly replicationPassword: Secret;
}

const OF_MEMORY = `^(${Object.keys(parameters({ gib: 1, diskGib: 1, maxConnections: 20 }).ofMemory).join("|")}) `;

const TAKEN: Taken = {
  what: "PostgreSQL",
  does: "reload",
  script: script(join(__dirname, "postgres-settings.sh"), { UNIT, CONF, HBA, DATA, BIN, MAJOR, AS_POSTGRES }),
};

const READY = `systemctl is-active -q ${UNIT} && [ "$(${AS_POSTGRES} psql -XAtqc 'select pg_is_in_recovery()' 2>/dev/null)" = f ] || { [ ! -e ${DATA}/standby.signal ] || { echo "this PostgreSQL was a standby, and the page has no other: runuser -u postgres -- pg_ctlcluster ${MAJOR} main promote makes it the primary"; false; } && echo "PostgreSQL does not answer: $(journalctl -u ${UNIT} -n 1 -o cat --no-pager)"; false; }`;

// Debian writes a file without a limit of size. Patroni's PostgreSQL writes to the journal by itself, which takes messages of any length whole.
const IN_JOURNAL = { log_destination: "syslog", syslog_split_messages: "off", syslog_sequence_numbers: "off" };

export interface SinglePlan extends PostgresPlan {
  /** How the names of the slots of its standbys begin, on a page that had some. */
  readonly slots: string;
}

export function postgres(program: Program, plan: SinglePlan): void {
  const { ofMemory, shared } = parameters(plan);
  const conf = confLines({ listen_addresses: "*", ...IN_JOURNAL, ...ofMemory, ...shared });
  server(program, plan);
  program
    .add({ kind: "file", path: CONF, content: conf, renewedLines: OF_MEMORY, taken: TAKEN })
    .add({ kind: "file", path: HBA, content: `${hba(plan.network).join("\n")}\n`, taken: TAKEN })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${UNIT}.service.d/10-mastodon.conf`,
      // Debian leaves a postmaster that was killed dead, for the sake of pg_ctlcluster; nobody is here to use that.
      content: unit({
        Unit: NEVER_GIVEN_UP,
        Service: { TimeoutStartSec: "infinity", Restart: "on-failure", RestartSec: 5 },
      }),
    })
    .add({
      kind: "run",
      why: "PostgreSQL",
      script: script(join(__dirname, "postgres.sh"), { UNIT, CONF, HBA, DATA, MAJOR, ROLES, SLOTS: plan.slots }),
    })
    .readyWhen(READY);
}

/** What every PostgreSQL machine has: the packages, the disk, and the roles' passwords with the script that sets them. */
export function server(program: Program, plan: PostgresPlan, further: Readonly<Record<string, Secret>> = {}): void {
  const secrets = { DATABASE_PASSWORD: plan.databasePassword, REPLICATION_PASSWORD: plan.replicationPassword, ...further };
  program
    .add({
      kind: "file",
      path: "/etc/postgresql-common/createcluster.d/10-mastodon.conf",
      content:
        "create_main_cluster = false\ninitdb_options = '--data-checksums --locale-provider=builtin --builtin-locale=C.UTF-8 --encoding=UTF8'\n",
    })
    .add({ kind: "package", names: [`postgresql-${MAJOR}`] })
    .add({
      kind: "file",
      path: SECRETS,
      content: Object.entries(secrets)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
      mode: "0600",
      owner: "postgres:postgres",
    })
    .add({ kind: "file", path: ROLES, content: () => roles(isMonitored(program)), mode: "0755" })
    .add({ kind: "mount", device: plan.device, at: DISK })
    .add({ kind: "run", why: "the data's owner", script: OWNER });
}

function roles(monitored: boolean): string {
  const own = script(join(__dirname, "postgres-roles.sh"), { SECRETS });
  return monitored ? `${own}${script(join(__dirname, "../monitoring/postgres-exporter-role.sh"))}` : own;
}

// The uid of postgres depends on which packages were installed first, so a kept disk may belong to another user.
const OWNER = `chown postgres:postgres ${DISK}
rm -f ${DISK}/.patroni.pgpass
if [ -e ${DATA}/PG_VERSION ] && [ "$(stat -c %U ${DATA})" != postgres ]; then
  chown -R postgres:postgres ${DISK}/${MAJOR}
fi
`;
