// Alerts about machines, whatever runs on them: away, full, out of memory, with a wrong clock, or without exporters; and pools with too few members.

import { BOOT_TEXT_OLDER } from "./boot-texts";
import { alert, AlertRule, instances, ONCE_UP, RuleGroup, UNWATCHED, WITH_MACHINE } from "./rule";
import { namesOf, Watched } from "./watched";

export function machineRules(page: Watched): RuleGroup {
  const alone = page.tiers.filter(({ machines }) => machines.length === 1).map(({ tier }) => tier);
  const several = page.tiers.filter(({ machines }) => machines.length > 1).map(({ tier }) => tier);
  const elsewhere = page.external.postgres.length + page.external.redis.length > 0;
  const databases = namesOf(page.external, "postgres");
  // PostgresDown and ExternalUnread tell of these.
  const told = databases.length > 0 ? ` unless up{job="postgres",${instances(databases)}}` : "";
  return {
    name: "machines",
    rules: [
      { record: UNWATCHED, expr: "up == 0 unless max_over_time(up[1d]) == 1" },
      ...away(
        alone,
        "critical",
        "The only machine of {{ $labels.tier }} is away, and what it does is not done",
        "Start it, or renew it with the command of the inventory.",
      ),
      ...away(
        several,
        "warning",
        "A machine of {{ $labels.tier }} is away; the others serve",
        "Start it before another one is lost.",
      ),
      alert({
        name: "MachineUnwatched",
        expr: `${UNWATCHED}{job="node",pool=""}`,
        for: "1h",
        severity: "warning",
        summary: "Nobody would hear of faults of {{ $labels.instance }}",
        description: "It was never measured, or not for a day. Renew it; `npx cdktf-mastodon inventory` names the command.",
      }),
      ...(page.delivers ? OLDER : []),
      ...(page.pools.some(({ stopsFirst }) => !stopsFirst) ? members("start-first") : []),
      ...(page.pools.some(({ stopsFirst }) => stopsFirst) ? members("stop-first") : []),
      alert({
        name: "ExporterDown",
        expr: `up{job!~"node|streaming|front-door|prometheus|alertmanager"} == 0 ${ONCE_UP} ${WITH_MACHINE}${told}`,
        for: "1m",
        severity: "warning",
        summary: "{{ $labels.job }} of {{ $labels.instance }} is not measured, so nobody would hear of its faults",
        // The exporter of an external server runs on the monitoring machine.
        description: `The machine answers, its metrics do not. Look there${elsewhere ? ", or on the monitoring machine for a server elsewhere," : ""} at \`systemctl --failed\`.`,
      }),
      alert({
        name: "UnitFailed",
        expr: `node_systemd_unit_state{state="failed",name=~"${UNITS}"} == 1`,
        for: "1m",
        severity: "warning",
        summary: "A service of {{ $labels.instance }} has failed and is not restarted",
        description: "{{ $labels.name }} failed. Look there at `journalctl -u {{ $labels.name }}`.",
      }),
      ...DISKS,
      ...KERNEL,
    ],
  };
}

// A day, since machines are renewed one after the other, and not while many people are there.
const OLDER: readonly AlertRule[] = [
  alert({
    name: "BootTextOlder",
    // Both monitoring machines have it.
    expr: `max by (machine) (${BOOT_TEXT_OLDER}) == 1`,
    for: "1d",
    severity: "warning",
    summary: "{{ $labels.machine }} does not have what the page says by now",
    description:
      "Its boot text is older than the page. Renew it; `npx cdktf-mastodon inventory` names the command and the order.",
  }),
];

function away(tiers: readonly string[], severity: "critical" | "warning", summary: string, first: string): readonly AlertRule[] {
  if (tiers.length === 0) return [];
  return [
    alert({
      name: "MachineDown",
      expr: `up{job="node",tier=~"${tiers.join("|")}",pool=""} == 0 unless ${UNWATCHED}`,
      for: "30s",
      severity,
      summary,
      description: `{{ $labels.instance }} has not answered for 30 s. ${first}`,
    }),
  ];
}

/** The number of members on the page. */
const MEMBERS = "pool:mastodon_members:page";
/** Those that have had the time to boot. */
const DUE = "pool:mastodon_members:due";

export function memberSeries({ pools }: Watched): RuleGroup {
  return {
    name: "pool series",
    rules: [
      ...pools.map(({ pool, role, members, stopsFirst }) => ({
        record: MEMBERS,
        expr: `vector(${members})`,
        labels: { pool, role, tier: pool, roll: stopsFirst ? "stop-first" : "start-first" },
      })),
      ...(pools.length > 0 ? [{ record: DUE, expr: `min_over_time(${MEMBERS}[15m]) and ${MEMBERS} offset 15m` }] : []),
    ],
  };
}

