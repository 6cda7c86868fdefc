// The front door at AWS: one application load balancer, which tells routes apart by their host names.

import { Construct } from "constructs";
import { FrontDoorSpec, MadeFrontDoor, RouteSpec } from "../../core/cloud";
import { AwsNetwork } from "./network";

/** After how many seconds without traffic it closes a connection. */
export const IDLE_SECONDS = 120;

export class AwsFrontDoor implements MadeFrontDoor {
  readonly sources: readonly string[];

  constructor(
    protected readonly scope: Construct,
    network: AwsNetwork,
    protected readonly spec: FrontDoorSpec,
  ) {
    this.sources = network.vpc.publicRanges;
  }

  route(_id: string, _spec: RouteSpec): void {}

  visit(host: string): readonly string[] {
    return [`https://${host}/`];
  }
}
