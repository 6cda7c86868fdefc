// A cloud on this Linux host, which needs no account and no Terraform provider: `new Site(stack, "Social", { cloud: local(), … })`.
// Every machine is a Debian 13 system container that boots from the same user-data as on a real cloud.

import { Construct } from "constructs";
import { Role } from "../../core/address-plan";
import {
  Cloud,
  CloudCan,
  CloudSession,
  FrontDoorSpec,
  MachineSpec,
  MailboxSpec,
  MadeFrontDoor,
  MadeMailbox,
  MadeMachine,
  MadePool,
  PoolSpec,
  SiteSpec,
} from "../../core/cloud";
import { Problems } from "../../core/problems";
import { wrongNumber } from "../../core/whole-number";
import { LocalFrontDoor } from "./front-door";
import { BOOT_TEXT_BYTES } from "./limits";
import { keptMachine } from "./machine";
import { mailboxMachine } from "./mailbox";
import { LocalNetwork } from "./network";
import { pool } from "./pool";

export interface LocalProps {
  /**
   * The source of container images: `registry` pulls them; `stand-in` builds a small program with Mastodon's outer interface instead; `auto` pulls
   * if the registry answers and uses the stand-in otherwise. Any other value is the path of an image archive (docker or OCI tar), or of a directory
   * of archives. A change fills the image store again and touches no machine.
   * @default "auto"
   */
  readonly images?: string;
  /**
   * Memory that must be available before the first machine is made, in GiB.
   * @default 4
   * @throws at synth if it is not a whole number from 1
   */
  readonly memoryGib?: number;
  /**
   * Disk space that must be free before the first machine is made, in GiB: about 3 for the base image, and what the machines write.
   * @default 8
   * @throws at synth if it is not a whole number from 1
   */
  readonly diskGib?: number;
  /**
   * How long a machine may take to boot, in seconds, before the apply fails.
   * @default 300
   */
  readonly bootSeconds?: number;
  /**
   * How many seconds machines may take until they serve, after all have booted. After that the apply fails, and old machines continue to serve.
   * @default 900
   */
  readonly readySeconds?: number;
}

/** The local cloud. It can hold several sites, each with its own network. */
export function local(props: LocalProps = {}): Cloud {
  return new LocalCloud(props);
}

class LocalCloud implements Cloud {
  readonly name = "local";
  readonly can: CloudCan = {
    bootText: { bytes: BOOT_TEXT_BYTES, counts: "text" },
    frontDoorIdleSeconds: 60,
    sharedFiles: "/srv/files",
    delivers: true,
    sharesKernel: true,
  };

  constructor(private readonly props: LocalProps) {}

  open(scope: Construct, spec: SiteSpec): CloudSession {
    const { memoryGib = 4, diskGib = 8, bootSeconds = 300, readySeconds = 900, images = "auto" } = this.props;
    const numbers = { memoryGib, diskGib, bootSeconds, readySeconds };
    const problems = new Problems(scope);
    for (const [name, value] of Object.entries(numbers)) {
      problems.add(scope, wrongNumber(`${name} of the local cloud`, value, { least: 1 }));
    }
    return new LocalSession(new LocalNetwork(scope, spec, { ...numbers, images }));
  }
}

class LocalSession implements CloudSession {
  /** The computer itself, which is the gateway of the network. */
  readonly administrators: readonly string[];

  constructor(private readonly network: LocalNetwork) {
    this.administrators = [`${network.gateway}/32`];
  }

  machine(scope: Construct, id: string, spec: MachineSpec): MadeMachine {
    return keptMachine(scope, id, this.network, spec);
  }

  pool(scope: Construct, id: string, spec: PoolSpec): MadePool {
    return pool(scope, id, this.network, spec);
  }

  frontDoor(scope: Construct, id: string, spec: FrontDoorSpec): MadeFrontDoor {
    return new LocalFrontDoor(scope, id, this.network, spec);
  }

  readonly mailbox = (_scope: Construct, spec: MailboxSpec): MadeMailbox => this.network.catches(spec.openings);

  sourcesOf(role: Role): readonly string[] {
    return [this.network.rangeOf(role)];
  }

  nextSteps(): readonly string[] {
    return this.network.nextSteps();
  }

  finish(): void {
    mailboxMachine(this.network);
    this.network.finish();
  }
}
