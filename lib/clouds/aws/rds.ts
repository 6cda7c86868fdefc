// A PostgreSQL that AWS runs: `const db = Postgres.external(rds(site, "Database", { class: "db.m7g.large", storageGib: 100 }))`, and a PgBouncer of the
// page in front: `new PgBouncer(site, "Pool", { database: db })`. No password of it stands in Terraform's state.

import { Construct } from "constructs";
import { Managed } from "../../core/managed";
import { Secret } from "../../core/secret";
import { wholeNumber, wrongNumber } from "../../core/whole-number";
import { SecretVersions } from "../shared/secret-versions";
import { DATABASE_NAME_LENGTH, DISK_GIB } from "./limits";
import { lastSnapshot, managedGroup, managedName, ManagedProps, placeOf, secretName, windows } from "./managed-place";
import type { AwsNetwork } from "./network";
import { RDS_PORT } from "./ports";
import { bundleOf, regionRoot } from "./rds-authority";
import { classGib } from "./rds-classes";
import { parameterGroup, subnetGroup } from "./rds-groups";
import { includedIops, MASTER } from "./rds-instances";
import { rdsReplicas } from "./rds-replicas";

export interface RdsProps extends ManagedProps {
  /**
   * RDS' class, as in `db.m7g.large` or `db.t4g.medium`. With a standby a change takes one or two minutes in which nobody reaches the database, and
   * several without one.
   * @throws at synth if its memory is not known here and `maxConnections` is not given
   */
  readonly class: string;
  /**
   * The disk at first, in GiB. It may grow in place and never shrink.
   * @throws at synth if it is not a whole number from 20 to 65536
   */
  readonly storageGib: number;
  /**
   * How far AWS lets the disk grow by itself when it fills up, in GiB. A change costs nothing.
   * @default - four times `storageGib`, at most 65536
   * @throws at synth if it is not a whole number from `storageGib` to 65536, or larger by less than a tenth, which AWS refuses, or as large beside
   *   `replicas`, whose disks grow by themselves alone
   */
  readonly mostStorageGib?: number;
  /**
   * PostgreSQL's major version; AWS brings minor ones. A later one is taken in place, with a pause of minutes; there is no way back.
   * @default "17"
   * @throws at synth if it is none from 14 on
   */
  readonly version?: string;
  /**
   * Whether a standby in another zone takes over by itself, at the same address (Multi-AZ). It doubles the price. A change is made in place.
   * @default true
   */
  readonly standby?: boolean;
  /**
   * How many machines answer reads alone, with the same class, each in the next zone. They cannot take over. A change adds or removes them.
   * @default 0
   * @throws at synth if it is not a whole number from 0 to 15, or if there are no backups, which AWS makes them of
   */
  readonly replicas?: number;
  /**
   * For how many days AWS keeps the backups of each day and what was written between them, so that one may go back to any second of that time. A change
   * to or from 0 restarts the database.
   * @default 7
   * @throws at synth if it is not a whole number from 0 to 35
   */
  readonly backupDays?: number;
  /**
   * PostgreSQL's `max_connections`. A change takes effect when the database starts again: change the class with it, or restart the database by hand.
   * @default - 100 for each GiB of the class' memory, at most 5000: somewhat less than RDS would choose by itself
   * @throws at synth if it is not a whole number from 30 to 5000
   */
  readonly maxConnections?: number;
  /**
   * The name of Mastodon's database, which the database task makes. Change it before the first deploy only: Mastodon would begin with an empty one.
   * @default "mastodon_production"
   */
  readonly name?: string;
  /**
   * The role that owns Mastodon's database and may do nothing else, which the database task makes. Change it before the first deploy only.
   * @default "mastodon"
   */
  readonly user?: string;
  /**
   * The certificates of RDS in this region, as the text of a PEM file. A change replaces the application machines.
   * @default - the region's root `rds-ca-rsa2048-g1`
   * @throws at synth if the region is newer than those that are known here
   */
  readonly ca?: string;
  /**
   * Whether AWS keeps for seven days which statements took how long (Performance Insights, which small burstable classes do not have). The statements hold
   * what people write. A change costs nothing.
   * @default false
   */
  readonly insights?: boolean;
  /**
   * How often AWS measures the operating system of the database (Enhanced Monitoring), and the ARN of the role with which it may write that down.
   * @default - it does not
   * @throws at synth if `seconds` is none of 1, 5, 10, 15, 30 and 60
   */
  readonly monitoring?: { readonly seconds: number; readonly roleArn: string };
}

/** For `Postgres.external`, which then makes Mastodon's role and database. The role's password is the secret `database_password`. */
export interface RdsPostgres {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly tls: "verify-full";
  readonly ca: string;
  readonly maxConnections: number;
  readonly replicas: readonly { readonly host: string; readonly managed: Managed }[];
  readonly managed: Managed;
  readonly admin: { readonly user: string; readonly password: Secret };
}

const LEAST_STORAGE_GIB = 20;
const CONNECTIONS_A_GIB = 100;
const MOST_CONNECTIONS = 5000;
/** For superusers, for AWS' own programs, and for replicas that are made. */
const KEPT_CONNECTIONS = 10;
/** RDS takes 8 to 128 printable characters without those three. */
const PASSWORD = "^[!#-.0-?A-~]{8,128}$";
const MONITORED_SECONDS: readonly number[] = [1, 5, 10, 15, 30, 60];

