// What DigitalOcean adds to a host's program besides the names: `hostSteps(network, host)`.

import { join } from "node:path";
import { AddedSteps } from "../../core/cloud";
import { HostSpec } from "../../core/host-spec";
import { METADATA } from "../../core/nftables";
import { Step } from "../../core/program";
import { script } from "../../core/script";
import { unit } from "../../core/unit";
import { DigitalOceanNetwork } from "./network";

const FORGET = "/usr/local/sbin/forget-user-data";
const FORGETS = "forget-user-data.service";

export function hostSteps(network: DigitalOceanNetwork, host: HostSpec): AddedSteps {
  const agent = network.settings.monitoring
    ? [{ kind: "run", why: "the monitoring agent", script: ALLOW_AGENT } satisfies Step]
    : [];
  const names = network.names.steps(host);
  return {
    first: [...agent, ...names.first],
    last: [
      ...names.last,
      { kind: "file", path: FORGET, content: FORGET_SCRIPT, mode: "0755" },
      { kind: "file", path: `/etc/systemd/system/${FORGETS}`, content: FORGETS_UNIT },
      { kind: "start", units: [FORGETS] },
    ],
  };
}

const ALLOW_AGENT = script(join(__dirname, "allow-agent.sh"), { AGENT: "do-agent", METADATA: METADATA[0]! });
const FORGET_SCRIPT = script(join(__dirname, "forget-user-data.sh"));

// cloud-init writes the user-data to the disk at each boot, whatever it does with it. Not a part of multi-user.target, which Debian's cloud-final.service comes
// after: systemd would leave one of the two out at each boot, to break the cycle.
const FORGETS_UNIT = unit({
  Unit: { Description: "Takes the user-data from the disk", After: "cloud-final.service" },
  Service: { Type: "oneshot", ExecStart: FORGET },
  Install: { WantedBy: "cloud-init.target" },
});
