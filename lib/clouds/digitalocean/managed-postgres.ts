// A PostgreSQL that DigitalOcean runs: `const cluster = managedPostgres(site, "Database", { size: "db-s-2vcpu-4gb", pool: 60 })`, then
// `PgBouncer.external({ ...cluster.pool!, direct: Postgres.external(cluster.postgres) })`. Its password stands in Terraform's state.

import { DatabaseConnectionPool } from "@cdktf/provider-digitalocean/lib/database-connection-pool";
import { DatabaseReplica } from "@cdktf/provider-digitalocean/lib/database-replica";
import { Construct } from "constructs";
import { Installation } from "../../core/installation";
import { Managed } from "../../core/managed";
import { hostName, shortened } from "../../core/names";
import { Secret } from "../../core/secret";
import { wrongNumber } from "../../core/whole-number";
import { NAME_LENGTH } from "./limits";
import { cluster, gibOf, ManagedProps, placeOf } from "./managed";

export interface ManagedPostgresProps extends ManagedProps {
  /**
   * PostgreSQL's major version. A later one is taken in place, with a pause of minutes; there is no way back.
   * @default "17"
   */
  readonly version?: string;
  /**
   * The disk of each machine in GiB. It may grow in place.
   * @default - as much as the plan begins with
   */
  readonly storageGib?: number;
  /**
   * A machine that answers reads alone, with the cluster's plan. It cannot take over.
   * @default false
   */
  readonly replica?: boolean;
  /**
   * How many server connections DigitalOcean's own PgBouncer may hold for the site, in place of a PgBouncer of the page. A change makes the pool anew:
   * for seconds nobody reaches the database by it.
   * @default - no pool: tiers go to the database, or to a PgBouncer of the page
   * @throws at synth if too few connections of the plan are left for what passes no pooler, or beside `replica`
   */
  readonly pool?: number;
  /**
   * How many clients the pool is trusted with; DigitalOcean names no limit.
   * @default 1000
   */
  readonly poolClients?: number;
}

interface Database {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: Secret;
  readonly tls: "verify-full";
  readonly ca: string;
  readonly managed: Managed;
}

export interface ManagedPostgres {
  /** For `Postgres.external`. */
  readonly postgres: Database & {
    readonly maxConnections: number;
    readonly replicas: readonly { readonly host: string; readonly managed: Managed }[];
  };
  /** For `PgBouncer.external`, beside `direct`; there if the page asks for a pool. */
  readonly pool?: Database & { readonly maxClients: number };
}

/** Where PostgreSQL and its pools listen; DigitalOcean has no others. Firewalls and sums are made of numbers, so they are not left to Terraform. */
const PORT = 25060;
const POOL_PORT = 25061;
/** DigitalOcean: 25 for each GiB of memory, of which it keeps three. More than a thousand are never counted on. */
const CONNECTIONS_A_GIB = 25;
const KEPT_CONNECTIONS = 3;
const MOST_CONNECTIONS = 1000;
/** What has sessions of its own: the database task, the scheduler's lock, two administrators, and the same once more in a roll-out. */
const BESIDE_POOL = 20;

export function managedPostgres(scope: Construct, id: string, props: ManagedPostgresProps): ManagedPostgres {
  const within = new Construct(scope, id);
  const place = placeOf(within);
  const { problems } = Installation.of(within);
  const { storageGib, pool, poolClients = 1000 } = props;
  const whole = cluster(within, place, props, {
    engine: "pg",
    version: props.version ?? "17",
    ...(storageGib !== undefined && { storageSizeMib: storageGib * 1024 }),
  });
  const connections = connectionsOf(props.size);
  problems.add(within, wrongNumber("poolClients", poolClients, { least: 1 }));
  if (storageGib !== undefined) problems.add(within, wrongNumber("storageGib", storageGib, { least: 10 }));
  if (pool !== undefined) {
    problems.add(within, wrongNumber("pool", pool, { least: 1 }) ?? wrongPool(pool, props.size, connections));
    if (props.replica === true) {
      problems.add(within, {
        wrong: "it has both a pool and a replica, and by DigitalOcean's pool nobody reaches the replica",
        remedy: "leave pool out and put a PgBouncer of the page in front, which spreads reads, or leave replica out",
      });
    }
  }
  const { made, password, managed } = whole;
  const common = { user: made.user, password, tls: "verify-full", ca: whole.ca(), managed } as const;
  return {
    postgres: {
      ...common,
      host: made.privateHost,
      port: PORT,
      name: made.database,
      maxConnections: Math.max(1, connections - (pool ?? 0)),
      replicas: props.replica === true ? [replicaOf()] : [],
    },
    ...(pool !== undefined && { pool: poolOf(pool) }),
  };

  function replicaOf(): { readonly host: string; readonly managed: Managed } {
    const name = shortened(`${place.site}-${hostName(id)}-reads`, NAME_LENGTH);
    const replica = new DatabaseReplica(within, "Replica", {
      clusterId: made.id,
      name,
      size: props.size,
      region: place.region,
      privateNetworkUuid: place.vpc,
    });
    whole.admitTo("ReplicaCallers", replica.uuid);
    return { host: replica.privateHost, managed: { ...managed, name } };
  }

  function poolOf(size: number): ManagedPostgres["pool"] {
    const entry = new DatabaseConnectionPool(within, "Pool", {
      clusterId: made.id,
      name: "mastodon",
      mode: "transaction",
      size,
      dbName: made.database,
      user: made.user,
    });
    return { ...common, host: entry.privateHost, port: POOL_PORT, name: entry.name, maxClients: poolClients };
  }
}

function connectionsOf(size: string): number {
  return Math.min(CONNECTIONS_A_GIB * (gibOf(size) ?? 1), MOST_CONNECTIONS) - KEPT_CONNECTIONS;
}

function wrongPool(pool: number, size: string, connections: number) {
  if (pool + BESIDE_POOL <= connections) return undefined;
  return {
    wrong: `pool is ${pool}, and ${size} has ${connections} connections, of which ${BESIDE_POOL} must be left for what passes no pooler`,
    remedy: `use at most ${Math.max(1, connections - BESIDE_POOL)}, or a larger plan`,
  };
}
