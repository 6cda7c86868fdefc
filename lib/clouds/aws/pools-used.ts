// How much of a pool is used, as a number of CloudWatch: a host that measures it publishes it, and the pool's scaling group follows it.
// `poolsUsedSteps(network, host)`, `poolsUsedRights(network)`, `usedMetric(network, "web")`.

import { join } from "node:path";
import type { AutoscalingPolicyTargetTrackingConfigurationCustomizedMetricSpecification as Metric } from "@cdktf/provider-aws/lib/autoscaling-policy";
import { HostSpec } from "../../core/host-spec";
import { Step } from "../../core/program";
import { script } from "../../core/script";
import { unit } from "../../core/unit";
import { Statement } from "./identity";
import type { AwsNetwork } from "./network";

const METRIC = "Used";
const DIMENSION = "Pool";
const UNIT = "Percent";
const SCRIPT = "/usr/local/sbin/publish-pools-used";
/** Alerts about services that failed are for units of the library, by the beginning of their names. */
const UNIT_NAME = "mastodon-pools-used";

/** Of the site's own, so that a machine may publish numbers of its own site alone. */
function namespace({ site }: Pick<AwsNetwork, "site">): string {
  return `cdktf-mastodon/${site}`;
}

/**
 * What a scaling group follows. All generations of a pool have the same: while two serve, the number is that of both together. If two machines publish it,
 * both publish the same, and their average is that.
 */
export function usedMetric(network: Pick<AwsNetwork, "site">, pool: string): Metric {
  return {
    namespace: namespace(network),
    metricName: METRIC,
    metricDimension: [{ name: DIMENSION, value: pool }],
    statistic: "Average",
    unit: UNIT,
  };
}

/** What a host that measures pools publishes, once a minute; nothing on others. */
export function poolsUsedSteps(network: Pick<AwsNetwork, "site" | "settings">, { poolsUsed }: HostSpec): readonly Step[] {
  const PROGRAM = poolsUsed?.();
  if (PROGRAM === undefined) return [];
  const { region } = network.settings;
  const values = { PROGRAM, REGION: region, NAMESPACE: namespace(network), METRIC, DIMENSION, UNIT };
  return [
    { kind: "package", names: ["awscli"] },
    { kind: "file", path: SCRIPT, content: script(join(__dirname, "pools-used.sh"), values), mode: "0755" },
    { kind: "file", path: `/etc/systemd/system/${UNIT_NAME}.service`, content: SERVICE },
    { kind: "file", path: `/etc/systemd/system/${UNIT_NAME}.timer`, content: TIMER },
    { kind: "start", units: [`${UNIT_NAME}.timer`] },
  ];
}

const SERVICE = unit({
  Unit: { Description: "Tells CloudWatch how much of pools is used" },
  Service: {
    Type: "oneshot",
    ExecStart: SCRIPT,
    TimeoutStartSec: 50,
    LogLevelMax: "notice",
    NoNewPrivileges: true,
    ProtectSystem: "strict",
    ProtectHome: true,
    PrivateTmp: true,
  },
});

// By the clock, and not so long after the last time: CloudWatch counts whole minutes, and AWS waits for three with a number.
const TIMER = unit({
  Unit: { Description: "Once in each minute" },
  Timer: { OnCalendar: "minutely", AccuracySec: 1 },
  Install: { WantedBy: "timers.target" },
});

/** CloudWatch has no resources to name here, only namespaces. */
export function poolsUsedRights(network: Pick<AwsNetwork, "site">): Statement {
  return {
    Sid: "PublishPoolsUsed",
    Action: ["cloudwatch:PutMetricData"],
    Resource: ["*"],
    Condition: { StringEquals: { "cloudwatch:namespace": namespace(network) } },
  };
}
