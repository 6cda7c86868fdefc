// The program that asks Hetzner what Terraform cannot: `gate.call("serve", { POOL: "web", … })` as a provisioner.
// It travels with the stack and is run by Node with the token in HCLOUD_TOKEN, which therefore stands in no plan.

import { join } from "node:path";
import { AssetType, LocalExecProvisioner, TerraformAsset } from "cdktf";
import { Construct } from "constructs";

export class Gate {
  private readonly path: string;

  constructor(scope: Construct) {
    // A fixed hash: destroy-time provisioners remember this path, and a newer gate must still be found there.
    this.path = new TerraformAsset(scope, "Gate", {
      path: join(__dirname, "gate"),
      type: AssetType.DIRECTORY,
      assetHash: "1",
    }).path;
  }

  /** A provisioner that runs a command of the gate with these variables. */
  call(
    command: "serve" | "stop",
    environment: Readonly<Record<string, string>>,
    when: "create" | "destroy" = "create",
  ): LocalExecProvisioner {
    // Without `exec` Terraform would end the shell alone, and the gate would go on after it.
    return { type: "local-exec", command: `exec node ${this.path}/gate.mjs ${command}`, environment: { ...environment }, when };
  }
}
