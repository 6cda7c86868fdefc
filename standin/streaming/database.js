// How streaming reads the variables of the database; Ruby reads some of the same names differently.

import pg from "pg";
import connectionString from "pg-connection-string";
import { before } from "./version.js";

const CONNECT_SECONDS = 15;

export function databaseConfig(env) {
  if (env.NODE_ENV !== "production" && env.NODE_ENV !== "development") {
    throw new Error(`NODE_ENV is ${JSON.stringify(env.NODE_ENV)}, neither production nor development`);
  }
  const config = env.DATABASE_URL ? fromUrl(env) : fromParts(env);
  // Up to 4.1 its pool has a fixed size.
  const max = before("4.2") ? 10 : Number.parseInt(env.DB_POOL, 10) || 10;
  return { ...config, max, connectionTimeoutMillis: CONNECT_SECONDS * 1000 };
}

// With an address DB_SSLMODE counts for nothing: only the address' own sslmode does.
function fromUrl(env) {
  const config = connectionString.parseIntoClientConfig(env.DATABASE_URL);
  if (!config.password && env.DB_PASS && !before("4.2")) config.password = env.DB_PASS;
  return config;
}

function fromParts(env) {
  return {
    user: env.DB_USER || "mastodon",
    password: env.DB_PASS,
    database: env.DB_NAME || "mastodon_production",
    host: env.DB_HOST || "localhost",
    port: Number.parseInt(env.DB_PORT, 10) || 5432,
    ssl: tls(env.DB_SSLMODE),
  };
}

// Any word that is not known means full verification, also libpq's "prefer" and "require", and up to 4.1 "no-verify" as well.
function tls(mode) {
  if (!mode || mode === "disable") return false;
  return mode === "no-verify" && !before("4.2") ? { rejectUnauthorized: false } : true;
}

// No listener for errors, as in the real one: an idle connection that breaks, as when PgBouncer restarts, ends the process
// ("Connection terminated unexpectedly"). The pool itself closes connections after ten idle seconds.
export function connectDatabase(env) {
  return new pg.Pool(databaseConfig(env));
}
