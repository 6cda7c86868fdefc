// A kept machine at AWS: an instance over volumes that outlive it.

import { Construct } from "constructs";
import { MachineSpec, MadeMachine } from "../../core/cloud";
import { AwsNetwork } from "./network";

export function keptMachine(scope: Construct, _id: string, network: AwsNetwork, spec: MachineSpec): MadeMachine {
  network.host(scope, spec);
  return { address: spec.address, devices: Object.fromEntries(spec.disks.map(({ name }) => [name, `/dev/${name}`])) };
}
