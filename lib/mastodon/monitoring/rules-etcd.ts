// Alerts about etcd, which decides who is primary of PostgreSQL: nobody notices its faults until PostgreSQL has one too.

import { alert, instances, orZero, RuleGroup, UNWATCHED } from "./rule";
import { WatchedEtcd } from "./watched";

/** etcd's own documentation asks for 10 ms, and the page's lease is renewed within 5 s. */
const SLOW_SECONDS = 0.25;

export function etcdRules({ name, tier, machines }: WatchedEtcd): RuleGroup {
  const here = instances(machines);
  const labels = { etcd: name, ...(tier !== undefined && { tier }) };
  const majority = Math.floor(machines.length / 2) + 1;
  const leads = `etcd_server_has_leader{${here}}`;
  const led = orZero(`count(${leads} == 1)`);
  return {
    name: `etcd ${name}`,
    rules: [
      alert({
        name: "EtcdNoLeader",
        expr: `${led} < ${majority} and on () count(max_over_time(${leads}[1d]) == 1) >= ${majority}`,
        for: "30s",
        severity: "critical",
        labels,
        summary: "If PostgreSQL's primary is lost now, or a database machine cannot be reached, the site is down",
        description: `{{ $value }} of ${machines.length} members have a leader, and ${majority} are needed. Start the missing ones of ${machines.join(", ")}.`,
      }),
      alert({
        name: "EtcdMemberMissing",
        expr: `${led} < ${machines.length} unless on () ${UNWATCHED}{job="etcd",${here}}`,
        for: "1m",
        severity: "warning",
        labels,
        summary: "Nobody notices yet; with another member lost PostgreSQL has no failover",
        description: `{{ $value }} of ${machines.length} members take part. \`ready\` and \`etcd-console member list\` on ${machines.join(", ")} say why.`,
      }),
      alert({
        name: "EtcdSlow",
        expr: `histogram_quantile(0.99, sum by (instance, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket{${here}}[5m]))) > ${SLOW_SECONDS}`,
        for: "10m",
        severity: "warning",
        labels,
        summary: "A failover of PostgreSQL may take longer, or come without need",
        description:
          "1 % of its writes on {{ $labels.instance }} take {{ $value | humanizeDuration }} or longer. Find what else uses its disk.",
      }),
      alert({
        name: "EtcdLeaderChanges",
        expr: `max(increase(etcd_server_leader_changes_seen_total{${here}}[30m])) > 4`,
        for: "1m",
        severity: "warning",
        labels,
        summary: "A failover of PostgreSQL may come without need: etcd changes its leader again and again",
        description: "{{ $value | humanize }} times in 30 minutes. Look at the disks, processors and network of its machines.",
      }),
      alert({
        name: "EtcdLarge",
        expr: `etcd_mvcc_db_total_size_in_bytes{${here}} / etcd_server_quota_backend_bytes > 0.8`,
        for: "10m",
        severity: "warning",
        labels,
        summary: "Soon etcd takes no writes, and PostgreSQL has no failover",
        description:
          "{{ $value | humanizePercentage }} of its size on {{ $labels.instance }} are used. Look there at `journalctl -u etcd-keep`; `etcd-console defrag` frees what is unused.",
      }),
    ],
  };
}
