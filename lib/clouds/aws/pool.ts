// A pool at AWS: a launch template and a scaling group for each generation, and a gate that sees the members of the new one serve.

import { Construct } from "constructs";
import { MadePool, PoolSpec } from "../../core/cloud";
import { AwsNetwork } from "./network";

export function pool(scope: Construct, _id: string, network: AwsNetwork, spec: PoolSpec): MadePool {
  network.host(scope, spec);
  return { name: spec.name };
}
