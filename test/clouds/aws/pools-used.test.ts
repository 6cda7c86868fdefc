import { textOf, Step } from "../../../lib/core/program";
import { Pool, Site } from "../../../lib";
import { AwsSession } from "../../../lib/clouds/aws";
import { all, machine, machines, page, pool, problems, size } from "./page";

/** A pool that follows its processors and, unless `undefined`, how much of it is used. */
function scaled(site: Site, usedPercent: number | undefined): Pool {
  const range = site.range(site, "web", "web");
  const scale = { most: 6, ...(usedPercent !== undefined && { usedPercent }) };
  const made = new Pool(site, "web", { name: "web", role: "web", range, machines: 2, scale, size });
  made.isMeasured();
  return made;
}

const PROGRAM = "/usr/local/sbin/measured";

function stepsOf(site: Site, name: string): readonly Step[] {
  const session = site.session as AwsSession;
  const { spec } = session.network.all.find((host) => host.spec.name === name)!;
  return session.steps(spec).last;
}

/** The statements of a tier's role about CloudWatch. */
function rights(stack: Parameters<typeof all>[0]): Readonly<Record<string, readonly unknown[]>> {
  const found = Object.entries(all(stack, "aws_iam_role_policy")).map(([name, { policy }]) => {
    const { Statement } = JSON.parse(String(policy)) as { readonly Statement: readonly { readonly Action: readonly string[] }[] };
    return [name, Statement.filter(({ Action }) => Action.some((action) => /cloudwatch|\*/.test(action)))] as const;
  });
  return Object.fromEntries(found);
}

test("a pool that follows how much of it is used has a policy for that besides: AWS adds members if one wants it, and removes some if both do", () => {
  const { stack, site } = page();
  scaled(site, 70);
  machine(site, "monitoring", "monitoring").measuresPools(PROGRAM);
  expect(all(stack, "aws_autoscaling_policy")).toEqual({
    web_PoolScale: {
      name: "cpu",
      autoscaling_group_name: "${aws_autoscaling_group.Social_web_Pool.id}",
      policy_type: "TargetTrackingScaling",
      target_tracking_configuration: {
        predefined_metric_specification: { predefined_metric_type: "ASGAverageCPUUtilization" },
        target_value: 60,
      },
      lifecycle: { create_before_destroy: true },
    },
    web_PoolScaleByUse: {
      name: "used",
      autoscaling_group_name: "${aws_autoscaling_group.Social_web_Pool.id}",
      policy_type: "TargetTrackingScaling",
      target_tracking_configuration: {
        customized_metric_specification: {
          namespace: "cdktf-mastodon/social",
          metric_name: "Used",
          metric_dimension: [{ name: "Pool", value: "web" }],
          statistic: "Average",
          unit: "Percent",
        },
        target_value: 70,
      },
      lifecycle: { create_before_destroy: true },
    },
  });
  // Both go with the generation that they are for.
  expect(all(stack, "terraform_data")["web_PoolSettled"]!["depends_on"]).toEqual(
    expect.arrayContaining([
      "aws_autoscaling_policy.Social_web_PoolScale",
      "aws_autoscaling_policy.Social_web_PoolScaleByUse",
    ]) as string[],
  );
});

test("what is published is what the groups follow", () => {
  const { stack, site } = page();
  scaled(site, 70);
  machine(site, "monitoring", "monitoring").measuresPools(PROGRAM);
  const { target_tracking_configuration } = all(stack, "aws_autoscaling_policy")["web_PoolScaleByUse"]!;
  const { customized_metric_specification: followed } = target_tracking_configuration as {
    readonly customized_metric_specification: Readonly<Record<string, unknown>> & {
      readonly metric_dimension: readonly { readonly name: string }[];
    };
  };
  const [, script] = stepsOf(site, "monitoring-1");
  const published = script!.kind === "file" ? textOf(script!.content) : "";
  expect(published).toContain(
    [
      `PROGRAM='${PROGRAM}'`,
      "REGION='eu-central-1'",
      `NAMESPACE='${String(followed["namespace"])}'`,
      `METRIC='${String(followed["metric_name"])}'`,
      `DIMENSION='${followed.metric_dimension[0]!.name}'`,
      `UNIT='${String(followed["unit"])}'`,
    ].join("\n"),
  );
});

test("a host that measures pools publishes the numbers by the clock, once in each minute; others publish nothing", () => {
  const { site } = page();
  scaled(site, 70);
  const [first] = machines(site, "monitoring", 2, "monitoring");
  first!.measuresPools(PROGRAM);
  expect(stepsOf(site, "monitoring-2")).toEqual([]);
  expect(stepsOf(site, "web").filter((step) => JSON.stringify(step).includes("pools-used"))).toEqual([]);
  const [packages, script, service, timer, start, ...rest] = stepsOf(site, "monitoring-1");
  expect({ packages, start, rest }).toEqual({
    packages: { kind: "package", names: ["awscli"] },
    start: { kind: "start", units: ["mastodon-pools-used.timer"] },
    rest: [],
  });
  expect(script).toMatchObject({ kind: "file", path: "/usr/local/sbin/publish-pools-used", mode: "0755" });
  expect(service).toEqual({
    kind: "file",
    path: "/etc/systemd/system/mastodon-pools-used.service",
    content: `[Unit]
Description=Tells CloudWatch how much of pools is used

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/publish-pools-used
TimeoutStartSec=50
LogLevelMax=notice
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
`,
  });
  expect(timer).toEqual({
    kind: "file",
    path: "/etc/systemd/system/mastodon-pools-used.timer",
    content: `[Unit]
Description=Once in each minute

[Timer]
OnCalendar=minutely
AccuracySec=1

[Install]
WantedBy=timers.target
`,
  });
});

test("the role of the machines that publish may publish numbers of their own site, and nothing else of CloudWatch; no other role may", () => {
  const { stack, site } = page();
  scaled(site, 70);
  pool(site, "jobs");
  machine(site, "tools");
  for (const one of machines(site, "monitoring", 2, "monitoring")) one.measuresPools(PROGRAM);
  expect(problems(site)).toEqual([]);
  expect(rights(stack)).toEqual({
    "Rights-machines-monitoring": [
      {
        Sid: "PublishPoolsUsed",
        Effect: "Allow",
        Action: ["cloudwatch:PutMetricData"],
        Resource: ["*"],
        Condition: { StringEquals: { "cloudwatch:namespace": "cdktf-mastodon/social" } },
      },
    ],
    "Rights-machines-tools": [],
    "Rights-pool-jobs": [],
    "Rights-pool-web": [],
  });
});

test("a page that measures nothing has neither the policy nor the right", () => {
  const { stack, site } = page();
  scaled(site, undefined);
  machine(site, "monitoring", "monitoring");
  expect(Object.keys(all(stack, "aws_autoscaling_policy"))).toEqual(["web_PoolScale"]);
  expect(rights(stack)).toEqual({ "Rights-machines-monitoring": [], "Rights-pool-web": [] });
  expect(stepsOf(site, "monitoring-1")).toEqual([]);
});
