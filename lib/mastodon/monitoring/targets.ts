// What Prometheus reads. Kept machines are in a file of the page. Members of pools come and go, on some clouds without Terraform, so each member
// registers itself at the monitoring machines. Prometheus could ask the APIs of clouds instead, but at DigitalOcean and Hetzner that takes a token
// that reads, and at Hetzner may change, everything of the account. And a failed deploy must not take the machines out of sight that still serve.

import { join } from "node:path";
import { Host } from "../../core/host";
import { Machine } from "../../core/machine";
import { packedFile } from "../../core/packed-file";
import { Pool } from "../../core/pool";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { unit } from "../../core/unit";
import { EXPORTERS_PORT, TARGETS_PORT } from "../ports";
import { Exporter } from "./exporter";
import { exportersOf } from "./exporters";

/** Files of targets, which Prometheus reads again when they change: of the page, and of members of pools. */
export const KEPT_TARGETS = "/etc/prometheus/targets/kept.json";
export const MEMBERS = "/var/lib/monitoring-targets/members";

/** How often a member says that it is there. */
export const REGISTERED_SECONDS = 30;
/** A member that has said nothing for so long is gone. Until then its silence is told as that of a machine that is down. */
const FORGOTTEN_MINUTES = 5;

interface Target {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * All targets on kept machines.
 * @param external those of external servers, whose exporters each monitoring machine has for itself
 */
export function keptTargets(hosts: readonly Host[], monitor: Host, external: readonly Exporter[]): string {
  const machines = hosts.filter((host): host is Machine => host instanceof Machine);
  const kept = machines.flatMap((host) => targets(host, exportersOf(host), host.name, host.name));
  return json([...kept, ...targets(monitor, external, "127.0.0.1", monitor.name)]);
}

/** The targets on a member of a pool, with words for what only the member knows. */
export function membersFile(pool: Pool, exporters: readonly Exporter[]): string {
  return json(targets(pool, exporters, "@ADDRESS@", "@NAME@"));
}

function targets(host: Host, exporters: readonly Exporter[], address: string, instance: string): readonly Target[] {
  const pool: Readonly<Record<string, string>> = host instanceof Pool ? { pool: host.name } : {};
  const tier = host instanceof Pool ? host.name : host.name.replace(/-\d+$/, "");
  return exporters.map(({ module, job, labels }) => ({
    targets: [`${address}:${EXPORTERS_PORT}`],
    labels: { __param_module: module, job, instance, role: host.role, tier, ...pool, ...labels },
  }));
}

// One target a line, so that a diff of two shows what differs.
function json(all: readonly Target[]): string {
  return `[\n${all.map((target) => `  ${JSON.stringify(target)}`).join(",\n")}\n]\n`;
}

/** nginx takes the files of members, and the oldest of them go. */
export function receivesMembers(program: Program): void {
  program
    .add({ kind: "package", names: ["nginx-light"] })
    .add(...packedFile({ kind: "file", path: "/etc/nginx/conf.d/members.conf", content: SERVER }))
    .add({
      kind: "run",
      why: "where members of pools register",
      script: script(join(__dirname, "members.sh"), { MEMBERS }),
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/members-gone.service",
      content: unit({
        Unit: { Description: "Forgets members of pools that have said nothing for minutes" },
        Service: {
          Type: "oneshot",
          ExecStart: `/usr/bin/find ${MEMBERS} -name *.json -mmin +${FORGOTTEN_MINUTES} -delete`,
          LogLevelMax: "notice",
        },
      }),
    })
    .add({
      kind: "file",
      path: "/etc/systemd/system/members-gone.timer",
      content: unit({
        Unit: { Description: "Once a minute" },
        // After a boot the members get the time to register again.
        Timer: { OnActiveSec: 120, OnUnitActiveSec: 60 },
        Install: { WantedBy: "timers.target" },
      }),
    })
    .add({ kind: "start", units: ["members-gone.timer", "nginx.service"] });
}

// A member may write and remove files, and read none. Only hosts of the site's pools reach the port.
const SERVER = `server {
  listen ${TARGETS_PORT};
  listen [::]:${TARGETS_PORT};
  server_tokens off;
  access_log off;
  location ~ "^/members/[a-z0-9][a-z0-9.-]{0,62}\\.json$" {
    root ${MEMBERS.replace("/members", "")};
    limit_except PUT DELETE { deny all; }
    client_max_body_size 64k;
    client_body_temp_path ${MEMBERS.replace("/members", "/received")};
    dav_methods PUT DELETE;
    dav_access user:rw group:r all:r;
  }
  location / { return 404; }
}
`;
