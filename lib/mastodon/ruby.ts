// The environment variables that web, Sidekiq and the database tasks share: `rubyEnv(host, "web", tier, data)`.

import { Construct } from "constructs";
import { Env } from "../core/env";
import { Host } from "../core/host";
import { HTTP_PORT, HTTPS_PORT } from "../core/ports";
import { Secret } from "../core/secret";
import { Site } from "./site";
import { Clients } from "./connections";
import { Database, DatabaseFacts } from "./database";
import { isRead, Process, rowOf } from "./env-catalogue";
import { mediaEnv } from "./media";
import { processEnv, put, TierEnv } from "./process-env";
import { RedisFacts, RedisServer } from "./redis-facts";
import { secret } from "./secrets";
import { checkConsistency } from "./consistency";
import { libpqTls, rubyTrusts } from "./trust";
import { MastodonVersion, versionOf } from "./version";

/** The data services that every application tier uses. */
export interface Data {
  /** PgBouncer or PostgreSQL. Migrations and the administrator's commands always bypass the pooler. */
  readonly database: Database;
  /** Redis for feeds and pub/sub. */
  readonly redis: RedisServer;
  /**
   * Redis for the cache.
   * @default - `redis`
   */
  readonly cache?: RedisServer;
  /**
   * Redis for jobs. Web enqueues and Sidekiq dequeues, so all tiers of a site must have the same.
   * @default - `redis`
   */
  readonly jobs?: RedisServer;
  /**
   * The URL of a read replica to use instead of the database's own, `postgresql://user:password@host:port/database` with every part
   * percent-encoded, as a `Secret` or a sensitive variable. From 4.2 on. The page opens no firewall for it.
   * @default - the database's own replica, if it has one
   */
  readonly replicaUrl?: Secret | string;
}

type Prefix = "" | "CACHE_" | "SIDEKIQ_";

const STRAIGHT: Omit<Clients, "what" | "each"> = { processes: 1, reads: false, doubles: false };
/** The connections of `db:prepare`: Rails' default pool. */
export const DATABASE_TASK: Clients = { ...STRAIGHT, what: "database task", each: 5 };
/** The session that holds the scheduler's lock. */
export const SCHEDULER_LOCK: Clients = { ...STRAIGHT, what: "the scheduler's lock", each: 1 };
/** The connections of one command at a time: `tootctl` works with five threads and one more. */
export const ADMINISTRATOR: Clients = { ...STRAIGHT, what: "administrator's commands", each: 6 };

/** The environment of a Ruby process, without the variables of one kind of process alone. */
export function rubyEnv(host: Host, process: Exclude<Process, "streaming">, by: Construct, data: Data, tier: TierEnv): Env {
  const site = Site.of(host);
  const version = versionOf(site);
  const env = processEnv(host, process, by, tier);
  env
    .set("LOCAL_DOMAIN", site.domain, by)
    .set("WEB_DOMAIN", site.webDomain === site.domain ? undefined : site.webDomain, by)
    .set("ALTERNATE_DOMAINS", site.alternateDomains.length === 0 ? undefined : site.alternateDomains.join(","), by)
    .set("SECRET_KEY_BASE", secret(site, "secret_key_base"), by);
  if (!version.isBefore("4.3")) {
    env
      .set("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", secret(site, "active_record_encryption_primary_key"), by)
      .set("ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", secret(site, "active_record_encryption_deterministic_key"), by)
      .set("ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", secret(site, "active_record_encryption_key_derivation_salt"), by);
  }
  if (version.isBefore("4.4")) env.set("OTP_SECRET", secret(site, "otp_secret"), by);
  if (process === "task") {
    databaseEnv(env, host, data.database.direct.reachedBy(host, "database tasks and the administrator's commands"), by);
  } else {
    env
      .set("VAPID_PRIVATE_KEY", secret(site, "vapid_private_key"), by)
      .set("VAPID_PUBLIC_KEY", secret(site, "vapid_public_key"), by);
    databaseEnv(env, host, data.database.reachedBy(host, `${process} reads and writes`), by);
    if (data.replicaUrl !== undefined) put(env, site, "REPLICA_DATABASE_URL", data.replicaUrl, by);
    else if (readsReplica(process, version))
      replicaEnv(env, data.database.replicaReachedBy(host, `${process} reads`), by, version);
  }
  rubyRedisEnv(env, host, "", data.redis.reachedBy(host, "feeds and pub/sub"), by);
  if (data.cache !== undefined) rubyRedisEnv(env, host, "CACHE_", data.cache.reachedBy(host, "the cache"), by);
  if (data.jobs !== undefined) rubyRedisEnv(env, host, "SIDEKIQ_", data.jobs.reachedBy(host, "jobs"), by);
  site.shared.jobs.set((data.jobs ?? data.redis).path, env.all["REDIS_NAMESPACE"] ?? "");
  mediaEnv(env, host, site.objects, by);
  for (const port of [HTTP_PORT, HTTPS_PORT]) {
    host.reaches({ kind: "anywhere", name: "other servers" }, port, "federates, and fetches pictures and previews of links");
  }
  checkUses(site, by, data);
  checkConsistency(site, by, env);
  return env;
}

