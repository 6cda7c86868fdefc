// Alerts about machines, whatever runs on them: away, full, out of memory, with a wrong clock or an old boot text; and pools with too few members.

import { alert, AlertRule, ONCE_UP, RuleGroup, WITH_MACHINE } from "./rule";
import { Watched } from "./watched";

export function machineRules(page: Watched): RuleGroup {
  const alone = page.tiers.filter(({ machines }) => machines.length === 1).map(({ tier }) => tier);
  const several = page.tiers.filter(({ machines }) => machines.length > 1).map(({ tier }) => tier);
  return {
    name: "machines",
    rules: [
      ...away(
        alone,
        "critical",
        "The only machine of {{ $labels.tier }} is away, and what it does is not done",
        "Start it, or make it anew with the command that the inventory has for it.",
      ),
      ...away(
        several,
        "warning",
        "A machine of {{ $labels.tier }} is away; the others serve",
        "Start it before another one is lost.",
      ),
      ...(page.pools.some(({ stopsFirst }) => !stopsFirst) ? members("start-first") : []),
      ...(page.pools.some(({ stopsFirst }) => stopsFirst) ? members("stop-first") : []),
      alert({
        name: "ExporterDown",
        expr: `up{job!~"node|streaming|front-door|prometheus|alertmanager"} == 0 and ${ONCE_UP} ${WITH_MACHINE}`,
        for: "1m",
        severity: "warning",
        summary: "{{ $labels.job }} of {{ $labels.instance }} is not measured, so nobody would hear of its faults",
        description: "The machine answers, and its metrics of {{ $labels.job }} do not. Look there at `systemctl --failed`.",
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

function away(tiers: readonly string[], severity: "critical" | "warning", summary: string, first: string): readonly AlertRule[] {
  if (tiers.length === 0) return [];
  return [
    alert({
      name: "MachineDown",
      expr: `up{job="node",tier=~"${tiers.join("|")}",pool=""} == 0`,
      for: "30s",
      severity,
      summary,
      description: `{{ $labels.instance }} has not answered for 30 s. ${first}`,
    }),
  ];
}

/** A series for the number of members on the page. */
const MEMBERS = "pool:mastodon_members:page";

export function memberSeries({ pools }: Watched): RuleGroup {
  return {
    name: "pool series",
    rules: pools.map(({ pool, role, members, stopsFirst }) => ({
      record: MEMBERS,
      expr: `vector(${members})`,
      labels: { pool, role, tier: pool, roll: stopsFirst ? "stop-first" : "start-first" },
    })),
  };
}

// A roll-out of a pool that stops first removes the old member before the new one boots.
function members(roll: "start-first" | "stop-first"): readonly AlertRule[] {
  const all = `${MEMBERS}{roll="${roll}"}`;
  const there = 'count by (pool, tier, role) (up{job="node",pool!=""} == 1)';
  return [
    alert({
      name: "PoolEmpty",
      expr: `${all} unless on (pool) ${there}`,
      for: roll === "stop-first" ? "10m" : "30s",
      severity: "critical",
      labels: { roll },
      summary: "No machine of {{ $labels.pool }} is left",
      description: "The page has {{ $value }}. Deploy it again, which makes missing members; if that fails, its output says why.",
    }),
    alert({
      name: "PoolMembersMissing",
      expr: `${there} < on (pool) group_left () ${all}`,
      for: roll === "stop-first" ? "10m" : "1m",
      severity: "warning",
      labels: { roll },
      summary: "{{ $labels.pool }} has fewer machines than the page, and less room for load",
      description: "{{ $value }} are there. Start the missing one, or deploy the page again.",
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
      "{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} are free. Give the disk more GiB on the page and deploy, or remove what is not needed.",
  }),
  alert({
    name: "DiskAlmostFull",
    expr: `${FREE} < 0.1`,
    for: "5m",
    severity: "warning",
    summary: "A disk of {{ $labels.instance }} has little room left",
    description:
      "{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} are free. Give the disk more GiB on the page and deploy.",
  }),
  alert({
    name: "DiskFillsSoon",
    // What a new machine writes while it boots is no trend.
    expr: `predict_linear(node_filesystem_avail_bytes{${REAL}}[6h], 3 * 86400) < 0 and ${FREE} < 0.5 and node_filesystem_avail_bytes offset 1h`,
    for: "1h",
    severity: "warning",
    summary: "A disk of {{ $labels.instance }} will be full within three days",
    description:
      "If {{ $labels.mountpoint }} fills as in the last 6 hours. Find what grows, or give the disk more GiB on the page and deploy.",
  }),
  alert({
    name: "DiskWithoutInodes",
    expr: `node_filesystem_files_free{${REAL}} / (node_filesystem_files{${REAL}} > 0) < 0.05`,
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.instance }} can soon make no new file",
    description:
      "{{ $value | humanizePercentage }} of the inodes of {{ $labels.mountpoint }} are free. Remove small files that are not needed.",
  }),
  alert({
    name: "DiskReadOnly",
    expr: `node_filesystem_readonly{${REAL},mountpoint=~"/|/var/lib/.+"} == 1`,
    for: "30s",
    severity: "critical",
    summary: "Nothing can be written to a disk of {{ $labels.instance }}",
    description:
      "{{ $labels.mountpoint }} is mounted read-only, as the kernel does after errors of the disk. Look there at `dmesg`.",
  }),
];

const KERNEL: readonly AlertRule[] = [
  alert({
    name: "MemoryLow",
    expr: "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.05",
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.instance }} has little memory left, and is slow or loses processes soon",
    description:
      "{{ $value | humanizePercentage }} are available. Look there at `ps aux --sort -rss | head`; give it a larger size on the page.",
  }),
  alert({
    name: "OutOfMemory",
    expr: "increase(node_vmstat_oom_kill[10m]) > 0",
    severity: "warning",
    summary: "The kernel of {{ $labels.instance }} ended a process for lack of memory",
    description: "Look there at `journalctl -k --grep oom` for which one; give it a larger size, or fewer processes and threads.",
  }),
  alert({
    name: "ClockSkew",
    expr: "abs(node_time_seconds - timestamp(node_time_seconds)) > 2",
    for: "1m",
    severity: "warning",
    summary: "The clock of {{ $labels.instance }} is wrong: logs mislead, and other servers may refuse its requests",
    description: "It differs by {{ $value | humanizeDuration }} from that of Prometheus. Look there at `timedatectl`.",
  }),
  alert({
    name: "BootTextOlder",
    expr: "mastodon_boot_text_older > 0",
    for: "1h",
    severity: "warning",
    summary: "{{ $labels.instance }} was made from an older page",
    description:
      "Some changes of the page reach it only by a renewal. `npx cdktf-mastodon inventory` names the order and the command.",
  }),
];
