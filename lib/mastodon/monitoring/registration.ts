// A member of a pool says to the monitoring machines that it is there, and what can be read from it: `registration(program, plan)`.

import { join } from "node:path";
import { Program } from "../../core/program";
import { script } from "../../core/script";
import { AT_BOOT, NEVER_GIVEN_UP, RESTARTED, unit } from "../../core/unit";
import { TARGETS_PORT } from "../ports";
import { REGISTERED_SECONDS } from "./targets";

export interface RegistrationPlan {
  /** The site's network. */
  readonly network: string;
  readonly monitors: readonly string[];
  /** Its targets, with @ADDRESS@ and @NAME@ for its own. */
  readonly file: string;
}

const FILE = "/etc/prometheus/own-targets.json";
const SCRIPT = "/usr/local/sbin/monitoring-registration";
const UNIT = "monitoring-registration.service";

export function registration(program: Program, { network, monitors, file }: RegistrationPlan): void {
  const values = {
    FILE,
    PATTERN: network.replace(/\d+\.\d+\/16$/, ""),
    MONITORS: monitors.join(" "),
    TARGETS_PORT,
    REGISTERED_SECONDS,
  };
  program
    .add({ kind: "package", names: ["curl"] })
    .add({ kind: "file", path: FILE, content: file })
    .add({ kind: "file", path: SCRIPT, content: script(join(__dirname, "registration.sh"), values), mode: "0755" })
    .add({
      kind: "file",
      path: `/etc/systemd/system/${UNIT}`,
      content: unit({
        Unit: {
          Description: "Says to the monitoring machines that this member is there",
          Wants: "network-online.target",
          After: "network-online.target",
          ...NEVER_GIVEN_UP,
        },
        // A member that is removed says so, since its silence would be told as a failure for minutes.
        Service: { ExecStart: SCRIPT, ExecStopPost: `-${SCRIPT} gone`, TimeoutStopSec: 10, ...RESTARTED },
        Install: AT_BOOT,
      }),
    })
    .add({ kind: "start", units: [UNIT] });
}
