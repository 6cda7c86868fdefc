// All replication groups of a site that ElastiCache runs, as one resource: `groups.add(scope, "social-feeds", { … }, token)("primary_endpoint_address")`.

import { ElasticacheReplicationGroup } from "@cdktf/provider-aws/lib/elasticache-replication-group";
import { IResolvable, Token } from "cdktf";
import { ManagedSet, optional } from "./managed-set";
import type { AwsNetwork } from "./network";
import { VALKEY_PORT } from "./ports";

export interface GroupSettings {
  readonly holds: string;
  readonly version: string;
  readonly nodeType: string;
  readonly nodes: number;
  readonly failsOver: boolean;
  readonly subnets: string;
  readonly group: string;
  readonly parameters: string;
  readonly snapshotDays: number;
  readonly backup: string;
  readonly maintenance: string;
  readonly atOnce: boolean;
  readonly lastSnapshot?: string;
}

export function elastiCacheGroups(network: AwsNetwork): ManagedSet<GroupSettings> {
  const { scope, settings } = network;
  const { kmsKeyArn } = settings.props;
  const resource = new ElasticacheReplicationGroup(scope, "Caches", {
    replicationGroupId: "${each.key}",
    description: "${each.value.holds}",
    engine: "valkey",
    engineVersion: "${each.value.version}",
    // With an older version on the page than AWS had brought by itself, the provider would make the group anew.
    autoMinorVersionUpgrade: "false",
    applyImmediately: flag("atOnce"),
    nodeType: "${each.value.nodeType}",
    numCacheClusters: Token.asNumber("${each.value.nodes}"),
    automaticFailoverEnabled: flag("failsOver"),
    multiAzEnabled: flag("failsOver"),
    port: VALKEY_PORT,
    subnetGroupName: "${each.value.subnets}",
    securityGroupIds: ["${each.value.group}"],
    parameterGroupName: "${each.value.parameters}",
    atRestEncryptionEnabled: "true",
    ...(kmsKeyArn !== undefined && { kmsKeyId: kmsKeyArn }),
    transitEncryptionEnabled: true,
    transitEncryptionMode: "required",
    // The former token goes on until the next change, so machines that still have it work until they are replaced.
    authTokenUpdateStrategy: "ROTATE",
    snapshotRetentionLimit: Token.asNumber("${each.value.snapshotDays}"),
    snapshotWindow: "${each.value.backup}",
    maintenanceWindow: "${each.value.maintenance}",
    finalSnapshotIdentifier: optional("lastSnapshot"),
    tags: { ...network.tags(""), Name: "${each.key}" },
    lifecycle: { preventDestroy: settings.protectDatabases },
  });
  return new ManagedSet(resource, ["auth_token"]);
}

function flag(key: keyof GroupSettings): IResolvable {
  return Token.asAny(`\${each.value.${key}}`);
}
