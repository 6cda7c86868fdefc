// Restarts hung processes of Mastodon and PgBouncer: `watchdog(program)`, once on each machine that has any.
// The script explains what counts as hung, and why a process that is busy or waits for another machine does not.

import { join } from "node:path";
import { Part, Program } from "../../core/program";
import { script } from "../../core/script";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { POOLER_WAIT_SECONDS } from "../limits";
import { PUMA_PORT } from "../ports";

/** The interval of its checks. */
const TICK_SECONDS = 5;
/** Puma's processes and Sidekiq's wake at least every 10 s, to tell that they live; PgBouncer wakes three times a second. */
const STILL_SECONDS = 40;
/** How long streaming may need for its first response. */
const ANSWER_SECONDS = 30;
/** Longer than all that a request may wait for: 15 s for a connection to PostgreSQL, and its time in PgBouncer. Two more looks follow. */
const STUCK_SECONDS = 15 + POOLER_WAIT_SECONDS;

export function watchdog(program: Program): void {
  program.part(WATCHDOG);
}

const WATCHDOG = new Part((program) => {
  const content = script(join(__dirname, "watchdog.sh"), {
    PUMA_PORT,
    TICK_SECONDS,
    STILL_SECONDS,
    ANSWER_SECONDS,
    STUCK_SECONDS,
  });
  program
    .add({ kind: "package", names: ["curl"] })
    .add({ kind: "file", path: "/usr/local/sbin/mastodon-watchdog", content, mode: "0755" })
    .add({ kind: "file", path: "/etc/systemd/system/mastodon-watchdog.service", content: UNIT })
    .add({ kind: "start", units: ["mastodon-watchdog.service"] });
});

const UNIT = unit({
  Unit: { Description: "Starts hung processes anew", ...NEVER_GIVEN_UP },
  Service: { ExecStart: "/usr/local/sbin/mastodon-watchdog", ...RESTARTED, RestartSec: 5 },
  Install: AT_BOOT,
});
