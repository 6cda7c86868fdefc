// Alerts about PostgreSQL and Redis that run elsewhere. Who is primary there, and what a machine does, nobody of the page sees or can repair.

import { alert, AlertRule, instances } from "./rule";
import { connectionsOf } from "./rules-connections";
import { fullOf, NEEDED, severityOf, WITHOUT } from "./rules-redis-memory";
import { WatchedExternalPostgres, WatchedExternalRedis } from "./watched";

const WHERE = "look at it where it runs";
const LOG = (of: string) => `\`journalctl -u 'prometheus-${of}-exporter@*'\` on the monitoring machine says why`;

export function externalPostgres(server: WatchedExternalPostgres): readonly AlertRule[] {
  const { primary: tier, replicas } = server;
  return [
    down(tier),
    ...(replicas.length > 0 ? [replicaDown(replicas)] : []),
    ...connectionsOf({ tier, machines: [tier, ...replicas], maxConnections: server.maxConnections }),
  ];
}

function down(primary: string): AlertRule {
  return alert({
    name: "PostgresDown",
    expr: `pg_up{${instances([primary])}} == 0`,
    for: "30s",
    severity: "critical",
    summary: "The site is down: PostgreSQL does not answer",
    description: `${primary} does not answer the monitoring machine. ${LOG("postgres")}; ${WHERE}.`,
  });
}

function replicaDown(replicas: readonly string[]): AlertRule {
  return alert({
    name: "PostgresDown",
    expr: `pg_up{${instances(replicas)}} == 0`,
    for: "30s",
    severity: "warning",
    summary: "PostgreSQL of {{ $labels.instance }} does not answer",
    description: `It is a replica. ${LOG("postgres")}; ${WHERE}.`,
  });
}

export function externalRedis(all: readonly WatchedExternalRedis[]): readonly AlertRule[] {
  const needed = all.filter(({ use }) => use !== "cache").map(({ name }) => name);
  const limit = "the memory of {{ $labels.instance }} for {{ $labels.use }}";
  return [
    ...all.map(redisDown),
    ...(needed.length > 0
      ? fullOf(`${NEEDED},${instances([...new Set(needed)])}`, { limit, raise: "Give it more where it runs." })
      : []),
  ];
}

function redisDown({ name, use }: WatchedExternalRedis): AlertRule {
  return alert({
    name: "RedisDown",
    expr: `redis_up{job="redis",use="${use}",${instances([name])}} == 0`,
    for: "30s",
    severity: severityOf(use),
    labels: { use, tier: name },
    summary: `${WITHOUT[use]}: Redis does not answer`,
    description: `${name} does not answer the monitoring machine. ${LOG("redis")}; ${WHERE}.`,
  });
}
