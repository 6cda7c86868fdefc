// The gate: a program that waits on Hetzner's API for what Terraform cannot check: `gate.call("serve", { POOL: "web", … })` as a provisioner.
// It is copied into the synthesized stack and run by Node. It takes the token from HCLOUD_TOKEN, so that no plan holds it.

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
