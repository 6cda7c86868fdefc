// All databases of a site that RDS runs, as one resource: `instances.add(scope, "social-database", { … }, password)("address")`.

import { DbInstance } from "@cdktf/provider-aws/lib/db-instance";
import { IResolvable, Token } from "cdktf";
import { ManagedSet, optional } from "./managed-set";
import type { AwsNetwork } from "./network";
import { RDS_PORT } from "./ports";
import { AUTHORITY } from "./rds-authority";

/** The user that RDS makes with a database. It may make roles and databases, and is no superuser. */
export const MASTER = "postgres";

export interface InstanceSettings {
  readonly version: string;
  readonly class: string;
  readonly storageGib: number;
  readonly mostStorageGib: number;
  /** Of large disks alone: see `includedIops`. */
  readonly iops?: number;
  readonly standby: boolean;
  readonly subnets: string;
  readonly group: string;
  readonly parameters: string;
  readonly backupDays: number;
  readonly backup: string;
  readonly maintenance: string;
  readonly atOnce: boolean;
  readonly lastSnapshot: string;
  readonly insights: boolean;
  readonly monitoringSeconds?: number;
  readonly monitoringRole?: string;
}

/** From this size on RDS spreads a disk of PostgreSQL over four volumes. */
const LARGE_DISK_GIB = 400;

/**
 * The operations a second that the price of a gp3 disk includes. RDS takes no number for a smaller one. A larger one has its number on the page: when a disk
 * grows to that size, the provider would send the smaller number of before, which RDS refuses.
 */
export function includedIops(storageGib: number): { readonly iops?: number } {
  return storageGib < LARGE_DISK_GIB ? {} : { iops: 12_000 };
}

export function rdsInstances(network: AwsNetwork): ManagedSet<InstanceSettings> {
  const { scope, settings } = network;
  const { kmsKeyArn } = settings.props;
  const resource = new DbInstance(scope, "Databases", {
    identifier: "${each.key}",
    engine: "postgres",
    engineVersion: "${each.value.version}",
    allowMajorVersionUpgrade: true,
    autoMinorVersionUpgrade: true,
    applyImmediately: flag("atOnce"),
    instanceClass: "${each.value.class}",
    multiAz: flag("standby"),
    allocatedStorage: Token.asNumber("${each.value.storageGib}"),
    maxAllocatedStorage: Token.asNumber("${each.value.mostStorageGib}"),
    storageType: "gp3",
    iops: Token.asNumber(optional("iops")),
    storageEncrypted: true,
    ...(kmsKeyArn !== undefined && { kmsKeyId: kmsKeyArn }),
    username: MASTER,
    port: RDS_PORT,
    publiclyAccessible: false,
    dbSubnetGroupName: "${each.value.subnets}",
    vpcSecurityGroupIds: ["${each.value.group}"],
    parameterGroupName: "${each.value.parameters}",
    caCertIdentifier: AUTHORITY,
    backupRetentionPeriod: Token.asNumber("${each.value.backupDays}"),
    backupWindow: "${each.value.backup}",
    maintenanceWindow: "${each.value.maintenance}",
    copyTagsToSnapshot: true,
    skipFinalSnapshot: false,
    finalSnapshotIdentifier: "${each.value.lastSnapshot}",
    performanceInsightsEnabled: flag("insights"),
    monitoringInterval: Token.asNumber('${lookup(each.value, "monitoringSeconds", 0)}'),
    monitoringRoleArn: optional("monitoringRole"),
    deletionProtection: settings.protectDatabases,
    tags: { ...network.tags(""), Name: "${each.key}" },
    lifecycle: { preventDestroy: settings.protectDatabases },
  });
  return new ManagedSet(resource, ["password_wo", "password_wo_version"]);
}

function flag(key: keyof InstanceSettings): IResolvable {
  return Token.asAny(`\${each.value.${key}}`);
}
