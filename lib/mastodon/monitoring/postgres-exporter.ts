// The exporters of a PostgreSQL machine: of the server, and Patroni's own metrics. The role `prometheus` logs in through the local socket as the
// user of the same name, without a password (postgres-exporter-role.sh).

import { PATRONI_PORT, POSTGRES_EXPORTER_PORT } from "../ports";
import { Exporter } from "./exporter";
import { exporter } from "./exporter-unit";

export const POSTGRES_PACKAGE = "prometheus-postgres-exporter";
/** What is read of any PostgreSQL beside what the exporter reads by itself. */
export const FURTHER = ["database_wraparound", "long_running_transactions", "postmaster"] as const;
/** Those of single tables' reads and of roles are many series that nobody asks for. */
export const LEFT_OUT = ["roles", "statio_user_tables"] as const;
const OF_OWN = ["stat_checkpointer", "stat_wal_receiver"];

export function postgresExporter(): Exporter {
  return {
    module: "postgres",
    job: "postgres",
    port: POSTGRES_EXPORTER_PORT,
    steps: exporter(POSTGRES_PACKAGE, {
      // Dead rows are counted in the database that it is connected to.
      variables: { DATA_SOURCE_NAME: "user=prometheus host=/run/postgresql dbname=mastodon" },
      options: [
        `--web.listen-address=127.0.0.1:${POSTGRES_EXPORTER_PORT}`,
        ...[...FURTHER, ...OF_OWN].map((name) => `--collector.${name}`),
        ...LEFT_OUT.map((name) => `--no-collector.${name}`),
        "--log.level=warn",
      ],
    }),
  };
}

export function patroniMetrics(): Exporter {
  return { module: "patroni", job: "patroni", port: PATRONI_PORT, steps: [] };
}
