// Alerts about the Redis of a page and their sentinels: who is master, replicas, memory, and what is refused.

import { Severity } from "./alerts";
import { alert, AlertRule, instances, orZero, RuleGroup, seen, UNWATCHED, WITH_MACHINE } from "./rule";
import { WatchedRedis } from "./watched";

/** Without the cache the site works. */
const NEEDED = 'job="redis",use!="cache"';
const SENTINELS = 3;

export function redisRules(all: readonly WatchedRedis[]): RuleGroup {
  const alone = all.filter(({ machines }) => machines.length === 1);
  const several = all.filter(({ machines }) => machines.length > 1);
  return {
    name: "Redis",
    rules: [
      ...several.flatMap(replicated),
      ...alone.filter(({ use }) => use !== "cache").map(down),
      ...(several.length > 0 || alone.some(({ use }) => use === "cache") ? [DOWN] : []),
      ...(several.length > 0 ? WATCHING : []),
      ...(all.some(({ use }) => use !== "cache") ? DURABLE : []),
      ...(all.length > 0 ? [REFUSED] : []),
    ],
  };
}

const WITHOUT: Readonly<Record<string, string>> = {
  main: "Timelines cannot be read, and nothing can be posted",
  sidekiq: "Nothing can be posted, and nothing is distributed",
  cache: "Pages are slower, since nothing is cached",
};

const severityOf = (use: string): Severity => (use === "cache" ? "warning" : "critical");

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

const DOWN = alert({
  name: "RedisDown",
  expr: `redis_up{job="redis"} == 0 ${WITH_MACHINE}`,
  for: "30s",
  severity: "warning",
  summary: "A Redis does not answer",
  description: "That for {{ $labels.use }} on {{ $labels.instance }}. `ready` there says what it waits for.",
});

/** What must not happen to data that is to stay. */
const USED = `redis_memory_used_bytes{${NEEDED}} / (redis_memory_max_bytes > 0)`;
const DURABLE: readonly AlertRule[] = [
  alert({
    name: "RedisMemory",
    expr: `${USED} > 0.95`,
    for: "30s",
    severity: "critical",
    summary: "As soon as Redis is full, nothing can be posted",
    description: "{{ $value | humanizePercentage }} of maxMemoryMib for {{ $labels.use }} are used. Raise it on the page.",
  }),
  alert({
    name: "RedisMemory",
    expr: `${USED} > 0.8`,
    for: "5m",
    severity: "warning",
    summary: "Redis has little memory left, and refuses writes without any",
    description: "{{ $value | humanizePercentage }} of maxMemoryMib for {{ $labels.use }} are used. Raise it on the page.",
  }),
  alert({
    name: "RedisEvicts",
    expr: `increase(redis_evicted_keys_total{${NEEDED}}[5m]) > 0`,
    severity: "critical",
    summary: "Timelines or jobs are lost: Redis throws them away",
    description: "{{ $value | humanize }} keys for {{ $labels.use }} in five minutes. Its maxmemory-policy must be noeviction.",
  }),
  alert({
    name: "RedisCannotSave",
    expr: `redis_aof_last_write_status{${NEEDED}} == 0`,
    for: "30s",
    severity: "critical",
    summary: "Nothing can be posted if this Redis is the master: it cannot write to its disk",
    description: "Look whether the disk of {{ $labels.instance }} is full.",
  }),
];

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
