// The database task: `prepare(program, plan)` on exactly one machine, `waitForPrepare(program, plan)` on all that serve.
// Tables of this library record which version the database is ready for, and which tasks have begun; they are replicated like all others.

import { join } from "node:path";
import { Env } from "../../core/env";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { AT_BOOT, unit, UnitSection } from "../../core/unit";
import { DatabaseAdmin } from "../database";
import { certificateVolumes } from "../trust";
import { volumeOptions } from "./application";

export interface PreparePlan {
  readonly image: string;
  readonly version: string;
  /** The task that fills an empty database, or migrates one that is not. */
  readonly task: string;
  readonly env: Env;
  /** Who makes the role and the database of `env`, if they are not there. */
  readonly admin: DatabaseAdmin | undefined;
}

export const TASK_ENV = "/etc/mastodon/task.env";
// direct: without it a first failure would fail the units that require this one, for good.
const RETRY = { Restart: "on-failure", RestartMode: "direct", RestartSec: 5 } as const;
export const SQL_COMMAND = "/usr/local/sbin/mastodon-sql";
/** The state of these scripts that survives restarts. */
export const STATE = "/var/lib/mastodon";
const REFUSED = "/run/mastodon-refused";
/** The exit status of a task that would fail at every retry. */
const REFUSAL = 78;

const SQL = script(join(__dirname, "mastodon-sql.sh"));
const ADMIN_ENV = "/etc/mastodon/admin.env";
const MAKE_ROLE = "/usr/local/sbin/mastodon-role";

/** Migrates the database without the pooler, then records it in the table. */
export function prepare(program: Program, plan: PreparePlan): void {
  if (plan.admin !== undefined) makesRole(program, plan.env, plan.admin);
  program
    .add({ kind: "file", path: TASK_ENV, content: () => plan.env.render(), mode: "0600", from: () => plan.env.largest() })
    .add({ kind: "file", path: SQL_COMMAND, content: SQL, mode: "0755" })
    .add({ kind: "file", path: "/usr/local/sbin/mastodon-prepare", content: prepareScript(plan), mode: "0755" })
    .add({
      kind: "file",
      path: "/etc/systemd/system/mastodon-prepare.service",
      content: unit({
        Unit: { Description: "Mastodon's database task", Wants: "network-online.target", After: "network-online.target" },
        Service: {
          Type: "oneshot",
          RemainAfterExit: true,
          ...RETRY,
          RestartPreventExitStatus: REFUSAL,
          ...(plan.admin !== undefined && { ExecStartPre: MAKE_ROLE }),
          ExecStart: "/usr/local/sbin/mastodon-prepare",
          // A migration of a large table takes as long as it takes; cut off, it would start over.
          TimeoutStartSec: "infinity",
        },
        Install: AT_BOOT,
      }),
    })
    .add({ kind: "start", units: ["mastodon-prepare.service"] });
}

// The file with the admin's password is read by this script alone: the containers of Mastodon do not have it.
function makesRole(program: Program, env: Env, { user, password, database }: DatabaseAdmin): void {
  const same = ["DB_HOST", "DB_PORT", "DB_SSLMODE", "PGSSLROOTCERT"];
  const content = () => {
    const where = Object.entries(env.all).filter(([name]) => same.includes(name));
    const lines = [...where, ["DB_NAME", database], ["DB_USER", user], ["DB_PASS", password]];
    return lines.map(([name, value]) => `${name}=${value}\n`).join("");
  };
  program.add({ kind: "file", path: ADMIN_ENV, content, mode: "0600" }).add({
    kind: "file",
    path: MAKE_ROLE,
    content: script(join(__dirname, "role.sh"), { SQL_COMMAND, ADMIN_FILE: ADMIN_ENV, ENV_FILE: TASK_ENV }),
    mode: "0755",
  });
}

// A gate that reads such a line need not wait any longer.
const NOT_REFUSED = `{ ! cat ${REFUSED} 2>/dev/null; }`;

function prepareScript({ image, version, task, env }: PreparePlan): string {
  return script(join(__dirname, "prepare.sh"), {
    VERSION: version,
    IMAGE: image,
    TASK: task,
    VOLUMES: volumeOptions(certificateVolumes(env)),
    ENV_FILE: TASK_ENV,
    ...PATHS,
  });
}

function waitScript({ version, envFile }: { readonly version: string; readonly envFile: string }): string {
  return script(join(__dirname, "wait.sh"), { VERSION: version, ENV_FILE: envFile, ...PATHS });
}

const PATHS = { SQL_COMMAND, STATE, REFUSED };

const WAIT = "mastodon-wait.service";
/** Makes services wait until the database is ready for this version. */
export const PREPARED: UnitSection = { Requires: WAIT, After: WAIT };

/** A unit that ends when the database is ready for this version; services require it. */
export function waitForPrepare(
  program: Program,
  plan: { readonly version: string; readonly envFile: string; readonly waits: () => boolean },
): void {
  program
    .add({ kind: "file", path: SQL_COMMAND, content: SQL, mode: "0755" })
    .add({
      kind: "file",
      path: "/usr/local/sbin/mastodon-wait",
      content: () => (plan.waits() ? waitScript(plan) : "#!/bin/sh\n# This page does not prepare the database.\nexit 0\n"),
      mode: "0755",
    })
    .readyWhen(NOT_REFUSED)
    .add({
      kind: "file",
      path: `/etc/systemd/system/${WAIT}`,
      content: unit({
        Unit: { Description: `The database is prepared for Mastodon ${plan.version}` },
        Service: {
          Type: "oneshot",
          RemainAfterExit: true,
          ...RETRY,
          TimeoutStartSec: "infinity",
          ExecStart: "/usr/local/sbin/mastodon-wait",
        },
      }),
    });
}
