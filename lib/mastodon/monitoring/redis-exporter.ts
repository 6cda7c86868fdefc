// The exporters of a machine's Redis instances and of its sentinel. The one of the instance that holds Mastodon's jobs reads Sidekiq's queues as
// well, so that all versions of Mastodon have the same metrics of them.

import { join } from "node:path";
import { Step } from "../../core/program";
import { Secret } from "../../core/secret";
import { REDIS_EXPORTER_PORT, REDIS_PORTS, SENTINEL_EXPORTER_PORT, SENTINEL_PORT } from "../ports";
import { RedisUse } from "../redis-facts";
import { Exporter } from "./exporter";
import { exporterInstance } from "./exporter-unit";
import { lua } from "./lua";

export interface WatchedRedis {
  readonly use: RedisUse;
  readonly password: Secret;
  /** What stands before Sidekiq's keys (`REDIS_NAMESPACE`), if this is the Redis that holds jobs. */
  readonly namespace: string | undefined;
}

export const REDIS_PACKAGE = "prometheus-redis-exporter";
export const QUEUES = "/etc/prometheus/sidekiq-queues.lua";

/** What is read of any Redis. */
export const READS = [
  "-connection-timeout=5s",
  // What INFO says is enough; CONFIG GET would show passwords, and sentinels do not know it.
  "-config-command=-",
  "-redis-only-metrics",
  "-exclude-latency-histogram-metrics",
] as const;

export function redisExporter({ use, password, namespace }: WatchedRedis): Exporter {
  const port = REDIS_EXPORTER_PORT + REDIS_PORTS[use] - REDIS_PORTS.main;
  const queues = namespace === undefined ? [] : [`-script=${QUEUES}`];
  return {
    module: `redis-${use}`,
    job: "redis",
    labels: { use },
    port,
    steps: [
      ...(namespace === undefined ? [] : [queuesScript(use, namespace)]),
      ...instance(use, port, REDIS_PORTS[use], queues, { REDIS_PASSWORD: `${password}` }),
    ],
  };
}

/** It asks as anybody may, without a password. */
export function sentinelExporter(): Exporter {
  const port = SENTINEL_EXPORTER_PORT;
  return { module: "sentinel", job: "sentinel", port, steps: instance("sentinel", port, SENTINEL_PORT, [], {}) };
}

function instance(
  name: string,
  port: number,
  of: number,
  further: readonly string[],
  variables: Readonly<Record<string, string>>,
): readonly Step[] {
  return exporterInstance(REDIS_PACKAGE, {
    instance: name,
    user: "prometheus",
    of: "Redis, %i",
    options: [`-web.listen-address=127.0.0.1:${port}`, `-redis.addr=redis://127.0.0.1:${of}`, ...READS, ...further],
    variables,
    secret: Object.keys(variables).length > 0 ? "renewed" : undefined,
  });
}

/** Reads the queues, for an instance of the exporter. */
export function queuesScript(instance: string, namespace: string): Step {
  const service = `${REDIS_PACKAGE}@${instance}`;
  return {
    kind: "file",
    path: QUEUES,
    content: lua(join(__dirname, "sidekiq-queues.lua"), { NAMESPACE: namespace === "" ? "" : `${namespace}:` }),
    taken: { what: "Sidekiq's queues", does: "restart", script: `runs ${service} || exit 0\nsystemctl restart ${service}\n` },
  };
}
