// PgBouncer pools many client connections over few server connections: `new PgBouncer(site, "Pool", { database: db })`, then `database: pool`.
// Its limits are fixed props, not computed from the page, so that one more web machine does not change the pooler's machine.

import { Construct } from "constructs";
import { Endpoint } from "../core/endpoint";
import { Host } from "../core/host";
import { Machine } from "../core/machine";
import { Pool } from "../core/pool";
import { Problem } from "../core/problems";
import { Size } from "../core/size";
import { Site } from "./site";
import { wrongNumber } from "../core/whole-number";
import { Clients, Connections } from "./connections";
import { Database, DatabaseFacts, PostgresServer } from "./database";
import { ExternalPostgres } from "./external-postgres";
import { ExternalPgBouncer, ExternalPgBouncerProps } from "./external-pgbouncer";
import { PGBOUNCER_PORT, POSTGRES_PORT } from "./ports";
import { Postgres } from "./postgres";
import { pgbouncer, PGBOUNCER_TAKES, PROCESSES } from "./programs/pgbouncer";
import { poolerFront, throughPoolers } from "./programs/pooler-front";
import { secret } from "./secrets";
import { rootCertificates } from "./trust";

export interface PgBouncerProps {
  /** The PostgreSQL behind it: the page's own, or `Postgres.external`. */
  readonly database: PostgresServer;
  /**
   * The number of machines of its own. With several, an HAProxy on each web, streaming and Sidekiq machine balances over them and skips one that
   * is down. A change from one to several replaces those machines, and so does each further one.
   * @default 1 - while its machine is down, the site is down
   */
  readonly machines?: number;
  /**
   * `each`: no machines of its own, but a pooler on every machine that uses it. No separate pooler can fail then, but each pooler keeps server
   * connections of its own, and PostgreSQL must allow all of them, twice as many in a roll-out.
   * @default - machines of its own
   */
  readonly on?: "each";
  /**
   * The size of each of its machines. PgBouncer runs as two processes with one thread each; one fast CPU serves thousands of clients.
   * @default Size.of({ cpus: 1, gib: 1 })
   */
  readonly size?: Size;
  /**
   * Server connections of each pooler to the primary, and as many for reads. Its two processes have half each; while one restarts, the other half
   * serves all clients. More connections than PostgreSQL's CPUs can work on only move the queue into PostgreSQL. The sum of all poolers, migrations
   * and the administrator's commands must fit PostgreSQL's `maxConnections`. A change is delivered to machines of its own without cutting clients;
   * with `on: "each"` it replaces the machines.
   * @default 50; 10 with `on: "each"`
   */
  readonly serverConnections?: number;
  /**
   * The maximum of client connections of each pooler; a waiting client takes about 2 KiB. Each of its two processes accepts as many, since all
   * clients may connect to one of them. All connections of all tiers must fit twice, since old and new machines run at the same time in a roll-out;
   * with several machines they must fit on one of them, since the others may be down. It is not derived from the page. A change is delivered
   * without cutting clients.
   * @default 5000
   */
  readonly maxClients?: number;
  /**
   * Its position in the address range of its role. A change replaces the machines.
   * @default - from its name
   */
  readonly slot?: number;
}

/** Limited by its limit of open files, which also covers the server connections. */
const MOST_CLIENTS = 60_000;
const MOST_MACHINES = 8;

export class PgBouncer extends Construct implements Database {
  readonly direct: Database;
  private readonly server: PostgresServer;
  /** Its own machines; none with `on: "each"`. */
  readonly machines: readonly Machine[];
  private readonly entries: readonly {
    readonly main: Endpoint<DatabaseFacts>;
    readonly reads: Endpoint<DatabaseFacts> | undefined;
    /** Sessions to PostgreSQL that are not pooled. */
    readonly server: Endpoint<DatabaseFacts>;
  }[];
  private readonly connections: Connections | undefined;
  private readonly serverConnections: number;
  private readonly maxClients: number;
  private readonly local = new Map<Host, { readonly main: DatabaseFacts; readonly reads: DatabaseFacts | undefined }>();