export function rds(scope: Construct, id: string, props: RdsProps): RdsPostgres {
  const within = new Construct(scope, id);
  const network = placeOf(within);
  const name = managedName(network, within, DATABASE_NAME_LENGTH);
  const { id: group, managed } = managedGroup(network, within, name);
  const version = versionOf(network, within, props.version ?? "17");
  const maxConnections = connectionsOf(network, within, props);
  const backupDays = wholeNumber(network.problems, within, "backupDays", props.backupDays ?? 7, { least: 0, most: 35 });
  const secret = new Secret(within, secretName(within, "admin_password"), {
    length: 128,
    pattern: PASSWORD,
    generated: true,
    description: `The user ${MASTER} of ${name} at RDS, with which the database task makes Mastodon's role.`,
  });
  const { maintenance, backup } = windows(network, within, props);
  const common = {
    class: props.class,
    mostStorageGib: storageOf(network, within, props).most,
    maintenance,
    group,
    parameters: parameterGroup(network, within, { name, version, maxConnections }),
    atOnce: props.changesWait !== true,
    insights: props.insights ?? false,
    ...monitoringOf(network, within, props.monitoring),
  } as const;
  // Wanted, whoever else reads it.
  const password = String(secret);
  const computed = network.databases.add(
    within,
    name,
    {
      ...common,
      version,
      storageGib: props.storageGib,
      ...includedIops(props.storageGib),
      standby: props.standby ?? true,
      subnets: subnetGroup(network, within, name),
      backupDays,
      backup,
      lastSnapshot: lastSnapshot(within, name, { key: network.settings.props.kmsKeyArn ?? "" }),
    },
    { password_wo: () => password, password_wo_version: () => SecretVersions.of(network.scope).of(secret) },
  );
  const replicas = rdsReplicas(network, within, {
    count: replicaCount(network, within, props, backupDays),
    name,
    source: computed("identifier"),
    settings: common,
  });
  return {
    host: computed("address"),
    port: RDS_PORT,
    name: props.name ?? "mastodon_production",
    user: props.user ?? "mastodon",
    tls: "verify-full",
    ca: props.ca ?? rootOf(network, within),
    maxConnections: maxConnections - KEPT_CONNECTIONS,
    // Callers may enter by the group that all of them have.
    replicas: replicas.map(({ host, called }) => ({ host, managed: { ...managed, name: called } })),
    managed,
    admin: { user: MASTER, password: secret },
  };
}

function replicaCount({ problems }: AwsNetwork, scope: Construct, { replicas = 0 }: RdsProps, backupDays: number): number {
  if (replicas > 0 && backupDays === 0) {
    problems.add(scope, {
      wrong: `replicas is ${replicas} and backupDays is 0, and AWS makes replicas of backups`,
      remedy: "use backupDays of at least 1, or no replicas",
    });
  }
  return wholeNumber(problems, scope, "replicas", replicas, { least: 0, most: 15 });
}

function versionOf({ problems }: AwsNetwork, scope: Construct, version: string): string {
  if (/^(1[4-9]|[2-9]\d)$/.test(version)) return version;
  problems.add(scope, {
    wrong: `version is "${version}"`,
    value: version,
    remedy: "give a major version from 14 on, such as 17",
  });
  return "17";
}

function connectionsOf({ problems }: AwsNetwork, scope: Construct, { class: name, maxConnections }: RdsProps): number {
  const gib = classGib(name);
  const wrong =
    maxConnections !== undefined
      ? wrongNumber("maxConnections", maxConnections, { least: 30, most: MOST_CONNECTIONS })
      : gib === undefined
        ? {
            wrong: `class is "${name}", whose memory is not known here`,
            remedy: "give a class of RDS, such as db.t4g.medium or db.m7g.large, or maxConnections beside it",
          }
        : undefined;
  problems.add(scope, wrong);
  // No other problem must follow from a wrong value.
  if (wrong !== undefined) return MOST_CONNECTIONS;
  return maxConnections ?? Math.min(CONNECTIONS_A_GIB * gib!, MOST_CONNECTIONS);
}

function storageOf(
  { problems }: AwsNetwork,
  scope: Construct,
  { storageGib, mostStorageGib, replicas = 0 }: RdsProps,
): { readonly most: number } {
  const size = wholeNumber(problems, scope, "storageGib", storageGib, { least: LEAST_STORAGE_GIB, most: DISK_GIB });
  const most = mostStorageGib ?? Math.min(4 * size, DISK_GIB);
  const least = Math.ceil((size * 11) / 10);
  if (most !== size && most < least && most >= LEAST_STORAGE_GIB) {
    problems.add(scope, {
      wrong: `mostStorageGib is ${most} and storageGib is ${size}`,
      remedy: `use ${size} for a disk that does not grow by itself, or at least ${least}`,
    });
  }
  if (most === size && replicas > 0) {
    problems.add(scope, {
      wrong: `mostStorageGib is ${most}, as storageGib is, and it has replicas, whose disks follow no change of storageGib`,
      remedy: `use at least ${least}: replicas grow by themselves alone`,
    });
  }
  return { most: wholeNumber(problems, scope, "mostStorageGib", most, { least: LEAST_STORAGE_GIB, most: DISK_GIB }) };
}

function monitoringOf({ problems }: AwsNetwork, scope: Construct, monitoring: RdsProps["monitoring"]) {
  if (monitoring === undefined) return {};
  const { seconds, roleArn } = monitoring;
  if (!MONITORED_SECONDS.includes(seconds)) {
    problems.add(scope, { wrong: `seconds of monitoring is ${seconds}`, remedy: `use one of ${MONITORED_SECONDS.join(", ")}` });
  }
  return { monitoringSeconds: seconds, monitoringRole: roleArn };
}

function rootOf({ problems, settings: { region } }: AwsNetwork, scope: Construct): string {
  const root = regionRoot(region);
  if (root !== undefined) return root;
  problems.add(scope, {
    wrong: `the certificates of RDS in ${region} are not known here`,
    remedy: `give ca the text of ${bundleOf(region)}`,
  });
  return regionRoot("eu-central-1")!;
}
