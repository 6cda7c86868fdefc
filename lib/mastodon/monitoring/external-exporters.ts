// The exporters of external PostgreSQL and Redis, which run on a monitoring machine, one for each server: `externalExporters(machine)`. They log in as
// Mastodon's processes do, since the page has no other user there.

import { Host } from "../../core/host";
import { Step } from "../../core/program";
import { DatabaseFacts } from "../database";
import { POSTGRES_EXPORTER_PORT, REDIS_EXPORTER_PORT } from "../ports";
import { LOST_PEERS } from "../programs/lost-peers";
import { RedisFacts } from "../redis-facts";
import { Site } from "../site";
import { PUBLIC, trust } from "../trust";
import { Exporter } from "./exporter";
import { exporterInstance } from "./exporter-unit";
import { External, ExternalCache, ExternalDatabase, externalServers } from "./external";
import { FURTHER, LEFT_OUT, POSTGRES_PACKAGE } from "./postgres-exporter";
import { queuesScript, QUEUES, READS, REDIS_PACKAGE } from "./redis-exporter";

/** What each exporter of a PostgreSQL may open at once: one for the server, one for a reading, and one of the reading before that still ends. */
export const CONNECTIONS_OF_AN_EXPORTER = 3;

const WHY = "reads its metrics";
/** Databases of clouds that no role of theirs may enter; asking for their size would write an error into the log at each reading. */
const OF_CLOUDS = ["rdsadmin", "_dodb", "_aiven", "azure_maintenance", "azure_sys", "cloudsqladmin"];
/** `wal` needs `pg_monitor`. */
const NOT_EXTERNAL = [...LEFT_OUT, "wal"];
// As the role of the page's own PostgreSQL has them (postgres-exporter-role.sh).
const SESSION = "connect_timeout=5&statement_timeout=8000&lock_timeout=1000&default_transaction_read_only=on";

/** What is read of one server, by a unit of the machine. */
export interface ExternalExporter extends Exporter {
  /** The systemd unit. */
  readonly unit: string;
  readonly server: External;
}

/** They have the labels of the server, as those of the page's own servers have. Called at synth, when the whole page is known. */
export function externalExporters(machine: Host): readonly ExternalExporter[] {
  const { postgres, redis } = externalServers(Site.of(machine));
  const databases = postgres.flatMap(({ server, all }) => {
    const facts = [server.reachedBy(machine, WHY), ...server.replicasReachedBy(machine, WHY)];
    return all.map((one, n) => ({ one, facts: facts[n]! }));
  });
  return [
    ...databases.map(({ one, facts }, n) => ofPostgres(machine, one, facts, POSTGRES_EXPORTER_PORT + n)),
    ...redis.map(({ server, one }, n) => ofRedis(machine, one, server.reachedBy(machine, WHY), REDIS_EXPORTER_PORT + n)),
  ];
}

function ofPostgres(machine: Host, server: ExternalDatabase, facts: DatabaseFacts, port: number): ExternalExporter {
  const { name, tier } = server;
  const verifies = facts.sslmode === "verify-full";
  const root = verifies ? `&sslrootcert=${facts.ca === undefined ? PUBLIC : trusted(machine, facts.host, facts.ca)}` : "";
  return {
    server,
    unit: `${POSTGRES_PACKAGE}@${name}.service`,
    module: `postgres-${name}`,
    job: "postgres",
    labels: { instance: name, role: "postgres", tier },
    port,
    steps: [
      // Its connection has no limit for reads: after a failover it would read nothing for 15 minutes.
      ...LOST_PEERS,
      ...(verifies && facts.ca === undefined ? PUBLIC_CERTIFICATES : []),
      ...exporterInstance(POSTGRES_PACKAGE, {
        instance: name,
        user: "prometheus",
        of: "PostgreSQL %i",
        variables: {
          DATA_SOURCE_USER: facts.user,
          DATA_SOURCE_PASS: `${facts.password}`,
          DATA_SOURCE_URI: `${facts.host}:${facts.port}/${facts.name}?sslmode=${facts.sslmode}${root}&${SESSION}`,
        },
        secret: "delivered",
        common: [
          ...FURTHER.map((collector) => `--collector.${collector}`),
          ...NOT_EXTERNAL.map((collector) => `--no-collector.${collector}`),
          `--exclude-databases=${OF_CLOUDS.join(",")}`,
          "--log.level=warn",
        ],
        options: [`--web.listen-address=127.0.0.1:${port}`],
      }),
    ],
  };
}

function ofRedis(machine: Host, server: ExternalCache, facts: RedisFacts, port: number): ExternalExporter {
  const { name, use, namespace } = server;
  const { host, user, password, db, tls } = facts;
  const instance = `${use}-${name}`;
  const ca = tls?.ca === undefined ? [] : [`-tls-ca-cert-file=${trusted(machine, host, tls.ca)}`];
  return {
    server,
    unit: `${REDIS_PACKAGE}@${instance}.service`,
    module: `redis-${instance}`,
    job: "redis",
    labels: { instance: name, role: "redis", tier: name, use },
    port,
    steps: [
      ...(tls !== undefined && tls.ca === undefined ? PUBLIC_CERTIFICATES : []),
      ...(namespace === undefined ? [] : [queuesScript(instance, namespace)]),
      ...exporterInstance(REDIS_PACKAGE, {
        instance,
        user: "prometheus",
        of: "Redis, %i",
        variables: {
          REDIS_ADDR: `${tls === undefined ? "redis" : "rediss"}://${host}:${facts.port}${db === undefined ? "" : `/${db}`}`,
          ...(user !== undefined && { REDIS_USER: user }),
          ...(password !== undefined && { REDIS_PASSWORD: `${password}` }),
        },
        secret: "delivered",
        // A user that may not name its connections would have an error in the log at each reading.
        common: [...READS, "-set-client-name=false"],
        options: [`-web.listen-address=127.0.0.1:${port}`, ...ca, ...(namespace === undefined ? [] : [`-script=${QUEUES}`])],
      }),
    ],
  };
}

/** The file of a certificate authority. The exporters read it at each connection. */
function trusted(machine: Host, name: string, ca: string): string {
  return trust(machine).shared(name, ca, { taken: { what: "whom the exporters of servers elsewhere trust", does: "nothing" } });
}

/** For those that verify against the public authorities. */
const PUBLIC_CERTIFICATES: readonly Step[] = [{ kind: "package", names: ["ca-certificates"] }];