const WHOSE = "If settings are not delivered, the page is that of the monitoring machine's last renewal.";

// A roll-out of a pool that stops first removes the old member before the new one boots.
function members(roll: "start-first" | "stop-first"): readonly AlertRule[] {
  const all = `${DUE}{roll="${roll}"}`;
  const there = 'count by (pool, tier, role) (up{job="node",pool!=""} == 1)';
  return [
    alert({
      name: "PoolEmpty",
      expr: `${all} unless on (pool) ${there}`,
      for: roll === "stop-first" ? "10m" : "30s",
      severity: "critical",
      labels: { roll },
      summary: "No machine of {{ $labels.pool }} is left",
      description: `The page has {{ $value }}. Deploy it again; if that fails, its output says why. ${WHOSE}`,
    }),
    alert({
      name: "PoolMembersMissing",
      expr: `${there} < on (pool) group_left () ${all}`,
      for: roll === "stop-first" ? "10m" : "1m",
      severity: "warning",
      labels: { roll },
      summary: "{{ $labels.pool }} has fewer machines than the page, and less room for load",
      description: `{{ $value }} are there. Start the missing one, or deploy the page again. ${WHOSE}`,
    }),
  ];
}

// What the library starts.
const UNITS = "(mastodon|redis|patroni|postgres|etcd|pgbouncer|haproxy|nginx|prometheus|scheduler|boot-again).*";

// Not what has no disk behind it.
const REAL = 'fstype!~"tmpfs|ramfs|squashfs|iso9660|fuse.*"';
const FREE = `node_filesystem_avail_bytes{${REAL}} / node_filesystem_size_bytes{${REAL}}`;

const DISKS: readonly AlertRule[] = [
  alert({
    name: "DiskAlmostFull",
    expr: `${FREE} < 0.04`,
    for: "30s",
    severity: "critical",
    summary: "A disk of {{ $labels.instance }} is almost full: soon nothing can be written there",
    description:
      "{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} are free. Give the disk more GiB, or remove what is not needed.",
  }),
  alert({
    name: "DiskAlmostFull",
    expr: `${FREE} < 0.1`,
    for: "5m",
    severity: "warning",
    summary: "A disk of {{ $labels.instance }} has little room left",
    description: "{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} are free. Give the disk more GiB.",
  }),
  alert({
    name: "DiskFillsSoon",
    // What a new machine writes while it boots is no trend.
    expr: `predict_linear(node_filesystem_avail_bytes{${REAL}}[6h], 3 * 86400) < 0 and ${FREE} < 0.5 and node_filesystem_avail_bytes offset 1h`,
    for: "1h",
    severity: "warning",
    summary: "A disk of {{ $labels.instance }} will be full within three days",
    description: "If {{ $labels.mountpoint }} fills as in the last 6 hours. Give the disk more GiB.",
  }),
  alert({
    name: "DiskWithoutInodes",
    expr: `node_filesystem_files_free{${REAL}} / (node_filesystem_files{${REAL}} > 0) < 0.05`,
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.instance }} can soon make no new file",
    description:
      "{{ $value | humanizePercentage }} of the inodes of {{ $labels.mountpoint }} are free. Remove what is not needed.",
  }),
  alert({
    name: "DiskReadOnly",
    expr: `node_filesystem_readonly{${REAL},mountpoint=~"/|/var/lib/.+"} == 1`,
    for: "30s",
    severity: "critical",
    summary: "Nothing can be written to a disk of {{ $labels.instance }}",
    description: "{{ $labels.mountpoint }} is read-only, as after errors of the disk. Look there at `dmesg`.",
  }),
];

const KERNEL: readonly AlertRule[] = [
  alert({
    name: "MemoryLow",
    expr: "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.05",
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.instance }} has little memory left, and is slow or loses processes soon",
    description: "{{ $value | humanizePercentage }} are available. Look there at `ps aux --sort -rss`; give it a larger size.",
  }),
  alert({
    name: "OutOfMemory",
    expr: "increase(node_vmstat_oom_kill[10m]) > 0",
    severity: "warning",
    summary: "The kernel of {{ $labels.instance }} ended a process for lack of memory",
    description: "Look there at `journalctl -k --grep oom`; give it a larger size, or fewer processes.",
  }),
  alert({
    name: "ClockSkew",
    expr: "abs(node_time_seconds - timestamp(node_time_seconds)) > 2",
    for: "1m",
    severity: "warning",
    summary: "The clock of {{ $labels.instance }} is wrong: other servers may refuse its requests",
    description: "It differs by {{ $value | humanizeDuration }} from that of Prometheus. Look there at `timedatectl`.",
  }),
];
