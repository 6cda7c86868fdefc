// Alerts about PostgreSQL and Redis that run elsewhere. Who is primary there, and what a machine does, nobody of the page sees or can repair.

import { alert, AlertRule, ELSEWHERE, instances } from "./rule";
import { connectionsOf } from "./rules-connections";
import { fullOf, NEEDED, severityOf, WITHOUT } from "./rules-redis-memory";
import { WatchedExternalPostgres, WatchedExternalRedis } from "./watched";

const WHERE = "look at it where it runs";
const LOG = (of: string) => `\`journalctl -u 'prometheus-${of}-exporter@*'\` on the monitoring machine says why`;
/** What a server does not answer may be the monitoring machine alone. */
const OR_NOT = "if pages work, only the monitoring machine cannot log in";

/** The servers of these names do not answer. One that vanishes keeps the exporter waiting for longer than Prometheus does, so `pg_up` is then missing. */
const postgresAway = (names: readonly string[]) =>
  `(pg_up{${instances(names)}} == 0 or up{job="postgres",${instances(names)}} == 0)`;

/** Only if the monitoring machine was let in during the last day; the others are `ExternalUnread`. */
const letIn = (up: string, on: string) => `on (${on}) max_over_time(${up}[1d]) == 1`;

export function externalPostgres(server: WatchedExternalPostgres): readonly AlertRule[] {
  const { primary: tier, replicas } = server;
  const machines = [tier, ...replicas];
  return [
    down(tier),
    ...(replicas.length > 0 ? [replicaDown(replicas)] : []),
    unread(`${postgresAway(machines)} unless ${letIn(`pg_up{${instances(machines)}}`, "instance")}`, "postgres"),
    ...connectionsOf({ tier, machines, maxConnections: server.maxConnections }),
  ];
}

function down(primary: string): AlertRule {
  return alert({
    name: "PostgresDown",
    expr: `${postgresAway([primary])} and ${letIn(`pg_up{${instances([primary])}}`, "instance")}`,
    for: "30s",
    severity: "critical",
    labels: ELSEWHERE.labels,
    summary: `PostgreSQL does not answer the monitoring machine: the site is down, or, ${OR_NOT}`,
    description: `{{ $labels.instance }}: ${LOG("postgres")}; ${WHERE}.`,
  });
}

function replicaDown(replicas: readonly string[]): AlertRule {
  return alert({
    name: "PostgresDown",
    expr: `${postgresAway(replicas)} and ${letIn(`pg_up{${instances(replicas)}}`, "instance")}`,
    for: "30s",
    severity: "warning",
    labels: ELSEWHERE.labels,
    summary: "PostgreSQL of {{ $labels.instance }} does not answer the monitoring machine",
    description: `It is a replica. ${LOG("postgres")}; ${WHERE}.`,
  });
}

// The time of a first deploy, in which the database task makes the role.
function unread(expr: string, of: string): AlertRule {
  return alert({
    name: "ExternalUnread",
    expr,
    for: "15m",
    severity: "warning",
    labels: { job: of, ...ELSEWHERE.labels },
    summary: "Nobody would hear of faults of {{ $labels.instance }}: the monitoring machine cannot read it",
    description: `It did not let the monitoring machine in during the last day. ${LOG(of)}: a firewall, a login, or a certificate.`,
  });
}

export function externalRedis(all: readonly WatchedExternalRedis[]): readonly AlertRule[] {
  const needed = all.filter(({ use }) => use !== "cache").map(({ name }) => name);
  const limit = "the memory of {{ $labels.instance }} for {{ $labels.use }}";
  const up = `redis_up{job="redis",${instances([...new Set(all.map(({ name }) => name))])}}`;
  return [
    ...all.map(redisDown),
    ...(all.length > 0 ? [unread(`${up} == 0 unless ${letIn(up, "instance, use")}`, "redis")] : []),
    ...(needed.length > 0
      ? fullOf(`${NEEDED},${instances([...new Set(needed)])}`, { limit, raise: "Give it more where it runs." })
      : []),
  ];
}

function redisDown({ name, use }: WatchedExternalRedis): AlertRule {
  const up = `redis_up{job="redis",use="${use}",${instances([name])}}`;
  return alert({
    name: "RedisDown",
    expr: `${up} == 0 and ${letIn(up, "instance")}`,
    for: "30s",
    severity: severityOf(use),
    labels: { use, tier: name, ...ELSEWHERE.labels },
    summary: `${WITHOUT[use]}: Redis does not answer the monitoring machine. Or, ${OR_NOT}`,
    description: `${name}: ${LOG("redis")}; ${WHERE}.`,
  });
}
