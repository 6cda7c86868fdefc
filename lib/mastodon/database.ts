// The interface of a database to the tiers that use it, of the page's own and of an external one: `database.reachedBy(host, "web reads and writes")`.

import { Construct } from "constructs";
import { Host } from "../core/host";
import { Secret } from "../core/secret";
import { Clients } from "./connections";

export interface DatabaseFacts {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: Secret;
  /** Whether sessions share server connections (transaction pooling): session state, such as prepared statements, cannot be used then. */
  readonly pooled: boolean;
  /** Whether it accepts TLS connections only. Without `sslmode` its certificate is self-signed and not verified. */
  readonly tls: boolean;
  /** The `sslmode` of an external server. */
  readonly sslmode?: SslMode;
  /** The certificate authorities for `verify-full`, if not the public ones. */
  readonly ca?: string | undefined;
}

/** A user that may make roles and databases, for the database task alone. */
export interface DatabaseAdmin {
  readonly user: string;
  readonly password: Secret;
  /** The database to which it connects, since the one of Mastodon may not exist yet. */
  readonly database: string;
}

/** The values of libpq's `sslmode` that Ruby, Node and PgBouncer all support. */
export type SslMode = "disable" | "require" | "verify-full";

export interface Database {
  /** The endpoint for writes. */
  reachedBy(who: Host, why: string): DatabaseFacts;
  /** The endpoint for reads that may go to a replica, or `undefined` if there is no replica. */
  replicaReachedBy(who: Host, why: string): DatabaseFacts | undefined;
  /** Counts the clients of a tier against this database's connection limit. Synth fails if the limit is exceeded. */
  expects(by: Construct, clients: Clients): void;
  /** The same database without a pooler, for migrations and the administrator's commands, which need session state. */
  readonly direct: Database;
  /** Who makes its role and its database, if the database task shall do so; of `direct` alone. */
  readonly admin?: DatabaseAdmin | undefined;
}

/** A PostgreSQL server that a pooler can connect to. */
export interface PostgresServer extends Database {
  /** Whether the primary can change by failover, so that clients have to look it up. */
  readonly moves?: boolean;
  /** Its name in messages. */
  readonly path: string;
  /** Every standby, for a pooler that balances reads. */
  replicasReachedBy(who: Host, why: string): readonly DatabaseFacts[];
  /** Counts poolers' server connections: to the primary, and for reads as many to every standby, since the other standbys may be down. */
  expectsPooler(by: Construct, clients: Clients): void;
}
