// Grafana's dashboard of the database: PostgreSQL, its standbys, and PgBouncer in front of it.

import { graph, Panel, Row, stack } from "./dashboards-panel";
import { OverviewFacts, runs, runsItself } from "./overview/facts";

const RATE = "$__rate_interval";
const HERE = 'instance=~"$instance"';
const OWN = `${HERE},datname="mastodon"`;
// An external database has the name that the page gives, and others beside it.
const ANY = `${HERE},datname!~"template.*|rdsadmin"`;
// PgBouncer's console is a database of this name, and no client's.
const POOLS = `${HERE},database!="pgbouncer"`;
const NAME = "{{instance}}";

export function databaseRows(facts: OverviewFacts): readonly Row[] {
  return [
    ...(runs(facts, "postgres")
      ? [
          { title: "PostgreSQL", panels: servers(ours(facts)) },
          { title: "Standbys", panels: [LAG, ...(runsItself(facts, "postgres") ? STANDBYS : [])] },
          { title: "Tables", panels: tables(ours(facts)) },
        ]
      : []),
    ...(runs(facts, "pgbouncer") ? [{ title: "PgBouncer", panels: poolers(facts) }] : []),
  ];
}

const ours = (facts: OverviewFacts) => (runsItself(facts, "postgres") ? OWN : ANY);

const servers = (databases: string): readonly Panel[] => [
  graph({
    title: "Primary",
    why: "1 on the primary. There must be one at each time; a change is a failover.",
    unit: "none",
    queries: [{ expr: `max by (instance) (patroni_primary{${HERE}} or (1 - pg_replication_is_replica{${HERE}}))`, name: NAME }],
    max: 1,
    width: 8,
  }),
  stack({
    title: "Transactions",
    why: "Committed and rolled back, each second, by server.",
    unit: "ops",
    queries: [
      { expr: `sum by (instance) (rate(pg_stat_database_xact_commit{${databases}}[${RATE}]))`, name: `${NAME} committed` },
      { expr: `sum by (instance) (rate(pg_stat_database_xact_rollback{${databases}}[${RATE}]))`, name: `${NAME} rolled back` },
    ],
    width: 8,
  }),
  graph({
    title: "Connections",
    why: "The share of maxConnections of the page. At the limit PostgreSQL refuses new ones.",
    unit: "percentunit",
    queries: [{ expr: `site:mastodon_postgres_connections:ratio{${HERE}}`, name: NAME }],
    limits: { warning: 0.85, critical: 0.95 },
    max: 1,
    width: 8,
  }),
  stack({
    title: "Connections by state",
    why: "Idle in transaction means that a client keeps rows locked while it does something else.",
    unit: "none",
    queries: [
      {
        expr: `sum by (instance, state) (pg_stat_activity_count{${HERE},backend_type="client backend"})`,
        name: `${NAME} {{state}}`,
      },
    ],
    width: 8,
  }),
  graph({
    title: "Longest transaction",
    why: "Long ones keep autovacuum from its work and block migrations.",
    unit: "s",
    queries: [{ expr: `max by (instance) (pg_stat_activity_max_tx_duration{${databases}})`, name: NAME }],
    limits: { warning: 600 },
    width: 8,
  }),
  graph({
    title: "Found in memory",
    why: "The share of blocks that needed no read from disk. Below 99 % more memory helps.",
    unit: "percentunit",
    queries: [
      {
        expr:
          `sum by (instance) (rate(pg_stat_database_blks_hit{${databases}}[${RATE}])) / ` +
          `(sum by (instance) (rate(pg_stat_database_blks_hit{${databases}}[${RATE}])) + sum by (instance) (rate(pg_stat_database_blks_read{${databases}}[${RATE}])) > 0)`,
        name: NAME,
      },
    ],
    max: 1,
    width: 8,
  }),
];

const LAG = graph({
  title: "Lag",
  why: "How old the data of a standby is. One that is cut off has no lag, but does not follow.",
  unit: "s",
  queries: [{ expr: `site:mastodon_postgres_lag_seconds:max{${HERE}}`, name: NAME }],
  limits: { warning: 10 },
  width: 8,
});