  constructor(scope: Construct, id: string, props: PgBouncerProps) {
    super(scope, id);
    const site = Site.of(this);
    const name = site.nameOf(this);
    const each = props.on === "each";
    this.server = props.database;
    this.direct = !each && props.database.moves ? this.through(props.database) : props.database;
    this.serverConnections = props.serverConnections ?? (each ? 10 : 50);
    this.maxClients = props.maxClients ?? 5000;
    this.check(site, props);
    const count = each ? 0 : Math.min(Math.max(Math.trunc(props.machines ?? 1) || 1, 1), MOST_MACHINES);
    const range = each ? undefined : site.range(this, "pgbouncer", name, props.slot);
    this.machines = Array.from({ length: count }, (_, n) => {
      return new Machine(this, `${n + 1}`, {
        name: `${name}-${n + 1}`,
        role: "pgbouncer",
        range: range!,
        number: n + 1,
        size: props.size ?? Size.of({ cpus: 1, gib: 1 }),
      });
    });
    const where = each ? ", on each machine that calls it" : "";
    site.inventory.tier(this, { kind: "PgBouncer", why: `many database connections over few${where}` });
    for (const machine of this.machines)
      machine.renewedAfter(() => (this.server instanceof Postgres ? this.server.machines : []));
    this.entries = this.machines.map((machine) => {
      const { main, reads, server } = this.install(machine, machine.name);
      return {
        main: Endpoint.on(machine, PGBOUNCER_PORT, main),
        reads: reads && Endpoint.on(machine, PGBOUNCER_PORT, reads),
        server: Endpoint.on(machine, POSTGRES_PORT, { ...server, host: machine.name, port: POSTGRES_PORT }),
      };
    });
    if (each) return;
    const clients = { processes: count, each: this.serverConnections, reads: false, doubles: false, what: "server connections" };
    this.server.expectsPooler(this, clients);
    this.connections = new Connections(this, {
      name: count === 1 ? this.machines[0]!.name : `each of ${name}`,
      most: this.maxClients,
      limit: `maxClients is ${this.maxClients}`,
      remedy: (needed) =>
        needed > MOST_CLIENTS
          ? "give some tiers a PgBouncer of their own, or use fewer machines, processes or threads"
          : `raise maxClients to at least ${needed}, or use fewer machines, processes or threads`,
    });
  }

  /** An external PgBouncer. */
  static external(props: ExternalPgBouncerProps): ExternalPgBouncer {
    return new ExternalPgBouncer(props);
  }

  reachedBy(who: Host, why: string): DatabaseFacts {
    if (this.entries.length === 1) return this.entries[0]!.main.reachedBy(who, why);
    return this.onItself(who, why).main;
  }

  replicaReachedBy(who: Host, why: string): DatabaseFacts | undefined {
    if (this.entries.length === 1) return this.entries[0]!.reads?.reachedBy(who, why);
    for (const { reads } of this.entries) reads?.reachedBy(who, why);
    return this.onItself(who, why).reads;
  }

  /** Writes and reads have separate database entries, so a client that uses both counts twice. */
  expects(by: Construct, clients: Clients): void {
    this.connections?.count(by, clients, clients.reads === true && this.entries[0]?.reads !== undefined ? 2 : 1);
  }

  /**
   * Sessions that are not pooled, for migrations and the administrator's commands, to a server with failover. They go through the poolers'
   * machines, which follow the primary. So one more standby changes no other machine.
   */
  private through(server: PostgresServer): Database {
    const reachedBy = (who: Host, why: string): DatabaseFacts => {
      const facts = this.entries.map(({ server }) => server.reachedBy(who, why));
      if (facts.length === 1) return facts[0]!;
      throughPoolers(
        who.program,
        this.machines.map(({ name }) => name),
      );
      return { ...facts[0]!, host: "127.0.0.1" };
    };
    return {
      reachedBy,
      replicaReachedBy: () => undefined,
      expects: (by, clients) => server.expects(by, clients),
      direct: server,
    };
  }

