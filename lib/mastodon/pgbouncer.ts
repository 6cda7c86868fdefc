// Many clients over few server connections: `new PgBouncer(site, "Pool", { database: db })`, and then `database: pool` elsewhere.
// Its limits are fixed, not counted from the page: so one more web machine never changes the pooler's own machine.

import { Construct } from "constructs";
import { Endpoint } from "../core/endpoint";
import { Host } from "../core/host";
import { Machine } from "../core/machine";
import { hostName } from "../core/names";
import { Size } from "../core/size";
import { Site } from "../core/site";
import { Database, DatabaseFacts } from "./database";
import { Postgres } from "./postgres";
import { pgbouncer } from "./programs/pgbouncer";
import { secret } from "./secrets";

export interface PgBouncerProps {
  /** The PostgreSQL behind it. */
  readonly database: Postgres;
  /**
   * The size of its machine. It is single-threaded: one fast CPU serves thousands of clients.
   * @default Size.of({ cpus: 1, gib: 1 })
   */
  readonly size?: Size;
  /**
   * Server connections to the primary, and as many to each entry for reads. More than PostgreSQL's CPUs can work on at once only queues
   * elsewhere. Together with the administrator's sessions they must fit `maxConnections`.
   * @default 50
   */
  readonly serverConnections?: number;
  /**
   * The most clients at once; a client that waits costs about 2 KiB. Old and new machines stand side by side in a roll-out.
   * @default 5000
   */
  readonly maxClients?: number;
  /**
   * Where among the addresses of its role it lies. A change replaces the machine.
   * @default - from its name
   */
  readonly slot?: number;
}

const PORT = 6432;
/** Left free in PostgreSQL for migrations, replication and the administrator. */
const RESERVED = 20;

export class PgBouncer extends Construct implements Database {
  readonly direct: Database;
  readonly machine: Machine;
  private readonly main: Endpoint<DatabaseFacts>;
  private readonly reads: Endpoint<DatabaseFacts> | undefined;

  constructor(scope: Construct, id: string, props: PgBouncerProps) {
    super(scope, id);
    const site = Site.of(this);
    const name = hostName(id);
    const serverConnections = props.serverConnections ?? 50;
    const maxClients = props.maxClients ?? 5000;
    const room = props.database.maxConnections - RESERVED;
    if (!Number.isInteger(serverConnections) || serverConnections < 1 || serverConnections > room) {
      site.problems.add(this, {
        wrong: `serverConnections is ${serverConnections}, and ${props.database.node.path} has room for ${room}`,
        remedy: `use 1 to ${room} (maxConnections ${props.database.maxConnections} less ${RESERVED} for migrations and the administrator)`,
      });
    }
    if (!Number.isInteger(maxClients) || maxClients < serverConnections || maxClients > 30_000) {
      site.problems.add(this, {
        wrong: `maxClients is ${maxClients}`,
        remedy: `use a whole number from ${serverConnections} to 30000`,
      });
    }
    this.direct = props.database;
    this.machine = new Machine(this, "1", {
      name: `${name}-1`,
      role: "pgbouncer",
      range: site.range(this, "pgbouncer", name, props.slot),
      number: 1,
      size: props.size ?? Size.of({ cpus: 1, gib: 1 }),
    });
    const primary = props.database.reachedBy(this.machine, "the pooler's server connections");
    const replicas = props.database.replicasReachedBy(this.machine, "the pooler's server connections for reads");
    const facts = {
      host: this.machine.name,
      port: PORT,
      user: primary.user,
      password: primary.password,
      pooled: true,
      tls: false,
    };
    this.main = Endpoint.on(this.machine, PORT, { ...facts, name: "mastodon" });
    this.reads = replicas.length === 0 ? undefined : Endpoint.on(this.machine, PORT, { ...facts, name: "mastodon_replica" });
    pgbouncer(this.machine.program, {
      primary,
      replicas,
      serverConnections,
      maxClients,
      adminPassword: secret(site, "pgbouncer_admin_password"),
    });
  }

  reachedBy(who: Host, why: string): DatabaseFacts {
    return this.main.reachedBy(who, why);
  }

  replicaReachedBy(who: Host, why: string): DatabaseFacts | undefined {
    return this.reads?.reachedBy(who, why);
  }
}
