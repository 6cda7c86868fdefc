// Many clients over few server connections: `new PgBouncer(site, "Pool", { database: db })`, and then `database: pool` elsewhere.
// Its limits are fixed, not counted from the page: so one more web machine never changes the pooler's own machine.

import { Construct } from "constructs";
import { Endpoint } from "../core/endpoint";
import { Host } from "../core/host";
import { Machine } from "../core/machine";
import { hostName } from "../core/names";
import { Size } from "../core/size";
import { Site } from "../core/site";
import { Clients, Connections } from "./connections";
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
   * elsewhere. Together with migrations and the administrator's commands they must fit PostgreSQL's `maxConnections`.
   * @default 50
   */
  readonly serverConnections?: number;
  /**
   * The most clients at once; a client that waits costs about 2 KiB. All connections of all tiers must fit, twice, since old and new machines
   * stand side by side in a roll-out. It does not follow the page; after a change the pooler's machine has to be renewed.
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
/** What its limit of open files leaves room for, with the server connections. */
const MOST_CLIENTS = 60_000;

export class PgBouncer extends Construct implements Database {
  readonly direct: Database;
  readonly machine: Machine;
  private readonly main: Endpoint<DatabaseFacts>;
  private readonly reads: Endpoint<DatabaseFacts> | undefined;
  private readonly connections: Connections;

  constructor(scope: Construct, id: string, props: PgBouncerProps) {
    super(scope, id);
    const site = Site.of(this);
    const name = hostName(id);
    const serverConnections = props.serverConnections ?? 50;
    const maxClients = props.maxClients ?? 5000;
    if (!Number.isInteger(serverConnections) || serverConnections < 1) {
      site.problems.add(this, {
        wrong: `serverConnections is ${serverConnections}`,
        remedy: `use a whole number from 1; with the others it must fit maxConnections of ${props.database.node.path}`,
      });
    }
    if (!Number.isInteger(maxClients) || maxClients < serverConnections || maxClients > MOST_CLIENTS) {
      site.problems.add(this, {
        wrong: `maxClients is ${maxClients}`,
        remedy: `use a whole number from ${serverConnections} to ${MOST_CLIENTS}`,
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
    props.database.expectsPooler(this, serverConnections);
    this.connections = new Connections(this, {
      name: this.machine.name,
      most: maxClients,
      limit: `maxClients is ${maxClients}`,
      remedy: (needed) =>
        needed > MOST_CLIENTS
          ? "give some tiers a PgBouncer of their own, or use fewer machines, processes or threads"
          : `raise maxClients to at least ${needed} and renew its machine, or use fewer machines, processes or threads`,
    });
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

  /** The entries for writes and for reads are pools of their own, and every client of either counts. */
  expects(by: Construct, clients: Clients): void {
    this.connections.count(by, clients, clients.reads === true && this.reads !== undefined ? 2 : 1);
  }
}
