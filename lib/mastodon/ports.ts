// The TCP ports of Mastodon and its data. Servers have the ports that their own projects register or use by default, so that administrators find
// them there. Nothing else in `lib` says these numbers: programs, endpoints and `.sh` files take them from here.

import type { RedisUse } from "./redis-facts";

/** PostgreSQL, and HAProxy's way to the machine that is primary. */
export const POSTGRES_PORT = 5432;
/** HAProxy's way to standbys, on the caller's loopback only. */
export const POSTGRES_READS_PORT = 5433;
/** Where a PostgreSQL machine says whether it is primary or standby; the port of Patroni's REST API, which answers the same questions. */
export const POSTGRES_STATUS_PORT = 8008;
/** PgBouncer, and HAProxy's way to several of them. */
export const PGBOUNCER_PORT = 6432;
/** A port for each use, since several instances may share a machine. */
export const REDIS_PORTS: Readonly<Record<RedisUse, number>> = { main: 6379, cache: 6380, sidekiq: 6381 };
export const SENTINEL_PORT = 26379;

/** Puma, on the loopback of its machine. */
export const PUMA_PORT = 3000;
/** HAProxy's queue before Puma, which nginx asks; on the loopback as well. */
export const PUMA_QUEUE_PORT = 3080;
/** The first streaming process of a machine; further ones have the numbers behind it. On the loopback. */
export const STREAMING_PORT = 4000;
/** The exporter of Ruby's processes, and a collector's. */
export const PROMETHEUS_PORT = 9394;

/** Elasticsearch and OpenSearch, outside the page. */
export const SEARCH_PORT = 9200;
