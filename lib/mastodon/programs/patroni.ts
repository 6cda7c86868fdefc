// PostgreSQL with standbys, run by Patroni, which decides with etcd who is primary: `patroni(program, plan)`.

import { join } from "node:path";
import { stringify } from "yaml";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { ETCD_PORT, PATRONI_PORT, POSTGRES_PORT } from "../ports";
import { postgresCluster } from "./patroni-settings";
import { PostgresPlan, server } from "./postgres";
import {
  BIN,
  CONF,
  DATA,
  DISK,
  DYNAMIC,
  MAJOR,
  PATRONI_CONF,
  PATRONI_UNIT,
  PATRONICTL,
  ROLES,
  SECRETS,
  STATUS,
} from "./postgres-names";
import { confLines, parameters } from "./postgres-parameters";
import { standby } from "./standby";

/** When another machine becomes primary, in Patroni's words. */
export interface Lease {
  readonly ttlSeconds: number;
  readonly loopSeconds: number;
  readonly retrySeconds: number;
  readonly mostLagMib: number;
  readonly failsafe: boolean;
}

export interface PatroniPlan extends PostgresPlan {
  /** The cluster's name. */
  readonly cluster: string;
  readonly self: string;
  /** Whether it makes the first cluster, once `others` have said that they have none. */
  readonly first: boolean;
  readonly others: readonly string[];
  readonly firstMachine: string;
  /** The machines with members of etcd. */
  readonly etcd: () => readonly string[];
  readonly lease: Lease;
  readonly synchronous: boolean | "strict";
  readonly tags: Readonly<Record<string, boolean>>;
  /** Whether the machine has a kernel of its own, which a watchdog may reset. */
  readonly ownKernel: boolean;
  readonly patroniPassword: Secret;
  readonly etcdPassword: Secret;
}

/** How long before the end of its lease a primary that Patroni no longer renews is reset. */
const SAFETY_SECONDS = 5;
const ENVIRONMENT = "/run/patroni.env";
const PREPARED = "/var/lib/cdktf-mastodon-patroni";
const PENDING = "/var/lib/cdktf-mastodon-patroni-newest";
// Not after a crash, when there is no main process any more.
const CHECKPOINT = `-/bin/sh -c '[ -z "$MAINPID" ] || exec timeout 100 psql -Xqc CHECKPOINT postgres'`;
const FIRST_ALONE = "/usr/local/sbin/first-alone";

