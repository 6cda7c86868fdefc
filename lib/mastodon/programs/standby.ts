// What a standby needs besides Patroni: `standby(program, "database-2")` says whether it is in time, and copies the primary anew when it must.

import { join } from "node:path";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { hasMetrics } from "../monitoring/monitored";
import { PATRONI_PORT, POSTGRES_LAG_PORT } from "../ports";
import { AS_POSTGRES, PATRONI_UNIT, PATRONICTL, STATUS } from "./postgres-names";

/** A standby that is further behind serves no reads. */
export const MOST_LAG_SECONDS = 10;

export function standby(program: Program, self: string): void {
  inTime(program);
  healing(program, self);
}

// What Patroni says of a standby's lag are bytes, and seconds old.
function inTime(program: Program): void {
  hasMetrics(program, "nginx");
  program
    .add({
      kind: "file",
      path: "/usr/local/sbin/replica-in-time",
      content: script(join(__dirname, "replica-in-time.sh"), { AS_POSTGRES, STATUS, MOST_LAG_SECONDS }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/replica-in-time.service",
      content: unit({
        Unit: { Description: "Says whether this standby is in time", ...NEVER_GIVEN_UP },
        Service: {
          ExecStart: "/usr/local/sbin/replica-in-time",
          ExecStopPost: `-/bin/rm -f ${STATUS}/in-time`,
          RuntimeDirectory: STATUS.replace("/run/", ""),
          RuntimeDirectoryPreserve: true,
          ...RESTARTED,
        },
        Install: AT_BOOT,
      }),
    })
    .add({ kind: "file", path: "/etc/nginx/conf.d/replica-in-time.conf", content: ANSWERS })
    .add({
      kind: "file",
      path: "/etc/systemd/system/nginx.service.d/10-mastodon.conf",
      content: unit({ Unit: NEVER_GIVEN_UP, Service: RESTARTED }),
    })
    .add({ kind: "run", why: "what others may ask", script: "rm -f /etc/nginx/sites-enabled/default\n" })
    .add({ kind: "start", units: ["nginx.service", "replica-in-time.service"] });
}

const ANSWERS = `server {
  listen ${POSTGRES_LAG_PORT};
  access_log off;
  log_not_found off;
  default_type text/plain;
  root ${STATUS};
  location = /in-time { }
  location / { return 404; }
}
`;

// Patroni itself leaves a standby alone whose primary no longer keeps the log that it lacks.
function healing(program: Program, self: string): void {
  program
    .add({
      kind: "file",
      path: "/usr/local/sbin/standby-heal",
      content: script(join(__dirname, "standby-heal.sh"), { PATRONI_UNIT, PATRONI_PORT, PATRONICTL, SELF: self }),
      mode: "0755",
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/standby-heal.service",
      content: unit({
        Unit: { Description: "Copies the primary anew when it no longer keeps the log that this standby lacks" },
        Service: { Type: "oneshot", ExecStart: "/usr/local/sbin/standby-heal", LogLevelMax: "notice" },
      }),
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/standby-heal.timer",
      content: unit({
        Unit: { Description: "Looks once a minute whether this standby can follow" },
        Timer: { OnActiveSec: 60, OnUnitActiveSec: 60 },
        Install: { WantedBy: "timers.target" },
      }),
    })
    .add({ kind: "start", units: ["standby-heal.timer"] });
}
