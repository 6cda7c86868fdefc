// The exporters of PgBouncer, one for each of a machine's processes, which share a port: each exporter uses its process' own socket.

import { PGBOUNCER_EXPORTER_PORT, PGBOUNCER_PORT } from "../ports";
import { PROCESSES } from "../programs/pgbouncer";
import { Exporter } from "./exporter";
import { exporterInstance } from "./exporter-unit";

export function pgbouncerExporters(): readonly Exporter[] {
  return PROCESSES.map((process) => {
    const port = PGBOUNCER_EXPORTER_PORT + process - 1;
    return {
      module: `pgbouncer-${process}`,
      job: "pgbouncer",
      labels: { process: `${process}` },
      port,
      steps: exporterInstance("prometheus-pgbouncer-exporter", {
        instance: `${process}`,
        // PgBouncer lets its own user into its console without a password.
        user: "postgres",
        of: "PgBouncer, process %i",
        after: "pgbouncer@%i.service",
        variables: {
          PGBOUNCER_EXPORTER_CONNECTION_STRING: `postgres://pgbouncer@:${PGBOUNCER_PORT}/pgbouncer?host=/run/pgbouncer-${process}&sslmode=disable`,
        },
        options: [`--web.listen-address=127.0.0.1:${port}`, "--pgBouncer.pid-file=", "--log.level=warn"],
      }),
    };
  });
}
