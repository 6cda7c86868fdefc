// The data tier: PostgreSQL, its replica, and Redis in its three uses.

import { PGBOUNCER_PORT, POSTGRES_PORT } from "../ports";
import { ALL, BOOLEAN, COUNT, FILE, HOST, NUMBER, PORT, Process, Row, Rows, rows, RUBY } from "./row";

const SENTINELS = /^[a-z0-9.-]+:[0-9]+(,[a-z0-9.-]+:[0-9]+)*$/;
const DATABASE_URL = /^postgres(ql)?:\/\/[^\s/]+\/[^\s/?]+(\?\S+)?$/;
const REDIS_URL = /^(rediss?|unix):\/\/\S+$/;

export const DATA: Rows = {
  ...rows(
    { readBy: ALL },
    {
      DB_HOST: { owner: "database", format: HOST, meaning: "PostgreSQL or PgBouncer" },
      DB_PORT: { owner: "database", format: PORT, meaning: `${POSTGRES_PORT}, or PgBouncer's ${PGBOUNCER_PORT}` },
      DB_NAME: { owner: "database", unquoted: {}, meaning: "the database" },
      DB_USER: { owner: "database", unquoted: {}, meaning: "the role" },
      DB_PASS: { owner: "database", secret: true, meaning: "its password" },
      DB_SSLMODE: {
        owner: "database",
        meaning: "libpq's word for Ruby; for streaming, anything but disable and, from 4.2 on, no-verify is full verification",
      },
      DB_POOL: {
        owner: { web: "threads", sidekiq: "threads", streaming: "databaseConnections" },
        format: COUNT,
        meaning: "database connections of one process; up to 4.2 Sidekiq has MAX_THREADS unless told",
      },
      DATABASE_URL: {
        owner: "database",
        secret: true,
        format: DATABASE_URL,
        source: "Rails, streaming/database.js",
        meaning: "all of it as one address, which outranks the parts; streaming then ignores DB_SSLMODE",
      },
    },
  ),
  PGSSLROOTCERT: {
    owner: "ca of Postgres.external",
    readBy: RUBY,
    format: FILE,
    meaning: "the CA of PostgreSQL's certificate, a file in the container",
    source: "libpq",
  },
  PGOPTIONS: {
    readBy: ["task"],
    format: /^\S.*$/,
    meaning: "settings of its sessions, straight at PostgreSQL; the database task's lock_timeout unless it is given",
    source: "libpq",
  },
  SSL_CERT_FILE: {
    owner: "ca of whatever the certificate is of",
    readBy: RUBY,
    format: FILE,
    meaning: "whom OpenSSL trusts, for Redis and for the world, a file in the container",
    source: "OpenSSL",
  },
  SSL_CERT_DIR: {
    readBy: RUBY,
    format: FILE,
    fixed:
      "it names a directory that nothing brings to the machines; settings and servers outside the page take their certificates as ca",
    meaning: "whom OpenSSL trusts, a directory of files by their hashes",
    source: "OpenSSL",
  },
  NODE_EXTRA_CA_CERTS: {
    owner: "ca of Postgres.external or Redis.external",
    readBy: ["streaming"],
    format: FILE,
    meaning: "further CAs that Node trusts, a file in the container",
    source: "Node",
  },
  NODE_TLS_REJECT_UNAUTHORIZED: {
    owner: "database",
    readBy: ["streaming"],
    until: "4.1",
    format: /^0$/,
    meaning: "no certificate is verified; up to 4.1 streaming has no other way to a certificate that nobody has signed",
    source: "Node",
  },
  PREPARED_STATEMENTS: {
    readBy: RUBY,
    format: BOOLEAN,
    meaning: "false behind transaction pooling",
  },
  QUERY_LOG_TAGS_ENABLED: {
    readBy: RUBY,
    since: "4.4",
    format: /^true$/,
    meaning: "queries say where they come from, and are not prepared",
  },
  ...rows(
    {
      readBy: ["web", "sidekiq"],
      spans: { sidekiq: { since: "4.2" } },
      source: "config/database.yml; up to 4.1 that of the page's own part, for Makara",
    },
    {
      REPLICA_DB_HOST: { owner: "database", format: HOST, meaning: "where selected reads go" },
      REPLICA_DB_PORT: { owner: "database", format: PORT, meaning: "its port" },
      REPLICA_DB_NAME: {
        owner: "database",
        unquoted: {},
        meaning: "its database; from 4.2 to 4.5 this alone switches the replica on",
      },
      REPLICA_DB_USER: { owner: "database", unquoted: {}, meaning: "its role" },
      REPLICA_DB_PASS: { owner: "database", secret: true, meaning: "its password" },
      REPLICA_DATABASE_URL: {
        owner: "replicaUrl",
        since: "4.2",
        secret: true,
        format: DATABASE_URL,
        meaning: "all of it as one address; what it leaves out comes from DB_*, never from DATABASE_URL",
      },
      REPLICA_PREPARED_STATEMENTS: { since: "4.4", spans: {}, format: BOOLEAN, meaning: "as PREPARED_STATEMENTS" },
      REPLICA_DB_TASKS: {
        since: "4.4",
        spans: {},
        format: BOOLEAN,
        meaning: "without effect: Rails runs no task on a replica in any case",
      },
    },
  ),
  ...redis("", ALL),
  ...redis("CACHE_", RUBY),
  ...redis("SIDEKIQ_", RUBY),
  REDIS_DRIVER: {
    readBy: RUBY,
    since: "4.3",
    format: /^ruby$/,
    meaning: "needed with rediss://, which the usual driver cannot do",
  },
  REDIS_USERNAME: {
    readBy: ["streaming"],
    since: "4.3",
    until: "4.3.0",
    owner: "redis",
    meaning: "its user; 4.3.1 renamed it to REDIS_USER, as Ruby has it",
  },
  REDIS_NAMESPACE: {
    readBy: ALL,
    until: "4.3",
    format: /^[\w:-]+$/,
    meaning: "stands before every key, for a Redis that others use too; from 4.4 on it stops every Ruby process",
  },
};

