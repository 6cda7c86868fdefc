// Every variable that a tier sets, one row each: which processes read it, since and until which Mastodon, and what it means.
// `rule("streaming", version)` refuses what the process would ignore, misread or crash on.

import { EnvRule } from "../core/env";
import { MastodonVersion } from "./version";

/** The programs of Mastodon; `task` is a one-off such as `db:prepare` or `tootctl`. */
export type Process = "web" | "sidekiq" | "streaming" | "task";

interface Row {
  readonly readBy: readonly Process[];
  /** First minor version that reads it, as in `4.4`. */
  readonly since?: string;
  /** Last minor version that reads it. */
  readonly until?: string;
  readonly secret?: true;
  readonly mayBeEmpty?: true;
  readonly format?: RegExp;
  readonly meaning: string;
}

const RUBY: readonly Process[] = ["web", "sidekiq", "task"];
const ALL: readonly Process[] = [...RUBY, "streaming"];
const COUNT = /^[1-9][0-9]*$/;
const PORT = /^[1-9][0-9]{0,4}$/;
const FLAG = /^true$/;
const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const FILE = /^\/[a-z0-9./-]+$/;
const SENTINELS = /^[a-z0-9.-]+:[0-9]+(,[a-z0-9.-]+:[0-9]+)*$/;

export const CATALOGUE: Readonly<Record<string, Row>> = {
  LOCAL_DOMAIN: { readBy: RUBY, format: HOST, meaning: "the part of a handle behind the @; can never change" },
  WEB_DOMAIN: { readBy: RUBY, format: HOST, meaning: "the host of the web interface, if another than LOCAL_DOMAIN" },
  SECRET_KEY_BASE: { readBy: RUBY, secret: true, meaning: "signs sessions; a change logs everyone out" },
  OTP_SECRET: { readBy: RUBY, until: "4.3", secret: true, meaning: "encrypts second factors; mandatory up to 4.3" },
  ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: {
    readBy: RUBY,
    since: "4.3",
    secret: true,
    meaning: "encrypts columns; a change loses data",
  },
  ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: {
    readBy: RUBY,
    since: "4.3",
    secret: true,
    meaning: "encrypts columns; a change loses data",
  },
  ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: {
    readBy: RUBY,
    since: "4.3",
    secret: true,
    meaning: "encrypts columns; a change loses data",
  },
  VAPID_PRIVATE_KEY: { readBy: ["web", "sidekiq"], secret: true, meaning: "signs web push; a change ends all subscriptions" },
  VAPID_PUBLIC_KEY: { readBy: ["web", "sidekiq"], meaning: "its public half" },
  DB_HOST: { readBy: ALL, format: HOST, meaning: "PostgreSQL or PgBouncer" },
  DB_PORT: { readBy: ALL, format: PORT, meaning: "5432, or PgBouncer's 6432" },
  DB_NAME: { readBy: ALL, meaning: "the database" },
  DB_USER: { readBy: ALL, meaning: "the role" },
  DB_PASS: { readBy: ALL, secret: true, meaning: "its password" },
  DB_SSLMODE: {
    readBy: ALL,
    meaning: "libpq's word for Ruby; for streaming, anything but disable and no-verify is full verification",
  },
  PGSSLROOTCERT: { readBy: RUBY, format: FILE, meaning: "whom verify-full trusts; libpq reads it, Rails passes nothing" },
  NODE_EXTRA_CA_CERTS: { readBy: ["streaming"], format: FILE, meaning: "whom Node trusts besides its own list" },
  SSL_CERT_FILE: { readBy: RUBY, format: FILE, meaning: "whom OpenSSL trusts, for Redis and for the world" },
  DB_POOL: { readBy: ALL, format: COUNT, meaning: "database connections of one process" },
  PREPARED_STATEMENTS: { readBy: RUBY, format: /^(true|false)$/, meaning: "false behind transaction pooling" },
  REPLICA_DB_HOST: { readBy: ["web", "sidekiq"], format: HOST, meaning: "where selected reads go" },
  REPLICA_DB_PORT: { readBy: ["web", "sidekiq"], format: PORT, meaning: "its port" },
  REPLICA_DB_NAME: { readBy: ["web", "sidekiq"], meaning: "its database; up to 4.5 this alone switches the replica on" },
  REPLICA_DB_USER: { readBy: ["web", "sidekiq"], meaning: "its role" },
  REPLICA_DB_PASS: { readBy: ["web", "sidekiq"], secret: true, meaning: "its password" },
  REPLICA_PREPARED_STATEMENTS: {
    readBy: ["web", "sidekiq"],
    since: "4.4",
    format: /^(true|false)$/,
    meaning: "as PREPARED_STATEMENTS",
  },
  REDIS_DRIVER: { readBy: RUBY, since: "4.3", format: /^ruby$/, meaning: "needed for rediss://; every other word means hiredis" },
  ...redis("", ALL),
  ...redis("CACHE_", RUBY),
  ...redis("SIDEKIQ_", RUBY),
  STREAMING_API_BASE_URL: {
    readBy: RUBY,
    format: /^wss:\/\/[a-z0-9.-]+$/,
    meaning: "where browsers find streaming, if not at the web host",
  },
  S3_ENABLED: { readBy: RUBY, format: FLAG, meaning: "files are kept in an object store" },
  S3_BUCKET: { readBy: RUBY, format: BUCKET, meaning: "the bucket" },
  S3_REGION: { readBy: RUBY, meaning: "its region" },
  S3_ENDPOINT: {
    readBy: RUBY,
    format: /^https:\/\/[a-z0-9.-]+$/,
    meaning: "the store, if not Amazon's; then the bucket is in the path",
  },
  S3_HOSTNAME: { readBy: RUBY, format: HOST, meaning: "the store's host for browsers; unset, their policy forbids the files" },
  S3_ALIAS_HOST: { readBy: RUBY, format: HOST, meaning: "the host that has the bucket's files at its root" },
  S3_PERMISSION: { readBy: RUBY, mayBeEmpty: true, meaning: "the access list of each file; empty sends none" },
  AWS_ACCESS_KEY_ID: { readBy: RUBY, meaning: "the store's key; without it the machine's own role is asked" },
  AWS_SECRET_ACCESS_KEY: { readBy: RUBY, secret: true, meaning: "its secret half" },
  AWS_REQUEST_CHECKSUM_CALCULATION: {
    readBy: RUBY,
    format: /^when_(required|supported)$/,
    meaning: "whether uploads carry checksums that stores other than Amazon's may refuse",
  },
  AWS_RESPONSE_CHECKSUM_VALIDATION: { readBy: RUBY, format: /^when_(required|supported)$/, meaning: "the same for downloads" },
  TRUSTED_PROXY_IP: {
    readBy: ["web"],
    format: /^[0-9a-f.:/]+(,[0-9a-f.:/]+)*$/,
    meaning: "replaces the list of proxies that may name a client",
  },
  WEB_CONCURRENCY: { readBy: ["web"], format: COUNT, meaning: "Puma's processes" },
  MAX_THREADS: { readBy: ["web"], format: COUNT, meaning: "threads of each Puma process" },
  PERSISTENT_TIMEOUT: { readBy: ["web"], format: COUNT, meaning: "seconds that Puma keeps an idle connection" },
  BIND: { readBy: ["web", "streaming"], meaning: "the address to listen on" },
  PORT: { readBy: ["web", "streaming"], format: PORT, meaning: "the port to listen on" },
  RAILS_SERVE_STATIC_FILES: { readBy: ["web"], format: FLAG, meaning: "the image sets it; files come from the image itself" },
  RAILS_LOG_LEVEL: { readBy: RUBY, format: /^(debug|info|warn|error|fatal|unknown)$/, meaning: "an unknown word stops the boot" },
  LOG_LEVEL: { readBy: ["streaming"], format: /^(trace|debug|info|warn|error|fatal|silent)$/, meaning: "pino's levels" },
};

