// In which subnets a database of RDS stands, and with which settings it runs: `parameterGroup(network, within, { name, version, maxConnections })`.

import { DbParameterGroup } from "@cdktf/provider-aws/lib/db-parameter-group";
import { DbSubnetGroup } from "@cdktf/provider-aws/lib/db-subnet-group";
import { Construct } from "constructs";
import { addressOf } from "../shared/terraform-address";
import type { AwsNetwork } from "./network";

/** The name of the group, as an expression. */
export function subnetGroup(network: AwsNetwork, scope: Construct, name: string): string {
  const made = new DbSubnetGroup(scope, "Subnets", {
    name,
    description: `The zones of ${name}`,
    subnetIds: [...network.vpc.serviceSubnets],
    tags: { ...network.tags(""), Name: name },
  });
  return `\${${addressOf(made)}.name}`;
}

interface Parameters {
  readonly name: string;
  readonly version: string;
  readonly maxConnections: number;
}

/** The name of the group, as an expression. */
export function parameterGroup(network: AwsNetwork, scope: Construct, { name, version, maxConnections }: Parameters): string {
  const made = new DbParameterGroup(scope, "Parameters", {
    // A later version has another group, which is there before the database leaves the one that it has.
    name: `${name}-postgres${version}`,
    family: `postgres${version}`,
    description: `The settings of ${name}`,
    // All with `pending-reboot`: of a value that is RDS' default already, such as `rds.force_ssl` from 15 on, AWS keeps no other method, and with one
    // each plan would show the same change again. The group is there before its database, which so starts with all of it.
    parameter: Object.entries({
      max_connections: String(maxConnections),
      "rds.force_ssl": "1",
      // The text of statements is logged for those alone that wait for a lock for long: it holds what people write.
      log_lock_waits: "1",
      track_io_timing: "1",
    }).map(([parameter, value]) => ({ name: parameter, value, applyMethod: "pending-reboot" })),
    tags: { ...network.tags(""), Name: name },
    // Another version of this library may describe it in other words, for which AWS would want another name.
    lifecycle: { createBeforeDestroy: true, ignoreChanges: ["description"] },
  });
  return `\${${addressOf(made)}.name}`;
}
