// HAProxy in front of several poolers, on each machine that uses them: `poolerFront(program, { poolers: ["pool-1", "pool-2"], user: "mastodon" })`.

import { Program } from "../../core/program";
import { PGBOUNCER_PORT, POSTGRES_PORT } from "../ports";
import { hostProxy } from "./host-proxy";

export interface PoolerFrontPlan {
  readonly poolers: readonly string[];
  /** Whom the health check begins to log in. */
  readonly user: string;
}

// The check begins a login at PgBouncer: a TCP check would succeed on a hung process, since the kernel accepts for it.
export function poolerFront(program: Program, { poolers, user }: PoolerFrontPlan): void {
  hostProxy(program, {
    what: "the poolers",
    text: `listen poolers
  bind 127.0.0.1:${PGBOUNCER_PORT}
  balance leastconn
  option pgsql-check user ${user}
  default-server check inter 2s fastinter 500ms fall 2 rise 2 on-marked-down shutdown-sessions
${servers(poolers, PGBOUNCER_PORT)}`,
  });
}

/** Sessions that are not pooled, through the poolers' machines, which follow the primary. */
export function throughPoolers(program: Program, poolers: readonly string[]): void {
  hostProxy(program, {
    what: "PostgreSQL",
    text: `listen through-poolers
  bind 127.0.0.1:${POSTGRES_PORT}
  default-server check inter 2s fall 2 rise 1 on-marked-down shutdown-sessions
${servers(poolers, POSTGRES_PORT)}`,
  });
}

function servers(names: readonly string[], port: number): string {
  return names.map((name) => `  server ${name} ${name}:${port}\n`).join("");
}
