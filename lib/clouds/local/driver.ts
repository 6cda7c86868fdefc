// The driver: shell scripts that make machines on this host, run as provisioners of `terraform_data`:
// `driver.call("machine create", { SITE: "social", … })`. They are copied into the synthesized stack.

import { join } from "node:path";
import { LocalExecProvisioner } from "cdktf";
import { Construct } from "constructs";
import { carried, runs } from "../shared/carried-script";

export class Driver {
  private readonly path: string;
  /** The path of the stand-in's sources in the stack. */
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
