// HAProxy's own metrics, on a port of the loopback: of all its queues and ways, as Prometheus reads them.

import { HAPROXY_METRICS_PORT } from "../ports";
import { Exporter } from "./exporter";

export function haproxyMetrics(): Exporter {
  return { module: "haproxy", job: "haproxy", port: HAPROXY_METRICS_PORT, steps: [] };
}

/** A section of its configuration. */
export const HAPROXY_METRICS = `# for Prometheus
frontend metrics
  mode http
  bind 127.0.0.1:${HAPROXY_METRICS_PORT}
  http-request use-service prometheus-exporter if { path /metrics }
  http-request return status 404
`;
