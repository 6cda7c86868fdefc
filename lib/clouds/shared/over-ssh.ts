// Delivers settings to a running machine by the `ssh` command: `new OverSsh(scope).deliver({ host, hostKeyName, name, settings })`.
// Not by Terraform's `connection`: it does not check the host key, unless the key is known before the machine is made.

import { join } from "node:path";
import { LocalExecProvisioner } from "cdktf";
import { Construct } from "constructs";
import { notSecret } from "./boot-text";
import { carried, runs } from "./carried-script";

export interface Delivery {
  /** The address at which root may log in. */
  readonly host: string;
  /** The name of the machine's host key in known_hosts (`HostKeyAlias`). It must be unique for each machine, also at the same address. */
  readonly hostKeyName: string;
  /** The machine's name, for messages. */
  readonly name: string;
  /** The settings, packed. */
  readonly settings: string;
}

export class OverSsh {
  private readonly path: string;

  constructor(scope: Construct) {
    this.path = carried(scope, "OverSsh", join(__dirname, "over-ssh"));
  }

  /** A provisioner that delivers settings. Its output is shown. The settings hold secrets; they are neither in the plan nor in the state. */
  deliver({ host, hostKeyName, name, settings }: Delivery): LocalExecProvisioner {
    return runs(`bash ${this.path}/deliver.sh`, {
      HOST: host,
      HOST_KEY_NAME: hostKeyName,
      NAME: name,
      // Otherwise Terraform would hide all output. The text itself is never printed.
      SETTINGS: notSecret(settings),
    });
  }
}
