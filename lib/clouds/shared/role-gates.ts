// When a pool ends that the page no longer has: after the gates of all pools of its role, so that a renamed pool serves before the one with the
// old name goes. `const gates = new RoleGates(scope)`, `gates.add({ … })` for each pool, and `gates.finish(…)` once the page is whole.

import { DataConfig, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { Role } from "../../core/address-plan";
import { TerraformData } from "./terraform-data";

export interface GatedPool {
  readonly role: Role;
  readonly name: string;
  /** What waits until its members serve. */
  readonly gate: TerraformResource;
}

export class RoleGates {
  private readonly pools: GatedPool[] = [];

  constructor(private readonly scope: Construct) {}

  /** Tells of a pool of the page. */
  add(pool: GatedPool): void {
    this.pools.push(pool);
  }

  /**
   * Called once, when the page is whole.
   * @param retire takes the traffic from all pools of a role but these, and ends what runs on their members, since Terraform runs no
   * provisioner of a block that is gone
   */
  finish(retire: (role: Role, pools: readonly string[]) => NonNullable<DataConfig["provisioners"]>[number]): void {
    for (const role of [...new Set(this.pools.map((pool) => pool.role))].sort()) {
      const ofRole = this.pools.filter((pool) => pool.role === role);
      const pools = ofRole.map(({ name }) => name).sort();
      const gates = ofRole.map(({ gate }) => gate);
      const retired = new TerraformData(this.scope, `Retired-${role}`, {
        triggersReplace: { pools: pools.join(" ") },
        dependsOn: gates,
        provisioners: [retire(role, pools)],
      });
      // Terraform ends what was made to be replaced start-first when all is done that depended on it in the last apply. So this is never
      // replaced: after a gate that failed it would be made anew, and nothing would know any more that it depended on the old pool.
      new TerraformData(this.scope, `Served-${role}`, { input: { pools: pools.join(" ") }, dependsOn: [...gates, retired] });
    }
  }
}
