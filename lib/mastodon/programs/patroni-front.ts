// HAProxy in front of the primary, and of standbys that are in time, on a machine that uses PostgreSQL: `patroniFront(program, plan)`.
// It asks Patroni on each PostgreSQL machine; reads that no standby can serve go to the primary.

import { join } from "node:path";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { PATRONI_PORT, POSTGRES_LAG_PORT, POSTGRES_PORT, POSTGRES_READS_PORT } from "../ports";
import { hostProxy } from "./host-proxy";

export interface PatroniFrontPlan {
  readonly machines: readonly string[];
  /** Whether other machines may connect to it as well, as on a pooler's machine. */
  readonly open: boolean;
}

const READY = "/usr/local/sbin/primary-ready";

// Cutting the sessions of a primary interrupts the site, so three checks in a row must fail. A standby is removed sooner. Only one machine holds
// the lease, so a new primary is taken with its second answer. HEAD, since HAProxy does not read what comes after the status.
export function patroniFront(program: Program, { machines, open }: PatroniFrontPlan): void {
  const servers = machines.map((name) => `  server ${name} ${name}:${POSTGRES_PORT}\n`).join("");
  const ask = (port: number, path: string) => `  http-check connect port ${port}
  http-check send meth HEAD uri ${path}
  http-check expect status 200
`;
  const backend = (name: string, questions: string, checks: string) => `backend ${name}
  balance leastconn
  option httpchk
${questions}  default-server check ${checks} on-marked-down shutdown-sessions
${servers}`;
  const text = [
    `frontend to-primary
  bind ${open ? "*" : "127.0.0.1"}:${POSTGRES_PORT}
  default_backend primary
`,
    `frontend to-standbys
  bind 127.0.0.1:${POSTGRES_READS_PORT}
  use_backend standbys if { nbsrv(standbys) gt 0 }
  default_backend primary
`,
    backend("primary", ask(PATRONI_PORT, "/primary"), "inter 1s fastinter 500ms fall 3 rise 2"),
    backend(
      "standbys",
      ask(PATRONI_PORT, "/replica") + ask(POSTGRES_LAG_PORT, "/in-time"),
      "inter 1s fastinter 500ms fall 2 rise 3",
    ),
  ].join("\n");
  hostProxy(program, { what: "PostgreSQL", text });
  // Of a pooler's machine alone: members of a pool that all said they were not ready would be taken out of service, and pages without the database too.
  if (!open) return;
  program
    .add({
      kind: "file",
      path: READY,
      content: script(join(__dirname, "primary-ready.sh"), { MACHINES: machines.join(" "), PATRONI_PORT }),
      mode: "0755",
      taken: { what: "the check of the primary", does: "nothing" },
    })
    .readyWhen(READY);
}
