// The file of nginx with a line for each request, and its limits: `program.add(...accessLog())`. A journal would hold as many of them only at the cost of
// all other lines, and journald drops lines above its rate.

import { Step } from "../../core/program";
import { unit } from "../../core/unit";

export const ACCESS_LOG = "/var/log/nginx/access.log";

/** The size in MiB from which on the file is put aside, before its day is over. Of those that were, Debian keeps 14, and compresses all but the last. */
const MOST_MIB = 64;
/** Between two looks at the size. A file is larger by what is written meanwhile: 1000 requests a second are 150 MB. */
const LOOK_MINUTES = 10;

export function accessLog(): readonly Step[] {
  return [
    { kind: "package", names: ["logrotate"] },
    // The first of all files in that directory: it sets a default for those after it, so that they stay Debian's own.
    { kind: "file", path: "/etc/logrotate.d/00-mastodon", content: `maxsize ${MOST_MIB}M\n` },
    {
      kind: "file",
      path: "/etc/systemd/system/logrotate.timer.d/10-mastodon.conf",
      content: unit({ Timer: { OnCalendar: ["", `*:0/${LOOK_MINUTES}`], RandomizedDelaySec: 60 } }),
    },
    { kind: "start", units: ["logrotate.timer"] },
  ];
}
