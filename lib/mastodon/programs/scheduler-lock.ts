// Sidekiq with the queue `scheduler` runs only while its machine holds a lock in PostgreSQL: `schedulerLock(program)`, `LOCKED` in its unit.
// Clouds stop old machines in different ways and times; a lock works on all of them, and also when the page moves the scheduler to another group.

import { join } from "node:path";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit, UnitSection } from "../../core/unit";
import { KILL_AFTER_SECONDS, STOP_SECONDS } from "../limits";
import { SQL_COMMAND, STATE, TASK_ENV } from "./prepare";

const UNIT = "mastodon-scheduler-lock.service";
const COMMAND = "/usr/local/sbin/mastodon-scheduler-lock";
const SAYS = "/run/mastodon-scheduler-lock";

/** How long Sidekiq may run after the last confirmation of its lock. */
const LEASE_SECONDS = 90;
/** How long another machine waits that cannot know whether it has stopped: the lease, 20 s to see its end, the time to stop, and 40 s more. */
const WAIT_SECONDS = LEASE_SECONDS + 20 + STOP_SECONDS + KILL_AFTER_SECONDS + 40;

/** Lines of Sidekiq's unit: it starts once the lock is held, and stops when the lock is lost. */
export const LOCKED: UnitSection = { BindsTo: UNIT, After: UNIT };

/** The unit that holds the lock; `sidekiq` is the one process that needs it. Straight at PostgreSQL, as the database task is. */
export function schedulerLock(program: Program, sidekiq: string): void {
  program
    .add({
      kind: "file",
      path: COMMAND,
      content: script(join(__dirname, "scheduler-lock.sh"), {
        LEASE_SECONDS,
        WAIT_SECONDS,
        UNIT: sidekiq,
        ENV_FILE: TASK_ENV,
        SQL_COMMAND,
        STATE,
        SAYS,
      }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${UNIT}`,
      content: unit({
        Unit: [
          {
            Description: "The lock of the one scheduler",
            Wants: "network-online.target",
            After: "network-online.target haproxy.service",
          },
          // Sidekiq stops when this ends, and has to start again when it is back.
          { Wants: sidekiq, ...NEVER_GIVEN_UP },
        ],
        Service: {
          Type: "notify",
          NotifyAccess: "all",
          ExecStart: COMMAND,
          ...RESTARTED,
          RestartSec: 2,
          TimeoutStartSec: "infinity",
          // psql must not be ended before the lock is given back.
          KillMode: "mixed",
        },
        Install: AT_BOOT,
      }),
    })
    .add({ kind: "start", units: [UNIT] })
    .readyWhen(`systemctl is-active --quiet ${UNIT} || { cat ${SAYS} 2>/dev/null || echo 'nobody asks for the lock'; false; }`);
}
