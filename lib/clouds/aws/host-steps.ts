// What AWS adds to a host's program: its secrets first, for members of pools what tells AWS whether they serve, and for a host that measures
// pools what tells AWS how much of them is used.

import { AddedSteps } from "../../core/cloud";
import { HostSpec } from "../../core/host-spec";
import { memberSteps } from "./member";
import { AwsNetwork } from "./network";
import { poolsUsedSteps } from "./pools-used";

export function hostSteps(network: AwsNetwork, host: HostSpec): AddedSteps {
  const last = [...(network.isPool(host) ? memberSteps(network) : []), ...poolsUsedSteps(network, host)];
  return { first: network.parameters.steps(host), last };
}