  /** The endpoint on the client's loopback: a pooler (`on: "each"`), or HAProxy in front of several poolers. */
  private onItself(who: Host, why: string): { readonly main: DatabaseFacts; readonly reads: DatabaseFacts | undefined } {
    const facts = this.entries.map(({ main }) => main.reachedBy(who, why));
    const known = this.local.get(who);
    if (known !== undefined) return known;
    const { loopbackPoolers } = Site.of(who).shared;
    const other = loopbackPoolers.get(who);
    if (other !== undefined) {
      Site.of(who).problems.add(who, {
        wrong: `it uses ${this.node.path}, and 127.0.0.1:${PGBOUNCER_PORT} belongs to ${other.node.path} there already`,
        remedy: "give all processes of a machine the same pooler",
      });
    }
    loopbackPoolers.set(who, this);
    const here = { host: "127.0.0.1", port: PGBOUNCER_PORT };
    const made =
      facts.length === 0
        ? this.install(who, here.host)
        : {
            main: { ...facts[0]!, ...here },
            reads: this.entries[0]!.reads && { ...facts[0]!, ...here, name: "mastodon_replica" },
          };
    if (facts.length > 0)
      poolerFront(who.program, { poolers: this.machines.map((machine) => machine.name), user: made.main.user });
    else {
      const roll = who instanceof Pool ? who : undefined;
      this.server.expectsPooler(who.node.scope ?? who, {
        processes: roll?.machines ?? 1,
        each: this.serverConnections,
        reads: false,
        doubles: roll?.roll === "start-first",
        what: "server connections",
      });
    }
    this.local.set(who, made);
    return made;
  }

  /** Installs a pooler on a host; returns the facts for its clients. */
  private install(
    host: Host,
    name: string,
  ): { readonly main: DatabaseFacts; readonly reads: DatabaseFacts | undefined; readonly server: DatabaseFacts } {
    const primary = this.server.reachedBy(host, "the pooler's server connections");
    const replicas = this.server.replicasReachedBy(host, "the pooler's server connections for reads");
    const { serverConnections, maxClients } = this;
    host.runs(this, {
      unit: "pgbouncer.service",
      what: "pgbouncer",
      facts: { port: PGBOUNCER_PORT, serverConnections, maxClients },
    });
    pgbouncer(host.program, {
      primary,
      replicas,
      serverConnections: this.serverConnections,
      maxClients: this.maxClients,
      adminPassword: secret(Site.of(host), "pgbouncer_admin_password"),
      rootCertificates: primary.sslmode === "verify-full" ? rootCertificates(host, primary, PGBOUNCER_TAKES) : undefined,
      external: this.server instanceof ExternalPostgres,
      only: name === "127.0.0.1",
    });
    const { user, password } = primary;
    const facts = { host: name, port: PGBOUNCER_PORT, user, password, pooled: true, tls: false };
    return {
      server: primary,
      main: { ...facts, name: "mastodon" },
      reads: replicas.length === 0 ? undefined : { ...facts, name: "mastodon_replica" },
    };
  }

  private check(site: Site, props: PgBouncerProps): void {
    const { serverConnections, maxClients } = this;
    const add = (problem: Problem | undefined) => site.problems.add(this, problem);
    const further = `, one for each of its processes; with the others it must fit maxConnections of ${props.database.path}`;
    add(wrongNumber("serverConnections", serverConnections, { least: PROCESSES.length, further }));
    add(wrongNumber("maxClients", maxClients, { least: serverConnections, most: MOST_CLIENTS }));
    add(wrongNumber("machines", props.machines ?? 1, { least: 1, most: MOST_MACHINES, further: ', or on: "each"' }));
    const own = (["machines", "size", "slot"] as const).filter((prop) => props.on !== undefined && props[prop] !== undefined);
    if (own.length === 0) return;
    const wrong = `${own.join(", ")} is given, but it has no machines of its own`;
    add({ wrong, remedy: 'leave it out, or leave on: "each" out' });
  }
}
