// PostgreSQL with a primary and hot standbys: `new Postgres(site, "Database", { replicas: 1, disk: Disk.gib(200) })`.

import { Construct } from "constructs";
import { Endpoint } from "../core/endpoint";
import { Host } from "../core/host";
import { Machine } from "../core/machine";
import { Disk, Size } from "../core/size";
import { Site } from "./site";
import { wrongNumber } from "../core/whole-number";
import { Clients, Connections, ServerProps } from "./connections";
import { DatabaseFacts, PostgresServer } from "./database";
import { ExternalPostgres, ExternalPostgresProps } from "./external-postgres";
import { POSTGRES_PORT, POSTGRES_READS_PORT, POSTGRES_STATUS_PORT } from "./ports";
import { postgres } from "./programs/postgres";
import { UNIT } from "./programs/postgres-names";
import { primaryFront } from "./programs/primary-front";
import { secret } from "./secrets";

export interface PostgresProps {
  /**
   * The number of hot standbys. They replicate the primary, serve selected reads, and can be promoted (`postgres-promote` on one of them). A further
   * one changes no other machine of the tier, and is delivered to the pooler as a setting. The first one renews the primary and the pooler, whose
   * configuration then includes standbys.
   * @default 0
   */
  readonly replicas?: number;
  /**
   * Synchronous replication: a commit waits until a standby has received it. No acknowledged write is lost with the primary then, and each write
   * takes one more round trip. It needs at least two replicas: with one, all writes would stop while it is down. A change is delivered: PostgreSQL
   * reloads its configuration.
   * @default false - if the primary is lost, so are the writes that no standby has received yet: usually less than a second
   */
  readonly synchronous?: boolean;
  /**
   * The size of each machine; PostgreSQL's memory settings are computed from it. A change takes effect with a renewal, which stops the machine for
   * a while.
   * @default Size.of({ cpus: 2, gib: 4 })
   */
  readonly size?: Size;
  /**
   * The data disk of each machine. It is kept when the machine is replaced. It can grow, but not shrink.
   * @default Disk.gib(100)
   */
  readonly disk?: Disk;
  /**
   * PostgreSQL's `max_connections`. The pooler's server connections must fit, or all connections of a page without a pooler; 10 stay reserved.
   * Each connection takes memory. A change is delivered, and takes effect when you restart PostgreSQL, as the delivery prints; standbys first.
   * @default 200
   */
  readonly maxConnections?: number;
  /**
   * The tier's position in the address range of its role. A change replaces the machines.
   * @default - from the tier's name
   */
  readonly slot?: number;
}

/** Connections reserved for PostgreSQL's own 3 for superusers, monitoring, and psql. */
const RESERVED = 10;
const MOST_REPLICAS = 8;
const MOST_CONNECTIONS = 1000;

export class Postgres extends Construct implements PostgresServer {
  readonly direct: Postgres = this;
  /** The primary first, then the standbys. */
  readonly machines: readonly Machine[];
  readonly maxConnections: number;
  private readonly endpoints: readonly Endpoint<DatabaseFacts>[];
  private readonly statuses: readonly Endpoint<undefined>[];
  private readonly connections: readonly Connections[];

  constructor(scope: Construct, id: string, props: PostgresProps = {}) {
    super(scope, id);
    const site = Site.of(this);
    const name = site.nameOf(this);
    const size = props.size ?? Size.of({ cpus: 2, gib: 4 });
    const disk = props.disk ?? Disk.gib(100);
    const replicas = props.replicas ?? 0;
    this.maxConnections = props.maxConnections ?? 200;
    const further = "; for more clients put a PgBouncer in front";
    site.problems.add(this, wrongNumber("replicas", replicas, { least: 0, most: MOST_REPLICAS }));
    site.problems.add(this, wrongNumber("maxConnections", this.maxConnections, { least: 20, most: MOST_CONNECTIONS, further }));
    if (props.synchronous === true && replicas < 2) {
      site.problems.add(this, {
        wrong: `synchronous is true with replicas ${replicas}`,
        remedy: "use at least 2 replicas: with one, every write would wait while it is down",
      });
    }
    const range = site.range(this, "postgres", name, props.slot);
    const count = Math.min(Math.max(Math.trunc(replicas) || 0, 0), MOST_REPLICAS) + 1;
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
    const why = replicas > 0 ? "keeps all that people write, and copies of it that can take over" : "keeps all that people write";
    site.inventory.tier(this, { kind: "Postgres", why });
    // Standbys are renewed first. Another machine may be primary by then; the machines' own status decides.
    this.machines[0]!.renewedAfter(this.machines.slice(1));
    this.endpoints = this.machines.map((machine) =>
      Endpoint.on(machine, POSTGRES_PORT, {
        host: machine.name,
        port: POSTGRES_PORT,
        name: "mastodon",
        user: "mastodon",
        password: secret(site, "database_password"),
        pooled: false,
        tls: true,
      }),
    );
    this.statuses = this.machines.map((machine) => Endpoint.on(machine, POSTGRES_STATUS_PORT, undefined));
    this.connections = this.machines.map((machine) => new Connections(this, this.server(machine.name)));
    for (const [n, machine] of this.machines.entries())
      this.write(machine, n, site, { size, disk, synchronous: props.synchronous ?? false });
  }

