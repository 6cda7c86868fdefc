// Alerts about the Redis of a page and their sentinels: who is master, replicas, memory, and what is refused.

import { alert, AlertRule, instances, orZero, others, RuleGroup, seen, UNWATCHED, WITH_MACHINE } from "./rule";
import { externalRedis } from "./rules-external";
import { fullOf, NEEDED, severityOf, WITHOUT } from "./rules-redis-memory";
import { Watched, WatchedRedis } from "./watched";

const SENTINELS = 3;

export function redisRules({ redis: own, external: { redis: external } }: Watched): RuleGroup {
  const alone = own.filter(({ machines }) => machines.length === 1);
  const several = own.filter(({ machines }) => machines.length > 1);
  const rest = others(external.map(({ name }) => name));
  return {
    name: "Redis",
    rules: [
      ...several.flatMap(replicated),
      ...alone.filter(({ use }) => use !== "cache").map(down),
      ...(several.length > 0 || alone.some(({ use }) => use === "cache") ? [someDown(rest)] : []),
      ...(several.length > 0 ? WATCHING : []),
      ...(own.some(({ use }) => use !== "cache") ? [...fullOf(`${NEEDED}${rest}`, OWN_MEMORY), cannotSave(rest)] : []),
      ...externalRedis(external),
      ...(own.length + external.length > 0 ? [REFUSED] : []),
    ],
  };
}

const OWN_MEMORY = { limit: "maxMemoryMib for {{ $labels.use }}", raise: "Raise it on the page." };

function replicated({ name, use, tier, machines }: WatchedRedis): readonly AlertRule[] {
  const masters = `redis_instance_info{job="redis",use="${use}",${instances(machines)},role="master"}`;
  const replicas = machines.length - 1;
  const labels = { use, tier };
  return [
    alert({
      name: "RedisNoMaster",
      expr: `${orZero(`count(${masters})`)} == 0 ${seen(masters)}`,
      for: "15s",
      severity: severityOf(use),
      labels,
      summary: `${WITHOUT[use]}: no Redis is master`,
      description: `None of ${machines.join(", ")} is master for \`${name}\`. The sentinels make one within ten seconds; if not, \`sentinel-console sentinel ckquorum ${name}\` says why.`,
    }),
    alert({
      name: "RedisReplicasMissing",
      expr: `max(redis_connected_slaves and on (instance, use) ${masters}) < ${replicas}`,
      for: "1m",
      severity: "warning",
      labels,
      summary: `Nobody notices yet; \`${name}\` has fewer replicas than the page, and refuses writes if it has too few`,
      description: `{{ $value }} of ${replicas} follow. \`ready\` on ${machines.join(", ")} says which one does not.`,
    }),
  ];
}

function down({ use, machines }: WatchedRedis): AlertRule {
  return alert({
    name: "RedisDown",
    expr: `redis_up{job="redis",use="${use}",${instances(machines)}} == 0 ${WITH_MACHINE}`,
    for: "30s",
    severity: "critical",
    summary: `${WITHOUT[use]}: Redis does not answer`,
    description: "`ready` on {{ $labels.instance }} says what it waits for.",
  });
}

const someDown = (rest: string): AlertRule =>
  alert({
    name: "RedisDown",
    expr: `redis_up{job="redis"${rest}} == 0 ${WITH_MACHINE}`,
    for: "30s",
    severity: "warning",
    summary: "A Redis does not answer",
    description: "That for {{ $labels.use }} on {{ $labels.instance }}. `ready` there says what it waits for.",
  });

const cannotSave = (rest: string): AlertRule =>
  alert({
    name: "RedisCannotSave",
    expr: `redis_aof_last_write_status{${NEEDED}${rest}} == 0`,
    for: "30s",
    severity: "critical",
    summary: "Nothing can be posted if this Redis is the master: it cannot write to its disk",
    description: "Look whether the disk of {{ $labels.instance }} is full.",
  });

const REFUSED = alert({
  name: "RedisRefuses",
  expr:
    `increase(redis_rejected_connections_total{${NEEDED}}[1m]) > 0 ` +
    `or sum by (instance, use, err) (increase(redis_errors_total{${NEEDED},err=~"NOREPLICAS|OOM|MISCONF"}[1m])) > 0`,
  for: "15s",
  severity: "critical",
  summary: "Some of what people post is refused by Redis",
  description:
    "{{ $value | humanize }} a minute for {{ $labels.use }} on {{ $labels.instance }}: {{ with $labels.err }}{{ . }}{{ else }}connections{{ end }}.",
});

const WATCHING: readonly AlertRule[] = [
  alert({
    name: "RedisTwoMasters",
    expr: 'count by (use, tier) (redis_instance_info{job="redis",role="master"}) > 1',
    for: "30s",
    severity: "critical",
    summary: "What is written may be lost: several Redis for {{ $labels.use }} are master",
    description:
      "{{ $value }} say so. `sentinel-console sentinel masters` names the right one; restart `redis-server@NAME` on the other.",
  }),
  alert({
    name: "SentinelsDisagree",
    expr: "count by (master_name) (count by (master_name, master_address) (redis_sentinel_master_status)) > 1",
    for: "30s",
    severity: "critical",
    summary: "Some processes may read and write at a Redis that is not the master",
    description:
      "The sentinels name {{ $value }} masters of {{ $labels.master_name }}. Compare `sentinel-console sentinel masters` on each.",
  }),
  alert({
    name: "SentinelsMissing",
    expr: `sum by (master_name, tier) (redis_sentinel_master_ok_sentinels == bool ${SENTINELS}) < ${SENTINELS} unless on (tier) ${UNWATCHED}{job="sentinel"}`,
    for: "1m",
    severity: "warning",
    summary: "Nobody notices yet; with another sentinel lost Redis has no failover",
    description: `{{ $value }} of ${SENTINELS} sentinels of {{ $labels.master_name }} see all others.`,
  }),
];
