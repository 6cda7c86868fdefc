// HAProxy in front of the primary, and of standbys with little lag, on a machine that uses PostgreSQL: `primaryFront(program, plan)`.
// It checks the status endpoint of each PostgreSQL machine; reads that no standby can serve go to the primary.

import { Program } from "../../core/program";
import { POSTGRES_PORT, POSTGRES_READS_PORT, POSTGRES_STATUS_PORT } from "../ports";
import { hostProxy } from "./host-proxy";

export interface PrimaryFrontPlan {
  readonly machines: readonly string[];
  /** Whether other machines may connect to it as well, as on a pooler's machine. */
  readonly open: boolean;
}

// Cutting the sessions of a primary interrupts the site, so three checks in a row must fail. A standby is removed sooner. A machine that comes back
// is added only after the time that its watch needs to detect another machine's promotion.
export function primaryFront(program: Program, { machines, open }: PrimaryFrontPlan): void {
  const servers = machines.map((name) => `  server ${name} ${name}:${POSTGRES_PORT}\n`).join("");
  const backend = (name: string, path: string, checks: string) => `backend ${name}
  balance leastconn
  option httpchk GET ${path}
  http-check expect status 200
  default-server check port ${POSTGRES_STATUS_PORT} ${checks} on-marked-down shutdown-sessions
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
    backend("primary", "/primary", "inter 1s fastinter 500ms fall 3 rise 6"),
    backend("standbys", "/replica", "inter 1s fastinter 500ms fall 2 rise 3"),
  ].join("\n");
  hostProxy(program, { what: "PostgreSQL", text });
}
