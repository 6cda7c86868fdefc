// PostgreSQL with a primary and hot standbys: `new Postgres(site, "Database", { replicas: 1, quorum: etcd, disk: Disk.gib(200) })`.

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
import { Etcd } from "./etcd";
import { Failover, leaseOf } from "./failover";
import { refuseStandbys } from "./standbys";
import { PATRONI_PORT, POSTGRES_LAG_PORT, POSTGRES_PORT, POSTGRES_READS_PORT } from "./ports";
import { patroni } from "./programs/patroni";
import { patroniFront } from "./programs/patroni-front";
import { postgres } from "./programs/postgres";
import { MAJOR, PATRONI_UNIT, UNIT } from "./programs/postgres-names";
import { secret } from "./secrets";

export interface PostgresProps {
  /**
   * The number of hot standbys. They replicate the primary, serve selected reads, and one of them becomes primary by itself when the primary is
   * lost. A further one changes no other machine of the tier; the pooler gets it as a setting, or by its renewal in the same apply where nothing is
   * delivered: a primary that the pooler does not know serves nobody. The first one needs `quorum`, and renews
   * the primary and the pooler: PostgreSQL is run by Patroni from then on, over the same disk.
   * @default 0 - a single server: while its machine is down, the site is down
   */
  readonly replicas?: number;
  /**
   * The etcd that decides which machine is primary, which any replica needs. Do not change it while a site runs: another one knows nothing of who
   * is primary.
   * @default - the page's `Etcd`, which may come later on the page
   * @throws at synth if there are replicas, and the page has no `Etcd` or several
   */
  readonly quorum?: Etcd;
  /**
   * Synchronous replication (Patroni's `synchronous_mode`): a commit waits until a standby has received it, and only such a standby becomes primary.
   * No acknowledged write is lost with the primary then, and each write takes one more round trip. While no standby can be reached, `true` lets
   * writes go on, and they are on the primary alone: with one replica that is whenever it is away. `"strict"` stops all writes then, so use it with
   * at least two. A change is delivered, and PostgreSQL reloads its configuration.
   * @default false - if the primary is lost, so are the writes that no standby has received yet. After a loss of power that is usually less than a
   * second of writes, and at most `failover.mostLagMib` and what the primary writes in a quarter of `failover.afterSeconds`. A primary that is cut off
   * from its standbys and from etcd, and not from its clients, takes writes for three quarters of `failover.afterSeconds`, and all of these are lost
   */
  readonly synchronous?: boolean | "strict";
  /**
   * When another machine becomes primary. A change is delivered.
   * @default - 20 s after the primary was last heard of, and while etcd is away not at all
   */
  readonly failover?: Failover;
  /**
   * Standbys that never become primary (Patroni's tag `nofailover`), by their number from 1; machine 1 is the first primary. Use it for one in a
   * far zone. `patronictl failover` refuses such a standby too: take its number off the page first. A change is delivered.
   * @default - none
   */
  readonly neverPrimary?: readonly number[];
  /**
   * Standbys that serve no reads of the site (Patroni's tag `noloadbalance`), by their number from 1. Use it for one that makes backups or reports. A
   * change is delivered.
   * @default - none
   */
  readonly noReads?: readonly number[];
  /**
   * PostgreSQL's major version. Debian 13, which the machines run, has this one only.
   * @default 17
   * @throws at synth for any other
   */
  readonly major?: typeof MAJOR;
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
   * Each connection takes memory. A change is delivered, and takes effect when you restart PostgreSQL, as the delivery prints.
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
export const RESERVED = 10;
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
  private readonly given: Etcd | undefined;

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
    refuseStandbys(this, props, replicas, () => this.quorum);
    this.given = props.quorum;
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
    // Standbys are renewed first. Another machine may be primary by then; Patroni decides.
    this.machines[0]!.renewedAfter(() => this.machines.slice(1));
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
    this.statuses = this.machines.flatMap((machine) =>
      [PATRONI_PORT, POSTGRES_LAG_PORT].map((port) => Endpoint.on(machine, port, undefined)),
    );
    this.connections = this.machines.map((machine) => new Connections(this, this.server(machine.name)));
    for (const [n, machine] of this.machines.entries()) this.write(machine, n, site, { size, disk, props });
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
      for (const status of this.statuses) status.reachedBy(who, "who is primary");
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
    patroniFront(who.program, { machines: this.machines.map(({ name }) => name), open: who.role === "pgbouncer" });
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

  private get quorum(): Etcd | undefined {
    return this.given ?? Etcd.only(Site.of(this));
  }

  private write(
    machine: Machine,
    n: number,
    site: Site,
    { size, disk, props }: { readonly size: Size; readonly disk: Disk; readonly props: PostgresProps },
  ): void {
    // Opened from the start, so that a pooler or a standby can be added without renewing the primary.
    for (const [port, why] of [
      [POSTGRES_PORT, "replication"],
      [PATRONI_PORT, "who is primary"],
    ] as const)
      machine.open("postgres", port, why);
    for (const [port, why] of [
      [POSTGRES_PORT, "the pooler's server connections"],
      [PATRONI_PORT, "who is primary"],
      [POSTGRES_LAG_PORT, "who is primary"],
    ] as const)
      machine.open("pgbouncer", port, why);
    const facts = { port: POSTGRES_PORT, first: n === 0 };
    const plan = {
      network: site.plan.network.cidr,
      gib: size.gib,
      diskGib: disk.gib,
      maxConnections: this.maxConnections,
      device: () => machine.device("data"),
      databasePassword: secret(site, "database_password"),
      replicationPassword: secret(site, "replication_password"),
    };
    if (!this.moves) {
      machine.runs(this, { unit: `${UNIT}.service`, what: "postgres", facts });
      postgres(machine.program, { ...plan, slots: `${site.nameOf(this).replaceAll("-", "_")}_` });
      return;
    }
    machine.runs(this, { unit: `${PATRONI_UNIT}.service`, what: "postgres", facts });
    // Only the first one and the others have to know each other, before there is a cluster. Patroni finds all in etcd, by their addresses.
    const others = n === 0 ? this.machines.slice(1, 2) : [];
    for (const other of n === 0 ? others : this.machines.slice(0, 1)) machine.knows(other);
    const etcd = () => this.quorum?.machines ?? [];
    machine.knowsLater(etcd);
    // Those of the database itself and of its pooler have an order of their own.
    machine.renewedAfter(() => etcd().filter(({ role }) => role !== "postgres" && role !== "pgbouncer"));
    patroni(machine.program, {
      ...plan,
      cluster: site.nameOf(this),
      self: machine.name,
      first: n === 0,
      others: others.map(({ name }) => name),
      firstMachine: this.machines[0]!.name,
      etcd: () => etcd().map(({ name }) => name),
      lease: leaseOf(this, props.failover),
      synchronous: props.synchronous ?? false,
      tags: {
        ...(props.neverPrimary?.includes(n + 1) === true && { nofailover: true }),
        ...(props.noReads?.includes(n + 1) === true && { noloadbalance: true }),
      },
      ownKernel: site.cloud.can.sharesKernel !== true,
      patroniPassword: secret(site, "patroni_password"),
      etcdPassword: secret(site, "etcd_password"),
    });
  }
}
