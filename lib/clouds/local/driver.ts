// How Terraform drives this host: `driver.call("machine create", { SITE: "social", … })` as a provisioner of a terraform_data.
// The driver's own files travel with the synthesized stack, so that a plan can be applied wherever it is carried.

import { join } from "node:path";
import { AssetType, LocalExecProvisioner, TerraformAsset } from "cdktf";
import { Construct } from "constructs";

export class Driver {
  private readonly path: string;
  /** Where the stack carries the stand-in's sources. */
  readonly standIn: string;

  constructor(scope: Construct) {
    // A fixed hash: destroy-time provisioners remember this path, and a newer driver must still be found there.
    const asset = (id: string, path: string) =>
      new TerraformAsset(scope, id, { path, type: AssetType.DIRECTORY, assetHash: "1" }).path;
    this.path = asset("Driver", join(__dirname, "driver"));
    this.standIn = asset("StandIn", join(__dirname, "../../../standin"));
  }

  /** A provisioner that runs a command of the driver with these variables. */
  call(
    command: string,
    environment: Readonly<Record<string, string>>,
    when: "create" | "destroy" = "create",
  ): LocalExecProvisioner {
    // Without `exec` Terraform would end the shell alone, and the driver would go on after it.
    return { type: "local-exec", command: `exec bash ${this.path}/local.sh ${command}`, environment: { ...environment }, when };
  }
}
