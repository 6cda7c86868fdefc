// What people notice of a Redis that is away, and alerts about one whose memory is full, of the page's own and of an external one:
// `fullOf(matchers, { limit: "maxMemoryMib", raise: "Raise it." })`.

import { Severity } from "./alerts";
import { alert, AlertRule } from "./rule";

/** Matchers of those whose data must stay. Without the cache the site works. */
export const NEEDED = 'job="redis",use!="cache"';

export const WITHOUT: Readonly<Record<string, string>> = {
  main: "Timelines cannot be read, and nothing can be posted",
  sidekiq: "Nothing can be posted, and nothing is distributed",
  cache: "Pages are slower, since nothing is cached",
};

export const severityOf = (use: string): Severity => (use === "cache" ? "warning" : "critical");

interface Memory {
  /** What limits it. */
  readonly limit: string;
  /** What to do. */
  readonly raise: string;
}

/** What must not happen to data that is to stay. */
export function fullOf(matchers: string, { limit, raise }: Memory): readonly AlertRule[] {
  const used = `redis_memory_used_bytes{${matchers}} / (redis_memory_max_bytes > 0)`;
  const description = `{{ $value | humanizePercentage }} of ${limit} are used. ${raise}`;
  return [
    alert({
      name: "RedisMemory",
      expr: `${used} > 0.95`,
      for: "30s",
      severity: "critical",
      summary: "As soon as Redis is full, nothing can be posted",
      description,
    }),
    alert({
      name: "RedisMemory",
      expr: `${used} > 0.8`,
      for: "5m",
      severity: "warning",
      summary: "Redis has little memory left, and refuses writes without any",
      description,
    }),
    alert({
      name: "RedisEvicts",
      expr: `increase(redis_evicted_keys_total{${matchers}}[5m]) > 0`,
      severity: "critical",
      summary: "Timelines or jobs are lost: Redis throws them away",
      description: "{{ $value | humanize }} keys for {{ $labels.use }} in five minutes. Its maxmemory-policy must be noeviction.",
    }),
  ];
}