function redis(prefix: "" | "CACHE_" | "SIDEKIQ_", readBy: readonly Process[]): Rows {
  const use = { "": "feeds and pub/sub", CACHE_: "the cache", SIDEKIQ_: "jobs" }[prefix];
  const own: Readonly<Record<string, Partial<Row> & Pick<Row, "meaning">>> = {
    URL: { secret: true, format: REDIS_URL, meaning: `Redis for ${use} as one address, which outranks the parts` },
    HOST: { format: HOST, meaning: `Redis for ${use}; nothing is inherited from another prefix` },
    PORT: { format: PORT, meaning: "its port" },
    DB: { format: NUMBER, meaning: "its number, if not 0" },
    USER: {
      since: "4.3",
      ...(prefix === "" && { spans: { streaming: { since: "4.3.1" } } }),
      meaning: "its user, if not the default one",
    },
    PASSWORD: { secret: true, meaning: "its password" },
    SENTINELS: { since: "4.3", format: SENTINELS, meaning: "host:port,host:port without spaces" },
    SENTINEL_MASTER: { since: "4.3", meaning: "the name that the sentinels know it by; needs the line above" },
    SENTINEL_PORT: { since: "4.3", format: PORT, meaning: "the port of sentinels that name none" },
    SENTINEL_USERNAME: { since: "4.3", meaning: "the sentinels' user; REDIS_USER if unset" },
    SENTINEL_PASSWORD: { since: "4.3", secret: true, meaning: "the sentinels' own password" },
  };
  const owner = { "": "redis", CACHE_: "cache", SIDEKIQ_: "jobs" }[prefix];
  return rows({ readBy, owner }, Object.fromEntries(Object.entries(own).map(([name, row]) => [`${prefix}REDIS_${name}`, row])));
}
