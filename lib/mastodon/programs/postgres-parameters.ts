// PostgreSQL's settings and who may connect: `const { ofMemory, shared } = parameters({ gib, diskGib, maxConnections })`.

import { KEEPALIVE } from "../../core/limits";

export interface ServerSize {
  readonly gib: number;
  readonly diskGib: number;
  readonly maxConnections: number;
}

/** Names and values as in postgresql.conf, without quotes. */
export type Parameters = Readonly<Record<string, string>>;

/**
 * `ofMemory` follows the machine's own memory, which only a renewal changes: with more than there is PostgreSQL would not start again. `shared` is the
 * same on all machines of a tier.
 */
export function parameters({ gib, diskGib, maxConnections }: ServerSize): {
  readonly ofMemory: Parameters;
  readonly shared: Parameters;
} {
  const diskMib = diskGib * 1024;
  const mib = Math.floor(gib * 1024);
  return {
    ofMemory: {
      shared_buffers: `${Math.floor(mib / 4)}MB`,
      effective_cache_size: `${Math.floor(mib * 0.7)}MB`,
      maintenance_work_mem: `${Math.min(2048, Math.max(64, Math.floor(mib / 16)))}MB`,
    },
    shared: {
      max_connections: `${maxConnections}`,
      work_mem: `${Math.min(32, Math.max(4, Math.floor(mib / 4 / maxConnections)))}MB`,
      max_wal_size: `${Math.min(2048, Math.floor(diskMib / 8))}MB`,
      random_page_cost: "1.1",
      wal_compression: "lz4",
      password_encryption: "scram-sha-256",
      // An adopted cluster has TLS off, which would shut out every client that requires it.
      ssl: "on",
      ssl_cert_file: "/etc/ssl/certs/ssl-cert-snakeoil.pem",
      ssl_key_file: "/etc/ssl/private/ssl-cert-snakeoil.key",
      wal_level: "replica",
      hot_standby: "on",
      wal_log_hints: "on",
      max_wal_senders: "10",
      max_replication_slots: "10",
      // Detects a standby or primary that no longer answers within seconds.
      tcp_keepalives_idle: `${KEEPALIVE.idleSeconds}s`,
      tcp_keepalives_interval: `${KEEPALIVE.intervalSeconds}s`,
      tcp_keepalives_count: `${KEEPALIVE.probes}`,
      tcp_user_timeout: "10s",
      wal_sender_timeout: "10s",
      wal_receiver_timeout: "10s",
      wal_retrieve_retry_interval: "1s",
      // Limits the log kept for a standby that is down, which would fill the primary's disk.
      max_slot_wal_keep_size: `${Math.min(8192, Math.floor(diskMib / 4))}MB`,
    },
  };
}

/** Lines of postgresql.conf. */
export function confLines(all: Parameters): string {
  const quoted = (value: string) => (/^[\w.]+$/.test(value) ? value : `'${value}'`);
  return Object.entries(all)
    .map(([name, value]) => `${name} = ${quoted(value)}\n`)
    .join("");
}

/** Who may connect, as lines of pg_hba.conf. */
export function hba(network: string): readonly string[] {
  return [
    "local   all          all                        peer",
    `hostssl all          mastodon    ${network}  scram-sha-256`,
    `hostssl replication  replicator  ${network}  scram-sha-256`,
    // Patroni asks its own server for the end of its log.
    "hostssl replication  replicator  samehost  scram-sha-256",
    // For pg_rewind, which reads files through an ordinary connection.
    `hostssl postgres     replicator  ${network}  scram-sha-256`,
  ];
}
