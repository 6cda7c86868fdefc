// Alerts about PgBouncer: processes that are down, clients that wait for a connection, and limits of the page that are almost reached.

import { alert, AlertRule, orZero, RuleGroup, seen, WITH_MACHINE } from "./rule";
import { WatchedPooler } from "./watched";

/** PgBouncer's own database has no server. */
const SITES = 'database!="pgbouncer"';

export function poolerRules(page: WatchedPooler): RuleGroup {
  const { tier, serverConnections, maxClients } = page;
  const here = `tier="${tier}"`;
  return {
    name: `PgBouncer ${tier}`,
    rules: [
      ...(page.each ? [] : [gone(page)]),
      alert({
        name: "PgBouncerProcessDown",
        expr: `pgbouncer_up{${here}} == 0 ${WITH_MACHINE}`,
        for: "30s",
        severity: "warning",
        summary: "Single pages failed; the other process of {{ $labels.instance }} serves all clients now",
        description: "Process {{ $labels.process }} does not answer. Look there at `journalctl -u 'pgbouncer*'`.",
      }),
      alert({
        name: "PgBouncerWaits",
        expr: `max by (instance, database) (pgbouncer_pools_client_maxwait_seconds{${here},${SITES}}) > 5`,
        for: "15s",
        severity: "critical",
        summary: "Pages and jobs stand still: they wait for a connection to PostgreSQL",
        description:
          "One for `{{ $labels.database }}` at {{ $labels.instance }} has waited for {{ $value | humanizeDuration }}. Look whether PostgreSQL answers; `pgbouncer-console show pools` there says who waits.",
      }),
      alert({
        name: "PgBouncerWaits",
        expr: `sum by (instance, database) (min_over_time(pgbouncer_pools_client_waiting_connections{${here},${SITES}}[1m])) > 0`,
        for: "1m",
        severity: "warning",
        summary: "Pages are slow: they wait for a connection to PostgreSQL",
        description:
          "{{ $value }} clients of `{{ $labels.database }}` at {{ $labels.instance }} have waited all the time in the last minute. Look for slow queries first, then raise serverConnections.",
      }),
      alert({
        name: "PgBouncerPoolFull",
        expr: `sum by (instance, database) (pgbouncer_pools_server_active_connections{${here},${SITES}}) >= ${0.95 * serverConnections}`,
        for: "1m",
        severity: "warning",
        summary: "Pages will soon wait for PostgreSQL: all of its connections are in use",
        description: `{{ $value }} of ${serverConnections} server connections of \`{{ $labels.database }}\` at {{ $labels.instance }} work. Look for slow queries first, then raise serverConnections.`,
      }),
      alert({
        name: "PgBouncerClients",
        expr: `max by (instance) (pgbouncer_used_clients{${here}}) > ${0.85 * maxClients}`,
        for: "1m",
        severity: "warning",
        summary: "Soon no more processes can connect to the database",
        description: `{{ $value }} of ${maxClients} client connections of a process at {{ $labels.instance }} are in use. Raise maxClients; \`npx cdktf-mastodon connections\` prints what the page expects.`,
      }),
    ],
  };
}

function gone({ tier, hosts }: WatchedPooler): AlertRule {
  const up = `pgbouncer_up{tier="${tier}"}`;
  return alert({
    name: "PgBouncerDown",
    expr: `${orZero(`count(${up} == 1)`)} == 0 ${seen(up)}`,
    for: "30s",
    severity: "critical",
    labels: { tier },
    summary: "The site is down: no PgBouncer answers",
    description: `The page has ${hosts === 1 ? "one machine" : `${hosts} machines`} of ${tier}. \`ready\` there says what it waits for.`,
  });
}
