// The ports of Mastodon and its data services: the defaults of each project, where administrators expect them. Programs, endpoints and `.sh`
// files take the numbers from here; no other file of `lib` contains them.

import type { RedisUse } from "./redis-facts";

/** PostgreSQL, and HAProxy in front of the primary. */
export const POSTGRES_PORT = 5432;
/** HAProxy in front of the standbys, on the client's loopback only. */
export const POSTGRES_READS_PORT = 5433;
/** Patroni's REST API on each PostgreSQL machine that has a standby or is one: primary or standby. */
export const PATRONI_PORT = 8008;
/** Whether a standby is in time, beside Patroni. */
export const POSTGRES_LAG_PORT = 8009;
/** etcd, for those who use it. */
export const ETCD_PORT = 2379;
/** etcd, for its members among themselves. */
export const ETCD_PEER_PORT = 2380;
/** PgBouncer, and HAProxy in front of several of them. */
export const PGBOUNCER_PORT = 6432;
/** One port per use, since several instances may share a machine. */
export const REDIS_PORTS: Readonly<Record<RedisUse, number>> = { main: 6379, cache: 6380, sidekiq: 6381 };
export const SENTINEL_PORT = 26379;

/** Puma, on the loopback of its machine. */
export const PUMA_PORT = 3000;
/** HAProxy's queue between nginx and Puma, on the loopback. */
export const PUMA_QUEUE_PORT = 3080;
/** The first streaming process of a machine, on the loopback; further processes have the following ports. */
export const STREAMING_PORT = 4000;
/** The Prometheus exporter of Ruby processes, and a collector. */
export const PROMETHEUS_PORT = 9394;

/** All metrics of a machine, through its exporter proxy; the only port that monitoring opens on it. */
export const EXPORTERS_PORT = 9999;
/** Where members of pools say what can be read from them, on a monitoring machine. */
export const TARGETS_PORT = 9998;
/** Prometheus, on the loopback of its machine. */
export const PROMETHEUS_WEB_PORT = 9090;
/** Alertmanager, for Prometheus and for its overview. */
export const ALERTMANAGER_PORT = 9093;
/** Alertmanager, for the one on the other monitoring machine; UDP too. */
export const ALERTMANAGER_PEER_PORT = 9094;
/** The blackbox exporter, which visits the front door, on the loopback of a monitoring machine. */
export const BLACKBOX_PORT = 9115;
/** The overview of a monitoring machine. */
export const OVERVIEW_PORT = 9080;

// The exporters of the machines of a monitored site, each on its machine's loopback: the defaults of their projects, or the next free ones.

/** The exporter of the machine itself. */
export const NODE_EXPORTER_PORT = 9100;
/** HAProxy's own metrics. */
export const HAPROXY_METRICS_PORT = 9101;
export const NGINX_EXPORTER_PORT = 9113;
/** What nginx tells its exporter. */
export const NGINX_STATUS_PORT = 9114;
/** The exporter of the Redis `main`; those of the other uses have the following ports, in the order of `REDIS_PORTS`. */
export const REDIS_EXPORTER_PORT = 9121;
export const SENTINEL_EXPORTER_PORT = 9124;
/** The exporter of PgBouncer's first process; that of the second has the following port. */
export const PGBOUNCER_EXPORTER_PORT = 9127;
export const POSTGRES_EXPORTER_PORT = 9187;
/** The metrics of a machine's first Sidekiq process, beside `PROMETHEUS_PORT`; those of further processes have the following ports. */
export const SIDEKIQ_METRICS_PORT = 9395;

/** Elasticsearch and OpenSearch, which are external. */
export const SEARCH_PORT = 9200;
/** Syslog over TLS (RFC 5425), which is external. */
export const SYSLOG_PORT = 6514;