  /** An external PostgreSQL. */
  static external(props: ExternalPostgresProps): ExternalPostgres {
    return new ExternalPostgres(props);
  }

  get path(): string {
    return this.node.path;
  }

  get moves(): boolean {
    return this.machines.length > 1;
  }

  /** A single machine by its name. Several: the primary, through HAProxy on the client's loopback. */
  reachedBy(who: Host, why: string): DatabaseFacts {
    if (!this.moves) {
      // The status is used only once there is a standby; the primary's firewall must already allow it by then.
      this.statuses[0]!.reachedBy(who, "who is primary");
      return this.endpoints[0]!.reachedBy(who, why);
    }
    return { ...this.found(who, why), host: "127.0.0.1", port: POSTGRES_PORT };
  }

  replicaReachedBy(who: Host, why: string): DatabaseFacts | undefined {
    if (!this.moves) return undefined;
    return { ...this.found(who, why), host: "127.0.0.1", port: POSTGRES_READS_PORT };
  }

  /** Counts reads at each standby, and also at the primary, which serves reads while no standby can answer. */
  expects(by: Construct, clients: Clients): void {
    const [primary, ...standbys] = this.connections;
    primary!.count(by, clients, clients.reads === true && standbys.length > 0 ? 2 : 1);
    for (const standby of clients.reads === false ? [] : standbys) standby.count(by, clients);
  }

  expectsPooler(by: Construct, clients: Clients): void {
    const [primary, ...standbys] = this.connections;
    primary!.count(by, clients, standbys.length > 0 ? 2 : 1);
    for (const standby of standbys) standby.count(by, clients);
  }

  replicasReachedBy(who: Host, why: string): readonly DatabaseFacts[] {
    const reads = this.replicaReachedBy(who, why);
    return reads === undefined ? [] : [reads];
  }

  private found(who: Host, why: string): DatabaseFacts {
    const facts = this.endpoints.map((endpoint) => endpoint.reachedBy(who, why));
    for (const status of this.statuses) status.reachedBy(who, "who is primary");
    // Sessions of other machines that are not pooled also go through a pooler's machine.
    primaryFront(who.program, { machines: this.machines.map(({ name }) => name), open: who.role === "pgbouncer" });
    return facts[0]!;
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

  private write(
    machine: Machine,
    n: number,
    site: Site,
    { size, disk, synchronous }: { readonly size: Size; readonly disk: Disk; readonly synchronous: boolean },
  ): void {
    // Opened from the start, so that a pooler or a standby can be added without renewing the primary.
    for (const [port, why] of [
      [POSTGRES_PORT, "replication"],
      [POSTGRES_STATUS_PORT, "who is primary"],
    ] as const) {
      machine.open("postgres", port, why);
      machine.open("pgbouncer", port, port === POSTGRES_PORT ? "the pooler's server connections" : why);
    }
    // Two know each other from the page, which an empty disk must not make forget; more of them are heard of.
    const others = this.machines.slice(0, 2).filter((other) => other !== machine);
    for (const other of others) machine.knows(other);
    machine.runs(this, { unit: `${UNIT}.service`, what: "postgres", facts: { port: POSTGRES_PORT, first: n === 0 } });
    postgres(machine.program, {
      self: machine.name,
      first: n === 0,
      others: others.map(({ name }) => name),
      // Also those that may come, so that one more changes no machine.
      synchronous: synchronous ? Array.from({ length: MOST_REPLICAS + 1 }, (_, i) => `${site.nameOf(this)}-${i + 1}`) : [],
      network: site.plan.network.cidr,
      gib: size.gib,
      diskGib: disk.gib,
      maxConnections: this.maxConnections,
      device: () => machine.device("data"),
      databasePassword: secret(site, "database_password"),
      replicationPassword: secret(site, "replication_password"),
    });
  }
}