/** Whether such a process may read from a replica. Up to 4.1 Mastodon uses Makara for that, with which Sidekiq loses jobs and data. */
export function readsReplica(process: Process, version: MastodonVersion): boolean {
  const row = rowOf("REPLICA_DB_NAME")!;
  return isRead(row, process, version);
}

/** The variables for a Redis, for Ruby and streaming. They are set in full for each prefix, since Mastodon inherits nothing between prefixes. */
export function redisEnv(env: Env, prefix: Prefix, facts: RedisFacts, by: Construct): void {
  if (facts.tls !== undefined) {
    // Only a URL can configure encryption.
    const login = facts.password === undefined ? "" : `${facts.user ?? ""}:${facts.password.inUrl}@`;
    env.set(`${prefix}REDIS_URL`, `rediss://${login}${facts.host}:${facts.port}/${facts.db ?? 0}`, by);
    return;
  }
  env
    .set(`${prefix}REDIS_USER`, facts.user, by)
    .set(`${prefix}REDIS_PASSWORD`, facts.password, by)
    .set(`${prefix}REDIS_DB`, facts.db, by);
  if (facts.sentinel === undefined) {
    env.set(`${prefix}REDIS_HOST`, facts.host, by).set(`${prefix}REDIS_PORT`, facts.port, by);
    return;
  }
  const { servers, master, password } = facts.sentinel;
  env
    .set(`${prefix}REDIS_SENTINELS`, servers.map(({ host, port }) => `${host}:${port}`).join(","), by)
    .set(`${prefix}REDIS_SENTINEL_MASTER`, master, by)
    .set(`${prefix}REDIS_SENTINEL_PASSWORD`, password, by);
  // Mastodon sends Redis' user and password to the sentinels unless they have their own. Sentinels without a password accept any password that
  // comes with a user name; without a user name they return an error.
  if (facts.password !== undefined || password !== undefined) env.set(`${prefix}REDIS_SENTINEL_USERNAME`, "default", by);
}

function rubyRedisEnv(env: Env, host: Host, prefix: Prefix, facts: RedisFacts, by: Construct): void {
  redisEnv(env, prefix, facts, by);
  if (facts.tls === undefined) return;
  // hiredis raises an error on TLS up to 4.5, and Mastodon's guide requires the Ruby driver in later versions too.
  if (!versionOf(Site.of(host)).isBefore("4.3")) env.set("REDIS_DRIVER", "ruby", by);
  if (facts.tls.ca !== undefined) rubyTrusts(env, host, "redis", facts.tls.ca, by);
}

function databaseEnv(env: Env, host: Host, facts: DatabaseFacts, by: Construct): void {
  env
    .set("DB_HOST", facts.host, by)
    .set("DB_PORT", facts.port, by)
    .set("DB_NAME", facts.name, by)
    .set("DB_USER", facts.user, by)
    .set("DB_PASS", facts.password, by);
  if (facts.pooled) env.set("PREPARED_STATEMENTS", false, by);
  libpqTls(env, host, facts, by);
}

function replicaEnv(env: Env, facts: DatabaseFacts | undefined, by: Construct, version: MastodonVersion): void {
  if (facts === undefined) return;
  env
    .set("REPLICA_DB_HOST", facts.host, by)
    .set("REPLICA_DB_PORT", facts.port, by)
    .set("REPLICA_DB_NAME", facts.name, by)
    .set("REPLICA_DB_USER", facts.user, by)
    .set("REPLICA_DB_PASS", facts.password, by);
  if (facts.pooled && !version.isBefore("4.4")) env.set("REPLICA_PREPARED_STATEMENTS", false, by);
}

function checkUses(site: Site, by: Construct, data: Data): void {
  const wanted = { redis: "main", cache: "cache", jobs: "sidekiq" } as const;
  for (const prop of ["redis", "cache", "jobs"] as const) {
    const given = data[prop];
    if (given !== undefined && given.use !== wanted[prop]) {
      site.problems.add(by, {
        wrong: `${prop} is ${given.path}, a Redis for ${given.use}`,
        remedy: `give a Redis with use: "${wanted[prop]}"${prop === "redis" ? "" : `, or leave ${prop} out`}`,
      });
    }
  }
}
