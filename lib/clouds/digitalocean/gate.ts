// The program that asks DigitalOcean what Terraform cannot: `gate.call("serve", { POOL: "web", … })` as a provisioner.
// It travels with the stack and is run by Node with the token in DIGITALOCEAN_TOKEN, which therefore stands in no plan.

import { join } from "node:path";
import { LocalExecProvisioner } from "cdktf";
import { Construct } from "constructs";
import { carried, runs } from "../shared/carried-script";

export class Gate {
  private readonly path: string;

  constructor(scope: Construct) {
    this.path = carried(scope, "Gate", join(__dirname, "gate"));
  }

  /** A provisioner that runs a command of the gate with these variables. */
  call(
    command: "serve" | "retire" | "stop",
    environment: Readonly<Record<string, string>>,
    when?: "create" | "destroy",
  ): LocalExecProvisioner {
    return runs(`node ${this.path}/gate.mjs ${command}`, environment, when);
  }
}
