// The roles of machines: one a tier, which may read the tier's own secrets and nothing else, unless `allow` adds to it.

import { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { HostSpec } from "../../core/host-spec";
import type { AwsNetwork } from "./network";

/** A statement of an IAM policy, in IAM's own words. */
export interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** The identity of a tier's machines. */
export interface Identity {
  /** The name of the instance profile. */
  readonly profile: string;
  /** What must stand before a machine boots. */
  readonly ready: readonly TerraformResource[];
  /** Allows more. */
  allow(statement: Statement): void;
}

export class Identities {
  constructor(protected readonly network: AwsNetwork) {}

  /** The identity of a tier; made once. */
  of(_scope: Construct, tier: string, _host: HostSpec): Identity {
    return { profile: tier, ready: [], allow: () => undefined };
  }

  /** The page is whole: writes the policies. */
  end(): void {}
}
