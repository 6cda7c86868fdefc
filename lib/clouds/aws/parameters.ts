// Secrets in AWS' Parameter Store: one parameter for each role and secret, from which machines read them at boot.

import { Step } from "../../core/program";
import { HostSpec } from "../../core/host-spec";
import type { AwsNetwork } from "./network";

export class Parameters {
  constructor(protected readonly network: AwsNetwork) {}

  /** What a host performs to read its secrets. */
  steps(_host: HostSpec): readonly Step[] {
    return [];
  }

  /** The page is whole: makes the parameters. */
  end(): void {}
}
