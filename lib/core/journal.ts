// The journal of a host, which is all its logs, and its limits: `program.add(...journal({ gib: 1, days: 30 }))`.

import { Construct } from "constructs";
import { Problems } from "./problems";
import { Step } from "./program";
import { wholeNumber } from "./whole-number";

export interface KeptLogs {
  /**
   * Disk space for the journal of each machine, in GiB; the oldest lines are deleted first. More keeps the logs of busy machines for longer, and takes
   * the space from their root disk. A change is delivered to kept machines and replaces the machines of pools.
   * @default 1
   * @throws at synth if it is not a whole number from 1 to 10
   */
  readonly keepGib?: number;
  /**
   * After how many days lines are deleted. They contain addresses of people who use the site. A change is delivered to kept machines and replaces the
   * machines of pools.
   * @default 30
   * @throws at synth if it is not a whole number from 1 to 365
   */
  readonly keepDays?: number;
}

export interface JournalLimits {
  readonly gib: number;
  readonly days: number;
}

/** The limits that a page gives. Wrong ones are problems of `site`. */
export function journalOf(site: Construct, problems: Problems, { keepGib = 1, keepDays = 30 }: KeptLogs = {}): JournalLimits {
  return {
    // The smallest root disks of clouds have 25 GiB.
    gib: wholeNumber(problems, site, "logs.keepGib", keepGib, { least: 1, most: 10 }),
    days: wholeNumber(problems, site, "logs.keepDays", keepDays, { least: 1, most: 365 }),
  };
}

/** The last of all names wins: Debian's own file `syslog.conf`, which sends each line to a socket that nobody reads, would win over `10-…`. */
const CONF = "/etc/systemd/journald.conf.d/zz-mastodon.conf";

// systemd keeps the sockets of running services while the journal restarts, so no line is lost. It has no reload before version 258.
const RESTART = "systemctl restart systemd-journald\n";

export function journal(limits: JournalLimits): readonly Step[] {
  return [
    {
      kind: "file",
      path: CONF,
      content: conf(limits),
      taken: { what: "the journal", does: "restart", script: RESTART },
    },
    // What came before the disk was there is in memory.
    { kind: "run", why: "journal", script: `${RESTART}journalctl --flush\n` },
  ];
}

// A file is deleted as a whole, by the age of its first line or for the space: so there are some thirty in the time, and sixteen in the space. A disk
// that becomes full takes old lines first (`SystemKeepFree`). The rate is systemd's own, for images that have another one: a service may write so many
// lines, and four times as many while the journal has space. One that repeats itself then does not push out the lines of all others within minutes.
function conf({ gib, days }: JournalLimits): string {
  return `[Journal]
Storage=persistent
SystemMaxUse=${gib}G
SystemMaxFileSize=${gib * 64}M
SystemKeepFree=1G
MaxRetentionSec=${days}day
MaxFileSec=${Math.ceil(days / 30)}day
RateLimitIntervalSec=30s
RateLimitBurst=10000
ForwardToSyslog=no
`;
}
