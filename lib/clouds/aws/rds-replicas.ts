// Replicas of a database of RDS that answer reads: `rdsReplicas(network, within, { count: 1, name, source, settings })`.

import { DbInstance } from "@cdktf/provider-aws/lib/db-instance";
import { Construct } from "constructs";
import { shortened } from "../../core/names";
import { DATABASE_NAME_LENGTH } from "./limits";
import type { AwsNetwork } from "./network";
import { AUTHORITY } from "./rds-authority";
import { InstanceSettings } from "./rds-instances";

/** What a replica has in common with its source, and does not have of it by itself. */
type OfReplicas = Pick<
  InstanceSettings,
  | "class"
  | "mostStorageGib"
  | "maintenance"
  | "group"
  | "parameters"
  | "atOnce"
  | "insights"
  | "monitoringSeconds"
  | "monitoringRole"
>;

interface Source {
  readonly count: number;
  readonly name: string;
  /** Its identifier, as an expression. */
  readonly source: string;
  readonly settings: OfReplicas;
}

interface Replica {
  /** Its name at RDS. */
  readonly called: string;
  /** Its address. */
  readonly host: string;
}

/** The replicas. What a replica leaves out it has of its source. */
export function rdsReplicas(
  network: AwsNetwork,
  scope: Construct,
  { count, name, source, settings }: Source,
): readonly Replica[] {
  const { zones } = network.settings;
  return Array.from({ length: count }, (_, at) => at + 1).map((number) => {
    const called = shortened(`${name}-reads-${number}`, DATABASE_NAME_LENGTH);
    const made = new DbInstance(scope, `Replica${number}`, {
      identifier: called,
      replicateSourceDb: source,
      instanceClass: settings.class,
      availabilityZone: network.zone(number % zones.length),
      maxAllocatedStorage: settings.mostStorageGib,
      storageType: "gp3",
      // Not left out: the provider would take it for false, and make the replica anew.
      storageEncrypted: true,
      publiclyAccessible: false,
      vpcSecurityGroupIds: [settings.group],
      parameterGroupName: settings.parameters,
      caCertIdentifier: AUTHORITY,
      autoMinorVersionUpgrade: true,
      applyImmediately: settings.atOnce,
      maintenanceWindow: settings.maintenance,
      copyTagsToSnapshot: true,
      performanceInsightsEnabled: settings.insights,
      monitoringInterval: settings.monitoringSeconds ?? 0,
      ...(settings.monitoringRole !== undefined && { monitoringRoleArn: settings.monitoringRole }),
      // A replica holds nothing of its own.
      skipFinalSnapshot: true,
      tags: { ...network.tags(""), Name: called },
    });
    return { called, host: made.address };
  });
}
