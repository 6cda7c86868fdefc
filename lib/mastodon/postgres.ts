// PostgreSQL, a primary and its hot standbys: `new Postgres(site, "Database", { replicas: 1, disk: Disk.gib(200) })`.

import { Construct } from "constructs";
import { Endpoint } from "../core/endpoint";
import { Host } from "../core/host";
import { Machine } from "../core/machine";
import { hostName } from "../core/names";
import { Disk, Size } from "../core/size";
import { Site } from "../core/site";
import { Clients, Connections, ServerProps } from "./connections";
import { DatabaseFacts, PostgresServer } from "./database";
import { ExistingPostgres, ExistingPostgresProps } from "./existing-postgres";
import { PostgresPlan, primary, replica } from "./programs/postgres";
import { secret } from "./secrets";

export interface PostgresProps {
  /**
   * Hot standbys that follow the primary and serve selected reads. One more touches no other machine.
   * @default 0
   */
  readonly replicas?: number;
  /**
   * The size of each machine; PostgreSQL's memory settings follow from it. A change stops the machine for a while.
   * @default Size.of({ cpus: 2, gib: 4 })
   */
  readonly size?: Size;
  /**
   * The disk of each machine, which outlives it. It can grow, never shrink.
   * @default Disk.gib(100)
   */
  readonly disk?: Disk;
  /**
   * PostgreSQL's `max_connections`. The pooler's server connections, or all processes of a page without a pooler, must fit, and 10 stay free.
   * Each costs memory. A change restarts PostgreSQL.
   * @default 200
   */
  readonly maxConnections?: number;
  /**
   * Where among the addresses of its role the tier lies. A change replaces the machines.
   * @default - from the tier's name
   */
  readonly slot?: number;
}

const PORT = 5432;
/** Kept free of clients: PostgreSQL's own 3 for superusers, monitoring, and a person with psql. */
const RESERVED = 10;
const MOST_CONNECTIONS = 1000;

export class Postgres extends Construct implements PostgresServer {
  readonly direct: Postgres = this;
  /** The primary first, then the standbys. */
  readonly machines: readonly Machine[];
  readonly maxConnections: number;
  private readonly endpoints: readonly Endpoint<DatabaseFacts>[];
  private readonly connections: readonly Connections[];

  constructor(scope: Construct, id: string, props: PostgresProps = {}) {
    super(scope, id);
    const site = Site.of(this);
    const name = hostName(id);
    const size = props.size ?? Size.of({ cpus: 2, gib: 4 });
    const disk = props.disk ?? Disk.gib(100);
    const replicas = props.replicas ?? 0;
    this.maxConnections = props.maxConnections ?? 200;
    if (!Number.isInteger(replicas) || replicas < 0 || replicas > 8) {
      site.problems.add(this, { wrong: `replicas is ${replicas}`, remedy: "use a whole number from 0 to 8" });
    }
    if (!Number.isInteger(this.maxConnections) || this.maxConnections < 20 || this.maxConnections > MOST_CONNECTIONS) {
      site.problems.add(this, {
        wrong: `maxConnections is ${this.maxConnections}`,
        remedy: `use a whole number from 20 to ${MOST_CONNECTIONS}; for more clients put a PgBouncer in front`,
      });
    }
    const range = site.range(this, "postgres", name, props.slot);
    const count = Math.min(Math.max(Math.trunc(replicas) || 0, 0), 8) + 1;
    this.machines = Array.from({ length: count }, (_, n) => {
      return new Machine(this, `${n + 1}`, {
        name: `${name}-${n + 1}`,
        role: "postgres",
        range,
        number: n + 1,
        size,
        disks: { data: disk },
      });
    });
    this.endpoints = this.machines.map((machine) =>
      Endpoint.on(machine, PORT, {
        host: machine.name,
        port: PORT,
        name: "mastodon",
        user: "mastodon",
        password: secret(site, "database_password"),
        pooled: false,
        tls: true,
      }),
    );
    this.connections = this.machines.map((machine) => new Connections(this, this.server(machine.name)));
    for (const [n, machine] of this.machines.entries()) this.write(machine, n, site, size, disk);
  }

  /** One that the page does not make. */
  static external(props: ExistingPostgresProps): ExistingPostgres {
    return new ExistingPostgres(props);
  }

  get path(): string {
    return this.node.path;
  }

  reachedBy(who: Host, why: string): DatabaseFacts {
    return this.endpoints[0]!.reachedBy(who, why);
  }

  replicaReachedBy(who: Host, why: string): DatabaseFacts | undefined {
    return this.endpoints[1]?.reachedBy(who, why);
  }

  expects(by: Construct, clients: Clients): void {
    const [primary, standby] = this.connections;
    if (clients.reads !== "only" || standby === undefined) primary!.count(by, clients);
    if (clients.reads !== false) standby?.count(by, clients);
  }

  expectsPooler(by: Construct, clients: Clients): void {
    for (const server of this.connections) server.count(by, clients);
  }

  replicasReachedBy(who: Host, why: string): readonly DatabaseFacts[] {
    return this.endpoints.slice(1).map((endpoint) => endpoint.reachedBy(who, why));
  }

  private server(name: string): ServerProps {
    const most = this.maxConnections - RESERVED;
    return {
      name,
      most,
      limit: `maxConnections ${this.maxConnections} leaves ${most}`,
      remedy: (needed) => {
        const raise = needed + RESERVED > MOST_CONNECTIONS ? "" : `raise maxConnections to at least ${needed + RESERVED}, or `;
        return `${raise}put a PgBouncer in front or lower its serverConnections, or use fewer machines, processes or threads`;
      },
    };
  }

  private write(machine: Machine, n: number, site: Site, size: Size, disk: Disk): void {
    const plan: PostgresPlan = {
      network: site.plan.network.cidr,
      gib: size.gib,
      diskGib: disk.gib,
      maxConnections: this.maxConnections,
      device: () => machine.device("data"),
      databasePassword: secret(site, "database_password"),
      replicationPassword: secret(site, "replication_password"),
    };
    // Opened from the start, so that a pooler or a standby can be added without renewing the primary.
    machine.open("pgbouncer", PORT, "the pooler's server connections");
    machine.open("postgres", PORT, "replication");
    if (n === 0) return primary(machine.program, plan);
    machine.knows(this.machines[0]!);
    replica(machine.program, plan, { primary: this.machines[0]!.name, self: machine.name });
  }
}