/** The rule for the variables of one process of one version. */
export function rule(process: Process, version: MastodonVersion): EnvRule {
  return (name, value) => {
    const row = Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name] : undefined;
    if (row === undefined) return "is no variable that the catalogue knows";
    if (!row.readBy.includes(process)) return `is not read by ${process}, only by ${row.readBy.join(", ")}`;
    if (row.since !== undefined && version.isBefore(row.since))
      return `is read from ${row.since} on, and this is ${version.text}`;
    if (row.until !== undefined && version.isAfter(row.until))
      return `was last read by ${row.until}, and this is ${version.text}`;
    if (value === "" && !row.mayBeEmpty) return "is empty; leave it out instead";
    // A token is known to Terraform only; its variable has a validation of its own.
    if (row.format !== undefined && !value.includes("${TfToken[") && !row.format.test(value)) {
      return `is "${row.secret ? "(secret)" : value}", which does not match ${row.format.source}`;
    }
    return undefined;
  };
}

function redis(prefix: string, readBy: readonly Process[]): Record<string, Row> {
  const use = { "": "feeds and pub/sub", CACHE_: "the cache", SIDEKIQ_: "jobs" }[prefix];
  return {
    [`${prefix}REDIS_HOST`]: { readBy, format: HOST, meaning: `Redis for ${use}; nothing is inherited from another prefix` },
    [`${prefix}REDIS_URL`]: {
      readBy,
      secret: true,
      format: /^rediss?:\/\/[^\s]+$/,
      meaning: "all of it in one, and the only way to encrypt; nothing else of its prefix is read beside it",
    },
    [`${prefix}REDIS_USER`]: { readBy, since: "4.3", meaning: "the entry of its access list" },
    [`${prefix}REDIS_DB`]: { readBy, format: /^[0-9]+$/, meaning: "the number of its database" },
    [`${prefix}REDIS_PORT`]: { readBy, format: PORT, meaning: "its port" },
    [`${prefix}REDIS_PASSWORD`]: { readBy, secret: true, meaning: "its password" },
    [`${prefix}REDIS_SENTINELS`]: { readBy, since: "4.3", format: SENTINELS, meaning: "host:port,host:port without spaces" },
    [`${prefix}REDIS_SENTINEL_MASTER`]: {
      readBy,
      since: "4.3",
      meaning: "the name that the sentinels know it by; needs the line above",
    },
    [`${prefix}REDIS_SENTINEL_USERNAME`]: { readBy, since: "4.3", meaning: "the sentinels' user; REDIS_USER if unset" },
    [`${prefix}REDIS_SENTINEL_PASSWORD`]: { readBy, since: "4.3", secret: true, meaning: "the sentinels' own password" },
  };
}
