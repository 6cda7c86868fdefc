// What AWS adds to a host's program: its secrets first, and for members of pools what tells AWS whether they serve.

import { AddedSteps } from "../../core/cloud";
import { HostSpec } from "../../core/host-spec";
import { memberSteps } from "./member";
import { AwsNetwork } from "./network";

export function hostSteps(network: AwsNetwork, host: HostSpec): AddedSteps {
  return { first: network.parameters.steps(host), last: network.isPool(host) ? memberSteps(network) : [] };
}
