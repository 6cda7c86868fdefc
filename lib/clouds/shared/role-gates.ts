// Makes Terraform destroy a pool that was removed from the page only after the gates of all pools of its role, so that a renamed pool serves before
// the one with the old name is destroyed. `const gates = new RoleGates(scope)`, `gates.add({ … })` for each pool, and `gates.finish(…)` at the end.

import { DataConfig, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { Role } from "../../core/address-plan";
import { TerraformData } from "./terraform-data";

export interface GatedPool {
  readonly role: Role;
  readonly name: string;
  /** The resource that waits until its members serve. */
  readonly gate: TerraformResource;
}

export class RoleGates {
  private readonly pools: GatedPool[] = [];

  constructor(private readonly scope: Construct) {}

  /** Registers a pool of the page. */
  add(pool: GatedPool): void {
    this.pools.push(pool);
  }

  /**
   * Called once, at the end of the page.
   * @param retire returns a provisioner that removes all pools of a role but these from load balancers and shuts their members down, since Terraform
   * runs no provisioner of a removed block; left out by a cloud that does so by itself when a pool is destroyed
   */
  finish(retire?: (role: Role, pools: readonly string[]) => NonNullable<DataConfig["provisioners"]>[number]): void {
    for (const role of [...new Set(this.pools.map((pool) => pool.role))].sort()) {
      const ofRole = this.pools.filter((pool) => pool.role === role);
      const pools = ofRole.map(({ name }) => name).sort();
      const gates = ofRole.map(({ gate }) => gate);
      const retired = new TerraformData(this.scope, `Retired-${role}`, {
        triggersReplace: { pools: pools.join(" ") },
        dependsOn: gates,
        ...(retire !== undefined && { provisioners: [retire(role, pools)] }),
      });
      // Terraform destroys a removed create-before-destroy resource after everything that depended on it in the last state. So this resource must
      // never be replaced: after a failed gate it would be made again, and its dependency on the old pool would be lost.
      new TerraformData(this.scope, `Served-${role}`, { input: { pools: pools.join(" ") }, dependsOn: [...gates, retired] });
    }
  }
}
