// What the account has when a plan is made, and what the plan refuses for it: images, zones, quotas.

import { Architecture } from "./instance-types";
import type { AwsNetwork } from "./network";

export interface FoundImage {
  /** The id of the AMI, which stays until the page asks for another. */
  readonly id: string;
  /** The name of its root device. */
  readonly rootDevice: string;
}

export class FoundResources {
  /** The number of the account, as an expression. */
  readonly account: string = "000000000000";
  /** `aws` in commercial regions, as an expression. */
  readonly partition: string = "aws";

  constructor(protected readonly network: AwsNetwork) {}

  image(_architecture: Architecture): FoundImage {
    return { id: "ami-0", rootDevice: "/dev/xvda" };
  }

  /** Counts CPUs against the account's quota: those that stand, and those that stand besides them during a roll-out. */
  uses(_cpus: { readonly standing: number; readonly rolling: number; readonly spot: boolean }): void {}
}
