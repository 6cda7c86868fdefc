// Visits the public host names as a browser does, through the front door: `blackbox(machine, plan)`. It finds a front door that is away, and
// certificates that are about to end.

import { stringify } from "yaml";
import { Machine } from "../../core/machine";
import { HTTPS_PORT } from "../../core/ports";
import { NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { BLACKBOX_PORT } from "../ports";

const CONFIG = "/etc/prometheus/blackbox.yml";
const UNIT = "prometheus-blackbox-exporter.service";

export interface BlackboxPlan {
  /** Whether public authorities sign the front door's certificates. */
  readonly verifies: () => boolean;
}

export function blackbox(machine: Machine, { verifies }: BlackboxPlan): void {
  machine.program
    .add({ kind: "package", names: ["prometheus-blackbox-exporter", "ca-certificates"] })
    .add({ kind: "file", path: CONFIG, content: () => modules(verifies()) })
    .add({
      kind: "file",
      path: "/etc/default/prometheus-blackbox-exporter",
      content: `ARGS="--config.file=${CONFIG} --web.listen-address=127.0.0.1:${BLACKBOX_PORT}"\n`,
    })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${UNIT}.d/10-mastodon.conf`,
      content: unit({ Unit: NEVER_GIVEN_UP, Service: RESTARTED }),
    })
    .add({ kind: "start", units: [UNIT] });
  machine.reaches({ kind: "anywhere", name: "the front door" }, HTTPS_PORT, "whether pages come through it");
}

function modules(verifies: boolean): string {
  const http = {
    valid_status_codes: [200],
    follow_redirects: false,
    fail_if_not_ssl: true,
    preferred_ip_protocol: "ip4",
    ...(!verifies && { tls_config: { insecure_skip_verify: true } }),
  };
  return stringify({ modules: { visit: { prober: "http", timeout: "8s", http } } }, { lineWidth: 0 });
}