export function patroni(program: Program, plan: PatroniPlan): void {
  server(program, plan, { PATRONI_PASSWORD: plan.patroniPassword, ETCD_PASSWORD: plan.etcdPassword });
  const prefix = `${plan.network.split(".").slice(0, 2).join(".")}.`;
  const settings = {
    PATRONI_UNIT,
    PATRONI_PORT,
    DYNAMIC,
    PATRONICTL,
    CLUSTER: plan.cluster,
    PENDING,
    LOOP_SECONDS: plan.lease.loopSeconds,
  };
  const taken = {
    what: "PostgreSQL",
    does: "reload",
    script: script(join(__dirname, "patroni-settings.sh"), settings),
  } as const;
  program
    .add({ kind: "package", names: ["patroni", "python3-etcd", "python3-dnspython", "nginx-light", "curl"] })
    .add({ kind: "file", path: PATRONI_CONF, content: () => stringify(ofThisMachine(plan), { version: "1.1" }), taken })
    .add({ kind: "file", path: CONF, content: confLines(parameters(plan).ofMemory) })
    .add({ kind: "file", path: DYNAMIC, content: `${JSON.stringify(postgresCluster(plan), null, 1)}\n`, taken })
    .add({
      kind: "file",
      path: PATRONICTL,
      content: script(join(__dirname, "patronictl.sh"), { ENVIRONMENT, PATRONI_CONF }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: "/usr/local/sbin/patroni-start",
      content: script(join(__dirname, "patroni-start.sh"), {
        PREFIX: prefix,
        FIRST: plan.first ? "yes" : "no",
        FIRST_ALONE,
        FIRST_MACHINE: plan.firstMachine,
        OLDER: `${DISK}/older-than-${plan.firstMachine}`,
        PATRONICTL,
        OTHERS: plan.others.join(" "),
        WATCHDOG: plan.ownKernel ? "yes" : "no",
        ENVIRONMENT,
        DATA,
        DISK,
        MAJOR,
        SECRETS,
        PATRONI_PORT,
        POSTGRES_PORT,
      }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${PATRONI_UNIT}.service.d/10-mastodon.conf`,
      content: unit({
        // Its package enables it: a machine that restarts before its disk is mounted must not make a cluster beside it.
        Unit: { ...NEVER_GIVEN_UP, RequiresMountsFor: DISK, ConditionPathExists: PREPARED },
        Service: {
          EnvironmentFile: `-${ENVIRONMENT}`,
          ExecStartPre: "+/usr/local/sbin/patroni-start",
          TimeoutStartSec: "infinity",
          // What PostgreSQL has to write out is written while Patroni still renews the lease. Clouds give a machine three minutes to shut down.
          ExecStop: CHECKPOINT,
          TimeoutStopSec: 150,
          // As Debian's own unit of PostgreSQL has it: a postmaster that is killed for lack of memory costs all sessions, one session does not.
          OOMScoreAdjust: -900,
          OOMPolicy: "continue",
          Environment: "PG_OOM_ADJUST_FILE=/proc/self/oom_score_adj",
          ...RESTARTED,
          // It says so each few seconds.
          LogFilterPatterns: "~no action\\. I am",
        },
      }),
    })
    .add({ kind: "run", why: "Patroni", script: script(join(__dirname, "patroni.sh"), { PATRONI_UNIT, PREPARED, PENDING }) });
  ofTheNewestPage(program);
  if (!plan.first) {
    program
      .add({
        kind: "file",
        path: FIRST_ALONE,
        content: script(join(__dirname, "first-alone.sh"), { FIRST: plan.firstMachine, PATRONI_PORT, POSTGRES_PORT }),
        mode: "0755",
      })
      // Whatever else this machine needs comes with that renewal, so the deploy does not wait for it.
      .readyWhen(`{ ! ${FIRST_ALONE} || exit 0; }`);
  }
  standby(program, plan.self);
  program.readyWhen("/usr/local/sbin/patroni-ready").add({
    kind: "file",
    path: "/usr/local/sbin/patroni-ready",
    content: script(join(__dirname, "patroni-ready.sh"), { PATRONI_UNIT, PATRONI_PORT, STATUS, SELF: plan.self }),
    mode: "0755",
  });
}

// Once after each renewal, and not at later boots: a machine whose boot text is older than the page would take the settings back.
function ofTheNewestPage(program: Program): void {
  program
    .add({
      kind: "file",
      path: "/usr/local/sbin/patroni-newest",
      content: script(join(__dirname, "patroni-newest.sh"), { PATRONI_PORT, DYNAMIC, PATRONICTL, PENDING }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/patroni-newest.service",
      content: unit({
        Unit: { Description: "Gives Patroni the settings of the page", ConditionPathExists: PENDING },
        Service: { Type: "simple", ExecStart: "/usr/local/sbin/patroni-newest" },
        Install: AT_BOOT,
      }),
    })
    .add({ kind: "start", units: ["patroni-newest.service"] });
}

/** Settings that are this machine's own. Its passwords and its address come from the environment. */
function ofThisMachine(plan: PatroniPlan): object {
  return {
    scope: plan.cluster,
    name: plan.self,
    restapi: { listen: `0.0.0.0:${PATRONI_PORT}` },
    etcd3: { hosts: plan.etcd().map((name) => `${name}:${ETCD_PORT}`) },
    ...(plan.first && {
      bootstrap: {
        dcs: postgresCluster(plan),
        initdb: [
          "data-checksums",
          { encoding: "UTF8" },
          { "locale-provider": "builtin" },
          { "builtin-locale": "C.UTF-8" },
          { locale: "C.UTF-8" },
        ],
        post_bootstrap: ROLES,
      },
    }),
    postgresql: {
      listen: `*:${POSTGRES_PORT}`,
      data_dir: DATA,
      bin_dir: BIN,
      pgpass: `${DISK}/.patroni.pgpass`,
      use_unix_socket: true,
      authentication: {
        superuser: { username: "postgres" },
        replication: { username: "replicator", sslmode: "require" },
        rewind: { username: "replicator", sslmode: "require" },
      },
      callbacks: { on_start: ROLES, on_role_change: ROLES },
      // An old primary that cannot be rewound is copied from the new one.
      remove_data_directory_on_rewind_failure: true,
      remove_data_directory_on_diverged_timelines: true,
      basebackup: [{ checkpoint: "fast" }],
      // A renewal changes it together with the memory.
      custom_conf: CONF,
    },
    watchdog: plan.ownKernel ? { mode: "automatic", device: "/dev/watchdog", safety_margin: SAFETY_SECONDS } : { mode: "off" },
    ...(Object.keys(plan.tags).length > 0 && { tags: plan.tags }),
  };
}
