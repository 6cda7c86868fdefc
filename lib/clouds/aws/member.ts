// What a member of a pool tells AWS about itself, and may: `memberSteps(network)`, `memberRights(network, "web")`. The rules stand in member.sh.

import { join } from "node:path";
import { METADATA } from "../../core/nftables";
import { Step } from "../../core/program";
import { HTTP_PORT } from "../../core/ports";
import { READY_SCRIPT } from "../../core/render/cloud-config";
import { script } from "../../core/script";
import { AT_BOOT, NEVER_GIVEN_UP, unit } from "../../core/unit";
import { Statement } from "./identity";
import { LAUNCH, TERMINATE } from "./lifecycle";
import { DEREGISTRATION_SECONDS } from "./limits";
import type { AwsNetwork } from "./network";
import { GROUP_TAG } from "./scaling-group";

/** How long a member that hangs is left to its watchdog. */
const UNHEALTHY_SECONDS = 600;
/** How long a member that leaves waits for requests, in seconds, while it has no connection. */
const QUIET_SECONDS = 10;
/** Processes that the watchdog has killed in that time: one that hangs after each start is killed about every minute. */
const KILLS = 3;

const COMMAND = "/usr/local/sbin/member";

export function memberSteps({ settings }: Pick<AwsNetwork, "settings">): readonly Step[] {
  const content = script(join(__dirname, "member.sh"), {
    REGION: settings.region,
    METADATA: `http://${METADATA[0]!}`,
    GROUP_TAG,
    HTTP_PORT,
    LAUNCH,
    TERMINATE,
    READY_SCRIPT,
    DEREGISTRATION_SECONDS,
    QUIET_SECONDS,
    UNHEALTHY_SECONDS,
    KILLS,
    UNIT_NAME,
    SERVED: "/var/lib/cdktf-mastodon-served",
    UPTIME: "/proc/uptime",
  });
  return [
    { kind: "package", names: ["awscli", "curl"] },
    { kind: "file", path: COMMAND, content, mode: "0755" },
    { kind: "file", path: `/etc/systemd/system/${UNIT_NAME}`, content: UNIT },
    { kind: "start", units: [UNIT_NAME] },
  ];
}

const UNIT_NAME = "member.service";
const UNIT = unit({
  Unit: {
    Description: "Tells AWS whether this member serves",
    Wants: "network-online.target",
    After: "network-online.target",
    ...NEVER_GIVEN_UP,
  },
  // It ends with 0 when this machine is about to end.
  Service: { ExecStart: COMMAND, Restart: "on-failure", RestartSec: 5 },
  Install: AT_BOOT,
});

/** The calls of member.sh, on groups of its own pool alone. Their names end with a generation of six characters. */
export function memberRights({ settings, site, found }: AwsNetwork, pool: string): Statement {
  const groups = `arn:${found.partition}:autoscaling:${settings.region}:${found.account}:autoScalingGroup:*:autoScalingGroupName`;
  return {
    Sid: "Member",
    Action: ["autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceHealth"],
    Resource: [`${groups}/${site}-${pool}-${"?".repeat(GENERATION_LENGTH)}`],
  };
}

/** The characters of a generation in the name of a group. */
export const GENERATION_LENGTH = 6;
