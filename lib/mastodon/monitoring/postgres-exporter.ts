// The exporters of a PostgreSQL machine: of the server, and Patroni's own metrics. The role `prometheus` logs in through the local socket as the
// user of the same name, without a password (postgres-exporter-role.sh).

import { PATRONI_PORT, POSTGRES_EXPORTER_PORT } from "../ports";
import { Exporter } from "./exporter";
import { exporter } from "./exporter-unit";

// Those of single tables' reads and of roles are many series that nobody asks for.
const FURTHER = ["database_wraparound", "long_running_transactions", "postmaster", "stat_checkpointer", "stat_wal_receiver"];
const LEFT_OUT = ["roles", "statio_user_tables"];

export function postgresExporter(): Exporter {
  return {
    module: "postgres",
    job: "postgres",
    port: POSTGRES_EXPORTER_PORT,
    steps: exporter("prometheus-postgres-exporter", {
      // Dead rows are counted in the database that it is connected to.
      variables: { DATA_SOURCE_NAME: "user=prometheus host=/run/postgresql dbname=mastodon" },
      options: [
        `--web.listen-address=127.0.0.1:${POSTGRES_EXPORTER_PORT}`,
        ...FURTHER.map((name) => `--collector.${name}`),
        ...LEFT_OUT.map((name) => `--no-collector.${name}`),
        "--log.level=warn",
      ],
    }),
  };
}

export function patroniMetrics(): Exporter {
  return { module: "patroni", job: "patroni", port: PATRONI_PORT, steps: [] };
}
