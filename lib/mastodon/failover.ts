// When another PostgreSQL becomes primary: `new Postgres(…, { failover: { afterSeconds: 30 } })`, in Patroni's terms for its settings.

import { Construct } from "constructs";
import { wholeNumber } from "../core/whole-number";
import { Site } from "./site";
import type { Lease } from "./programs/patroni";

export interface Failover {
  /**
   * After how many seconds without a sign of life the primary loses its lease (Patroni's `ttl`); another is primary within 8 s of that. A primary that
   * cannot renew its lease stops before it ends. With more seconds a busy machine or a slow disk less often costs a failover. Patroni
   * looks four times in that time, and gives etcd and PostgreSQL a quarter of it for each answer (`loop_wait`, `retry_timeout`).
   * @default 20 - the shortest that Patroni allows
   */
  readonly afterSeconds?: number;
  /**
   * How much of the log a standby may lack, in MiB, and still become primary (`maximum_lag_on_failover`). With more, some standby can take over
   * even if it is behind, and more is lost; with less, the site may stay without a primary until a person decides. With `synchronous` it counts as
   * well, for what is written but not yet committed.
   * @default 1
   */
  readonly mostLagMib?: number;
  /**
   * What happens while etcd has no majority (`failsafe_mode`). `serve`: the primary goes on as long as all database machines answer it, and stops if
   * one does not. `stop`: it stops, and the site is down until etcd is back.
   * @default "serve"
   */
  readonly withoutEtcd?: "serve" | "stop";
}

const LEAST_SECONDS = 20;

export function leaseOf(by: Construct, { afterSeconds, mostLagMib, withoutEtcd = "serve" }: Failover = {}): Lease {
  const { problems } = Site.of(by);
  const ttlSeconds = wholeNumber(problems, by, "failover.afterSeconds", afterSeconds ?? LEAST_SECONDS, {
    least: LEAST_SECONDS,
    most: 300,
  });
  const quarter = Math.floor(ttlSeconds / 4);
  return {
    ttlSeconds,
    loopSeconds: quarter,
    retrySeconds: quarter,
    mostLagMib: wholeNumber(problems, by, "failover.mostLagMib", mostLagMib ?? 1, { least: 0, most: 1024 }),
    failsafe: withoutEtcd === "serve",
  };
}
