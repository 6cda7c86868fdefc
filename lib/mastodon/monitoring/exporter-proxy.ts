// One port for all metrics of a host: `exporterProxy(program, exporters)`. The exporters themselves listen on the loopback only, so one rule of the
// firewalls is enough, and another exporter opens nothing.

import { stringify } from "yaml";
import { Program } from "../../core/program";
import { NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { EXPORTERS_PORT } from "../ports";
import { Exporter } from "./exporter";

const UNIT = "prometheus-exporter-exporter.service";
const CONFIG = "/etc/prometheus/exporter-exporter.yml";

export function exporterProxy(program: Program, exporters: readonly Exporter[]): void {
  for (const { steps } of exporters) program.add(...steps);
  program
    .add({ kind: "package", names: ["prometheus-exporter-exporter"] })
    .add({ kind: "file", path: CONFIG, content: modules(exporters) })
    .add({
      kind: "file",
      path: "/etc/default/prometheus-exporter-exporter",
      content: `ARGS="-web.listen-address :${EXPORTERS_PORT} -config.file ${CONFIG}"\n`,
    })
    // Metrics must never take memory or time from what they tell of.
    .add({
      kind: "file",
      path: `/etc/systemd/system/${UNIT}.d/10-mastodon.conf`,
      content: unit({ Unit: NEVER_GIVEN_UP, Service: { OOMScoreAdjust: 500, ...RESTARTED } }),
    })
    .add({ kind: "start", units: [UNIT] });
}

function modules(exporters: readonly Exporter[]): string {
  const all = exporters.map(({ module, port, path }) => {
    return [module, { method: "http", timeout: "10s", http: { port, path: path ?? "/metrics" } }];
  });
  return stringify({ modules: Object.fromEntries(all) }, { lineWidth: 0 });
}
