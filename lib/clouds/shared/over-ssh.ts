// Settings delivered to a running machine by the `ssh` of whoever deploys: `new OverSsh(scope).deliver({ host, hostKeyName, name, settings })`.
// Not by Terraform's own connections: those check no host key, unless it is known before the machine is made.

import { join } from "node:path";
import { LocalExecProvisioner } from "cdktf";
import { Construct } from "constructs";
import { notSecret } from "./boot-text";
import { carried, runs } from "./carried-script";

export interface Delivery {
  /** The address at which root may log in. */
  readonly host: string;
  /** What the machine's host key is remembered as: another machine needs another name, also at the same address. */
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

  /** A provisioner that delivers. Its lines are shown, and the settings, which hold secrets, stand in no plan and in no state. */
  deliver({ host, hostKeyName, name, settings }: Delivery): LocalExecProvisioner {
    return runs(`bash ${this.path}/deliver.sh`, {
      HOST: host,
      HOST_KEY_NAME: hostKeyName,
      NAME: name,
      // Else Terraform would hide every line. The text itself is printed nowhere.
      SETTINGS: notSecret(settings),
    });
  }
}
