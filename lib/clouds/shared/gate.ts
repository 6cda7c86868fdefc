// A gate: a program that waits on a cloud's API for what Terraform cannot check: `gate.call("serve", { POOL: "web", … })` as a provisioner.
// It is copied into the synthesized stack and run by Node. It takes the cloud's token from the environment, so that no plan holds it.

import { join } from "node:path";
import { LocalExecProvisioner } from "cdktf";
import { Construct } from "constructs";
import { carried, runs } from "./carried-script";

export interface GateProps {
  /** The directory with the cloud's gate.mjs. */
  readonly directory: string;
  /** Between two questions, in seconds, where a call does not say it. */
  readonly pauseSeconds: number;
}

export class Gate {
  private readonly path: string;
  private readonly waiting: string;

  constructor(
    scope: Construct,
    private readonly props: GateProps,
  ) {
    this.path = carried(scope, "Gate", props.directory);
    this.waiting = carried(scope, "GateWaiting", join(__dirname, "gate"));
  }

  /** A provisioner that runs a command of the gate with these variables. */
  call(
    command: "serve" | "retire" | "stop",
    environment: Readonly<Record<string, string>>,
    when?: "create" | "destroy",
  ): LocalExecProvisioner {
    const own = { WAITING: `${this.waiting}/waiting.mjs`, PAUSE_SECONDS: String(this.props.pauseSeconds) };
    return runs(`node ${this.path}/gate.mjs ${command}`, { ...own, ...environment }, when);
  }
}