const STANDBYS: readonly Panel[] = [
  graph({
    title: "Follows",
    why: "1 if a standby gets changes from the primary as they are made.",
    unit: "none",
    queries: [
      { expr: `max by (instance) (patroni_postgres_streaming{${HERE}} and on (instance) patroni_replica == 1)`, name: NAME },
    ],
    max: 1,
    width: 8,
  }),
  graph({
    title: "Kept for standbys",
    why: "What the primary keeps on its disk for a standby that has not got it yet.",
    unit: "bytes",
    queries: [{ expr: `max by (slot_name) (pg_replication_slots_pg_wal_lsn_diff{${HERE}})`, name: "{{slot_name}}" }],
    width: 8,
  }),
];

const tables = (databases: string): readonly Panel[] => [
  graph({
    title: "Size of the database",
    why: "On the disk, without the log of changes.",
    unit: "bytes",
    queries: [{ expr: `max by (instance) (pg_database_size_bytes{${databases}})`, name: NAME }],
    width: 8,
  }),
  graph({
    title: "Largest tables",
    why: "With their indexes.",
    unit: "bytes",
    queries: [{ expr: `topk(8, max by (relname) (pg_stat_user_tables_size_bytes{${databases}}))`, name: "{{relname}}" }],
    width: 8,
  }),
  graph({
    title: "Dead rows",
    why: "Of the tables with most. Autovacuum removes them; what only grows is held by a long transaction.",
    unit: "short",
    queries: [{ expr: `topk(8, max by (relname) (pg_stat_user_tables_n_dead_tup{${databases}}))`, name: "{{relname}}" }],
    width: 8,
  }),
];

function poolers({ serverConnections }: OverviewFacts): readonly Panel[] {
  const most = Math.max(0, ...Object.values(serverConnections));
  return [
    stack({
      title: "Clients",
      why: "Clients that are served, and that wait for a connection to PostgreSQL.",
      unit: "none",
      queries: [
        { expr: `sum by (instance) (pgbouncer_pools_client_active_connections{${POOLS}})`, name: `${NAME} served` },
        { expr: `sum by (instance) (pgbouncer_pools_client_waiting_connections{${POOLS}})`, name: `${NAME} wait` },
      ],
      width: 8,
    }),
    graph({
      title: "Longest wait",
      why: "How long a client has waited for a connection to PostgreSQL. After 20 s it gets an error.",
      unit: "s",
      queries: [{ expr: `max by (instance) (pgbouncer_pools_client_maxwait_seconds{${POOLS}})`, name: NAME }],
      limits: { warning: 1, critical: 5 },
      width: 8,
    }),
    graph({
      title: "Busy connections to PostgreSQL",
      why:
        most === 0
          ? "Of each PgBouncer."
          : `Of each PgBouncer, which may have ${most} for each database. At the limit clients wait.`,
      unit: "none",
      queries: [
        {
          expr: `sum by (instance, database) (pgbouncer_pools_server_active_connections{${POOLS}})`,
          name: `${NAME} {{database}}`,
        },
      ],
      ...(most > 0 && { limits: { warning: 0.95 * most } }),
      width: 8,
    }),
    stack({
      title: "Queries",
      why: "Each second, by the database of PgBouncer.",
      unit: "ops",
      queries: [
        {
          expr: `sum by (instance, database) (rate(pgbouncer_stats_queries_pooled_total{${POOLS}}[${RATE}]))`,
          name: `${NAME} {{database}}`,
        },
      ],
    }),
    graph({
      title: "Time of a query",
      why: "The mean, as PgBouncer sees it.",
      unit: "s",
      queries: [
        {
          expr:
            `sum by (instance) (rate(pgbouncer_stats_queries_duration_seconds_total{${POOLS}}[${RATE}])) / ` +
            `(sum by (instance) (rate(pgbouncer_stats_queries_pooled_total{${POOLS}}[${RATE}])) > 0)`,
          name: NAME,
        },
      ],
    }),
  ];
}
