// Alerts about the PostgreSQL of a page: who is primary, standbys, connections, what vacuum and the log's copies leave behind.

import { alert, AlertRule, instances, orZero, RuleGroup, seen, UNWATCHED, WITH_MACHINE } from "./rule";
import { connectionsOf } from "./rules-connections";
import { externalPostgres } from "./rules-external";
import { Watched, WatchedPostgres } from "./watched";

export function postgresRules({ postgres: own, external: { postgres: external } }: Watched): RuleGroup {
  const clusters = own.some(isCluster);
  return {
    name: "PostgreSQL",
    rules: [
      ...own.flatMap(ofTier),
      ...external.flatMap(externalPostgres),
      ...(own.length + external.length > 0 ? ANY : []),
      ...(clusters || external.some(({ replicas }) => replicas.length > 0) ? [LAG] : []),
      ...(clusters ? COPIES : []),
    ],
  };
}

const isCluster = ({ machines }: WatchedPostgres) => machines.length > 1;

function ofTier(page: WatchedPostgres): readonly AlertRule[] {
  return [...(isCluster(page) ? cluster(page) : []), down(page), ...connectionsOf(page)];
}

/** Who is primary, and who follows. Patroni's `scope` is the name of the tier. */
function cluster({ tier, machines }: WatchedPostgres): readonly AlertRule[] {
  const primary = `patroni_primary{scope="${tier}"}`;
  const primaries = `count(${primary} == 1)`;
  const standbys = machines.length - 1;
  const labels = { tier };
  return [
    alert({
      name: "PostgresNoPrimary",
      expr: `${orZero(primaries)} == 0 ${seen(primary)}`,
      for: "15s",
      severity: "critical",
      labels,
      summary: "The site is down: no PostgreSQL takes writes",
      description: `None of ${machines.join(", ")} is primary. After a loss another is within 28 s; if not, \`patronictl list\` on one of them says who could.`,
    }),
    alert({
      name: "PostgresTwoPrimaries",
      expr: `${primaries} > 1`,
      for: "30s",
      severity: "critical",
      labels,
      summary: "What people write may be lost: several PostgreSQL take writes",
      description: `{{ $value }} of ${machines.join(", ")} say that they are primary. Stop Patroni where \`patronictl list\` shows no Leader.`,
    }),
    alert({
      name: "PostgresStandbyMissing",
      expr: `${orZero(`count(patroni_replica{scope="${tier}"} == 1 and patroni_postgres_streaming == 1)`)} < ${standbys} unless on () ${UNWATCHED}{job="patroni",tier="${tier}"}`,
      for: "1m",
      severity: "warning",
      labels,
      summary: "Nobody notices yet; if the primary is lost now, fewer machines, or none, can take over",
      description: `{{ $value }} of ${standbys} standbys follow. \`ready\` and \`patronictl list\` on ${machines.join(", ")} say why.`,
    }),
  ];
}

function down(page: WatchedPostgres): AlertRule {
  return alert({
    name: "PostgresDown",
    expr: `pg_up{${instances(page.machines)}} == 0 ${WITH_MACHINE}`,
    for: "30s",
    severity: isCluster(page) ? "warning" : "critical",
    summary: isCluster(page)
      ? "PostgreSQL of {{ $labels.instance }} does not answer"
      : "The site is down: PostgreSQL does not answer",
    description: "`ready` on {{ $labels.instance }} says what it waits for; a full disk is the most frequent cause.",
  });
}

const ANY: readonly AlertRule[] = [
  alert({
    name: "PostgresIdleTransaction",
    expr: 'max by (instance, tier, usename) (pg_stat_activity_max_tx_duration{state=~"idle in transaction.*"}) > 600',
    for: "1m",
    severity: "warning",
    summary: "An open transaction holds locks and keeps PostgreSQL from cleaning up",
    description: "One of {{ $labels.usename }} at {{ $labels.instance }} has been idle for {{ $value | humanizeDuration }}.",
  }),
  alert({
    name: "PostgresArchiverFails",
    expr: "increase(pg_stat_archiver_failed_count[15m]) > 0",
    for: "5m",
    severity: "warning",
    summary: "Backups are no longer complete, and the disk fills: the log of {{ $labels.instance }} is not archived",
    description: "{{ $value | humanize }} attempts failed in 15 minutes. The log of PostgreSQL there says why.",
  }),
  alert({
    name: "PostgresDeadRows",
    expr: "pg_stat_user_tables_n_dead_tup > 1e6 and pg_stat_user_tables_n_dead_tup > 0.3 * pg_stat_user_tables_n_live_tup",
    for: "6h",
    severity: "warning",
    summary: "Pages become slower: a table is full of rows that are gone",
    description: "{{ $labels.relname }} has {{ $value | humanize }} dead rows, and vacuum does not keep up.",
  }),
  alert({
    name: "PostgresWraparound",
    expr: "max by (tier, datname) (pg_database_wraparound_age_datfrozenxid_seconds) > 1e9",
    for: "1h",
    severity: "warning",
    summary: "In some weeks PostgreSQL will stop to take writes: old rows are not frozen",
    description: "The oldest of {{ $labels.datname }} is {{ $value | humanize }} transactions old, of 2 billion.",
  }),
];

const LAG = alert({
  name: "PostgresLag",
  expr: "site:mastodon_postgres_lag_seconds:max > 10",
  for: "1m",
  severity: "warning",
  summary: "What people have written can be missing for a while when they read it",
  description: "{{ $labels.instance }} is {{ $value | humanizeDuration }} behind. Look there for a long query, or a slow disk.",
});

const COPIES: readonly AlertRule[] = [
  alert({
    name: "PostgresSlotRetains",
    expr: "pg_replication_slots_pg_wal_lsn_diff / on (instance) group_left () (pg_settings_max_slot_wal_keep_size_bytes > 0) > 0.5",
    for: "1m",
    severity: "warning",
    summary: "A standby that is away for longer must be copied anew",
    description:
      "{{ $value | humanizePercentage }} of the log that {{ $labels.instance }} keeps for the slot {{ $labels.slot_name }} are used. Start that standby.",
  }),
  alert({
    name: "PostgresSlotLost",
    expr: 'pg_replication_slot_wal_status{wal_status="lost"} == 1',
    for: "30s",
    severity: "warning",
    summary: "A standby cannot follow any more, so fewer machines can take over",
    description: "The log for the slot {{ $labels.slot_name }} is gone. The standby copies the primary by itself within minutes.",
  }),
  alert({
    name: "PostgresPaused",
    expr: "max by (scope, tier) (patroni_is_paused) == 1",
    for: "1h",
    severity: "warning",
    summary: "Nobody notices yet; a lost primary would not be replaced, since Patroni is paused",
    description: "Run `patronictl resume` on a database machine when the work is done.",
  }),
];
