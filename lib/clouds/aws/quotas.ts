// How many CPUs the account may run, against what the page has while all pools roll: `new CpuQuotas(scope)`, `add(…)` for each host, `end()`.
// A new account may have fewer than a small server needs, and without this the deploy would find out when half of it stands.

import { DataAwsServicequotasServiceQuota } from "@cdktf/provider-aws/lib/data-aws-servicequotas-service-quota";
import { Construct } from "constructs";

export interface UsedCpus {
  readonly standing: number;
  /** Besides those, during a roll-out. */
  readonly rolling: number;
  /** Whether they are spare capacity, which has a quota of its own. */
  readonly spot: boolean;
}

/** The quotas that all types of `instance-types.ts` count against (A, C, D, H, I, M, R, T, Z), by their codes. */
const QUOTAS = [
  { id: "Cpus", spot: false, code: "L-1216C47A", name: "Running On-Demand Standard instances" },
  { id: "SpotCpus", spot: true, code: "L-34B43A08", name: "All Standard Spot Instance Requests" },
] as const;

export class CpuQuotas {
  private readonly used: UsedCpus[] = [];

  constructor(private readonly scope: Construct) {}

  add(cpus: UsedCpus): void {
    this.used.push(cpus);
  }

  /** The page is whole: refuses a plan of more CPUs than the account may have. What it runs besides the page is not known. */
  end(): void {
    for (const { id, spot, code, name } of QUOTAS) {
      const wanted = this.used.filter((one) => one.spot === spot).reduce((sum, one) => sum + one.standing + one.rolling, 0);
      if (wanted === 0) continue;
      new DataAwsServicequotasServiceQuota(this.scope, id, {
        serviceCode: "ec2",
        quotaCode: code,
        lifecycle: {
          postcondition: [
            {
              condition: `\${self.value >= ${wanted}}`,
              errorMessage:
                `${this.scope.node.path}: the page has ${wanted} CPUs while all pools roll, and the account may have \${self.value} of the quota ` +
                `"${name}" (${code}) in this region / ask for more in the console under Service Quotas, EC2, or use fewer machines`,
            },
          ],
        },
      });
    }
  }
}
