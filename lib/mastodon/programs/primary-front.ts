// The way to whichever machine is primary, and to standbys that are in step, on a machine that calls PostgreSQL: `primaryFront(program, plan)`.
// Each PostgreSQL machine says which part it plays; reads that no standby can answer go to the primary.

import { Program } from "../../core/program";
import { POSTGRES_PORT, POSTGRES_READS_PORT, POSTGRES_STATUS_PORT } from "../ports";
import { hostProxy } from "./host-proxy";

export interface PrimaryFrontPlan {
  readonly machines: readonly string[];
  /** Whether others may come in as well, as they do on a pooler's machine. */
  readonly open: boolean;
}

// To cut the sessions of a primary is to stop the site for a moment, so three checks must agree. A standby is given up sooner. One that
// comes back is believed later than its watch needs to see that another was promoted meanwhile.
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
