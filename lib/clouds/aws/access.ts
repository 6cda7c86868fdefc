// A way in for administrators, closed by default.

import { Flow } from "../../core/flow";
import type { AwsNetwork } from "./network";

export interface Access {
  /** The name of an EC2 key pair, which a change gives to new machines. */
  readonly keyName: string;
}

/** What of it hosts must accept, and the command that logs in to an instance. */
export function access(_network: AwsNetwork): {
  readonly openings: readonly Omit<Flow, "to">[];
  readonly login?: (instance: string) => string;
} {
  return { openings: [] };
}
