// What DigitalOcean adds to a host's program besides the names: `hostSteps(network, host)`.

import { join } from "node:path";
import { AddedSteps } from "../../core/cloud";
import { HostSpec } from "../../core/host-spec";
import { METADATA } from "../../core/nftables";
import { READINESS_PORT } from "../../core/ports";
import { Step } from "../../core/program";
import { script } from "../../core/script";
import { AT_BOOT, unit } from "../../core/unit";
import { DigitalOceanNetwork } from "./network";

const FORGET = "/usr/local/sbin/forget-user-data";
const FORGETS = "forget-user-data.service";
/** As DigitalOcean's package calls it. */
const AGENT = "do-agent";

export function hostSteps(network: DigitalOceanNetwork, host: HostSpec): AddedSteps {
  // The core expects whoever asks there in the range of the role `cloud`; a load balancer has whatever address of the VPC was free.
  const asked = network.witnessed(host.name)
    ? [
        allowed(
          "the load balancer that asks whether this machine serves",
          `input ip saddr ${network.cidr} tcp dport ${READINESS_PORT}`,
        ),
      ]
    : [];
  const agent = network.settings.monitoring
    ? [allowed("the monitoring agent", `output meta skuid @ ip daddr ${METADATA[0]!}`, AGENT)]
    : [];
  const names = network.names.steps(host);
  return {
    first: [...asked, ...agent, ...names.first],
    last: [
      ...names.last,
      { kind: "file", path: FORGET, content: FORGET_SCRIPT, mode: "0755" },
      { kind: "file", path: `/etc/systemd/system/${FORGETS}`, content: FORGETS_UNIT },
      { kind: "start", units: [FORGETS] },
    ],
  };
}

/** One more rule for the host's firewall, before all others; the number of a user stands where the rule has an `@`. */
function allowed(why: string, rule: string, user = ""): Step {
  return { kind: "run", why, script: script(join(__dirname, "allow.sh"), { RULE: rule, NAME: user }) };
}

const FORGET_SCRIPT = script(join(__dirname, "forget-user-data.sh"));

// cloud-init writes the user-data to the disk at each boot, whatever it does with it.
const FORGETS_UNIT = unit({
  Unit: { Description: "Takes the user-data from the disk", After: "cloud-final.service" },
  Service: { Type: "oneshot", ExecStart: FORGET },
  Install: AT_BOOT,
});
