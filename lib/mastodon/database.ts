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
}

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
