// How Terraform drives this host: `driver.call("machine create", { SITE: "social", … })` as a provisioner of a terraform_data.
// The driver's own files travel with the synthesized stack, so that a plan can be applied wherever it is carried.

import { join } from "node:path";
import { LocalExecProvisioner } from "cdktf";
import { Construct } from "constructs";
import { carried, runs } from "../shared/carried-script";

export class Driver {
  private readonly path: string;
  /** Where the stack carries the stand-in's sources. */
  readonly standIn: string;

  constructor(scope: Construct) {
    this.path = carried(scope, "Driver", join(__dirname, "driver"));
    this.standIn = carried(scope, "StandIn", join(__dirname, "../../../standin"));
  }

  /** A provisioner that runs a command of the driver with these variables. */
  call(command: string, environment: Readonly<Record<string, string>>, when?: "create" | "destroy"): LocalExecProvisioner {
    return runs(`bash ${this.path}/local.sh ${command}`, environment, when);
  }
}
