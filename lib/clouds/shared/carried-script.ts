// Scripts that Terraform runs on the machine that deploys: they travel with the synthesized stack, so that a plan can be applied wherever it is
// carried: `const path = carried(scope, "Driver", directory)`, then `runs(`bash ${path}/local.sh …`, { SITE: "social" })`.

import { AssetType, LocalExecProvisioner, TerraformAsset } from "cdktf";
import { Construct } from "constructs";

/** Has the stack carry a directory, and says where it stands. */
export function carried(scope: Construct, id: string, directory: string): string {
  // A fixed hash: destroy-time provisioners remember this path, and newer scripts must still be found there.
  return new TerraformAsset(scope, id, { path: directory, type: AssetType.DIRECTORY, assetHash: "1" }).path;
}

/** A provisioner that runs a command with these variables. */
export function runs(
  command: string,
  environment: Readonly<Record<string, string>>,
  when: "create" | "destroy" = "create",
): LocalExecProvisioner {
  // Without `exec` Terraform would end the shell alone, and the command would go on after it.
  return { type: "local-exec", command: `exec ${command}`, environment: { ...environment }, when };
}
