// Scripts that Terraform runs on the machine that deploys. They are copied into the synthesized stack, so that it can be applied on another machine:
// `const path = carried(scope, "Driver", directory)`, then `runs(`bash ${path}/local.sh …`, { SITE: "social" })`.

import { AssetType, LocalExecProvisioner, TerraformAsset } from "cdktf";
import { Construct } from "constructs";

/** Copies a directory into the synthesized stack and returns its path there. */
export function carried(scope: Construct, id: string, directory: string): string {
  // A fixed hash: Terraform's state holds this path for destroy-time provisioners, so newer scripts must have the same path.
  return new TerraformAsset(scope, id, { path: directory, type: AssetType.DIRECTORY, assetHash: "1" }).path;
}

/** A provisioner that runs a command with these environment variables. */
export function runs(
  command: string,
  environment: Readonly<Record<string, string>>,
  when: "create" | "destroy" = "create",
): LocalExecProvisioner {
  // Without `exec` Terraform would stop only the shell, and the command would continue to run.
  return { type: "local-exec", command: `exec ${command}`, environment: { ...environment }, when };
}
