// What a tier may ask of a database, whoever runs it: `database.reachedBy(host, "web reads and writes statuses")`.

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
  /** Whether sessions share server connections (transaction pooling), so that nothing may outlive a transaction. */
  readonly pooled: boolean;
  /** Whether it accepts encrypted connections only, with a certificate that nobody can verify. */
  readonly tls: boolean;
  /** How a server outside the page wants to be spoken to. */
  readonly sslmode?: SslMode;
  /** The certificate authorities by which `verify-full` checks, if not the public ones. */
  readonly ca?: string | undefined;
}

/** libpq's words, as far as Ruby, Node and PgBouncer can all follow them. */
export type SslMode = "disable" | "require" | "verify-full";

export interface Database {
  /** Where writes go. */
  reachedBy(who: Host, why: string): DatabaseFacts;
  /** Where selected reads may go, or `undefined` if there is no replica. */
  replicaReachedBy(who: Host, why: string): DatabaseFacts | undefined;
  /** Counts the clients of a tier against what this database can hold; too many are refused at synth. */
  expects(by: Construct, clients: Clients): void;
  /** The same database without a pooler: for migrations and the administrator, whose sessions must be their own. */
  readonly direct: Database;
}

/** A PostgreSQL that a pooler can stand in front of. */
export interface PostgresServer extends Database {
  /** Whether another machine may become its primary, so that whoever calls it has to find out which. */
  readonly moves?: boolean;
  /** What messages call it. */
  readonly path: string;
  /** Every standby, for a pooler that spreads reads. */
  replicasReachedBy(who: Host, why: string): readonly DatabaseFacts[];
  /** Counts poolers' server connections: so many to the primary, and for reads as many to every standby, should the others be gone. */
  expectsPooler(by: Construct, clients: Clients): void;
}
