// The settings of a PostgreSQL cluster that Patroni keeps in etcd, the same for all its machines: `postgresCluster(plan)`. No secret is among them.

import type { PatroniPlan } from "./patroni";
import { hba, parameters } from "./postgres-parameters";

/** A primary that takes longer than this to come up after a crash loses its part to a standby. */
const PRIMARY_START_SECONDS = 60;

export function postgresCluster(plan: PatroniPlan): object {
  const { lease, synchronous } = plan;
  return {
    ttl: lease.ttlSeconds,
    loop_wait: lease.loopSeconds,
    retry_timeout: lease.retrySeconds,
    maximum_lag_on_failover: lease.mostLagMib * 1024 * 1024,
    failsafe_mode: lease.failsafe,
    primary_start_timeout: PRIMARY_START_SECONDS,
    // A standby that has not followed the last primary yet has less than it seems.
    check_timeline: true,
    synchronous_mode: synchronous !== false,
    synchronous_mode_strict: synchronous === "strict",
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      parameters: parameters(plan).shared,
      pg_hba: hba(plan.network),
    },
  };
}
