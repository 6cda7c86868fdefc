// All exporters of a host of a monitored site: `exportersOf(host)`. What runs there is in the inventory, and the programs tell the rest.

import { Host } from "../../core/host";
import { InventoryUnit } from "../../core/inventory";
import { PATRONI_UNIT } from "../programs/postgres-names";
import { ALERTMANAGER_PORT, PROMETHEUS_WEB_PORT } from "../ports";
import { PASSWORDS, RedisUse } from "../redis-facts";
import { secret } from "../secrets";
import { Site } from "../site";
import { MastodonVersion, versionOf } from "../version";
import { Exporter } from "./exporter";
import { haproxyMetrics } from "./haproxy-metrics";
import { furtherMetrics } from "./monitored";
import { nginxExporter } from "./nginx-exporter";
import { nodeExporter } from "./node-exporter";
import { pgbouncerExporters } from "./pgbouncer-exporter";
import { patroniMetrics, postgresExporter } from "./postgres-exporter";
import { redisExporter, sentinelExporter } from "./redis-exporter";
import { rubyExporters } from "./ruby-metrics";

/** To be called at synth, when the whole page is known. */
export function exportersOf(host: Host): readonly Exporter[] {
  const site = Site.of(host);
  const further = furtherMetrics(host.program);
  return [
    nodeExporter(),
    ...host.described.units.flatMap((unit) => ofUnit(site, unit)),
    ...rubyExporters(host.program),
    ...(further.has("haproxy") ? [haproxyMetrics()] : []),
    ...(further.has("nginx") ? [nginxExporter()] : []),
  ];
}

function ofUnit(site: Site, { what, unit, tier, facts }: InventoryUnit): readonly Exporter[] {
  switch (what) {
    case "redis": {
      const use = facts["use"] as RedisUse;
      return [redisExporter({ use, password: secret(site, PASSWORDS[use]), namespace: site.shared.jobs.get(tier) })];
    }
    case "sentinel":
      return [sentinelExporter()];
    case "postgres":
      return unit === `${PATRONI_UNIT}.service` ? [postgresExporter(), patroniMetrics()] : [postgresExporter()];
    case "etcd":
      return [{ module: "etcd", job: "etcd", port: Number(facts["port"]), steps: [] }];
    case "pgbouncer":
      return pgbouncerExporters();
    case "prometheus":
      return [{ module: what, job: what, port: PROMETHEUS_WEB_PORT, steps: [] }];
    case "alertmanager":
      return [{ module: what, job: what, port: ALERTMANAGER_PORT, steps: [] }];
    case "streaming":
      return streamingMetrics(site, Number(facts["port"]));
    default:
      return [];
  }
}

/** Whether streaming processes have metrics. */
export function measuresStreaming(version: MastodonVersion): boolean {
  return !version.isBefore("4.2");
}

/** Of the process itself. */
function streamingMetrics(site: Site, port: number): readonly Exporter[] {
  if (!measuresStreaming(versionOf(site))) return [];
  return [{ module: `streaming-${port}`, job: "streaming", labels: { process: `${port}` }, port, steps: [] }];
}
