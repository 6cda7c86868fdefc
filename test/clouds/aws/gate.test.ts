import { spawn } from "node:child_process";
import { Answer, AwsCli, GATE } from "./aws-cli";

// Each test starts Node many times.
jest.setTimeout(60_000);

const cli = new AwsCli();

const GROUPS = "autoscaling describe-auto-scaling-groups --auto-scaling-group-names social-web-bbbbbb";
const OTHERS =
  "autoscaling describe-auto-scaling-groups --filters " +
  '[{"Name":"tag:cdktf-mastodon:site","Values":["social"]},{"Name":"tag:cdktf-mastodon:pool","Values":["web"]}]';
const ACTIVITIES = "autoscaling describe-scaling-activities --auto-scaling-group-name social-web-bbbbbb --max-items 10";
const TARGETS = "arn:targets";
const HEALTH = `elbv2 describe-target-health --target-group-arn ${TARGETS}`;

type States = Readonly<Record<string, string>>;

function group(states: States, more: object = {}) {
  const Instances = Object.entries(states).map(([InstanceId, LifecycleState]) => ({
    InstanceId,
    LifecycleState,
    HealthStatus: "Healthy",
  }));
  return { AutoScalingGroupName: "social-web-bbbbbb", MinSize: 2, MaxSize: 2, DesiredCapacity: 2, Instances, ...more };
}

/** Answers for a group whose instances are in these states at each look, the last ones from then on. */
function looks(states: readonly States[], more: (call: string, times: number) => Answer | undefined = () => undefined) {
  return (words: readonly string[], times: number): Answer => {
    const call = words.join(" ");
    const own = more(call, times);
    if (own !== undefined) return own;
    if (call === GROUPS) return { body: { AutoScalingGroups: [group(states[Math.min(times, states.length) - 1]!)] } };
    if (call === OTHERS) return { body: { AutoScalingGroups: [group({})] } };
    if (call === ACTIVITIES) return { body: { Activities: [] } };
    return { code: 1, error: `unexpected: ${call}` };
  };
}

function health(states: States): Answer {
  const of = ([Id, State]: [string, string]) => {
    const [Reason] = State === "unhealthy" ? ["Target.ResponseCodeMismatch"] : [];
    return { Target: { Id, Port: 80 }, TargetHealth: { State, ...(Reason && { Reason }) } };
  };
  return { body: { TargetHealthDescriptions: Object.entries(states).map(of) } };
}

test("it passes once all members are in service, and says each change on the way", async () => {
  cli.answer = looks([
    {},
    { "i-1": "Pending" },
    { "i-1": "Pending:Wait", "i-2": "Pending:Wait" },
    { "i-1": "InService", "i-2": "Pending:Wait" },
    { "i-1": "InService", "i-2": "InService" },
  ]);
  const { code, lines } = await cli.gate();
  expect(lines).toEqual([
    "web: 0 of 2 serve (N s of 10)",
    "web: 0 of 2 serve; i-1 is Pending (N s of 10)",
    "web: 0 of 2 serve; i-1 is Pending:Wait; i-2 is Pending:Wait (N s of 10)",
    "web: 1 of 2 serve; i-2 is Pending:Wait (N s of 10)",
    "web: done after N s",
  ]);
  expect(code).toBe(0);
});

test("members in service that the load balancer does not find healthy do not serve yet", async () => {
  const both = { "i-1": "InService", "i-2": "InService" };
  cli.answer = looks([both], (call, times) =>
    call !== HEALTH
      ? undefined
      : health(
          [{}, { "i-1": "initial" }, { "i-1": "healthy", "i-2": "unhealthy" }][times - 1] ?? {
            "i-1": "healthy",
            "i-2": "healthy",
          },
        ),
  );
  const { code, lines } = await cli.gate({ TARGETS });
  expect(lines).toEqual([
    "web: 0 of 2 serve; i-1 is not registered at the load balancer; i-2 is not registered at the load balancer (N s of 10)",
    "web: 0 of 2 serve; i-1 is initial at the load balancer; i-2 is not registered at the load balancer (N s of 10)",
    "web: 1 of 2 serve; i-2 is unhealthy at the load balancer (Target.ResponseCodeMismatch) (N s of 10)",
    "web: done after N s",
  ]);
  expect(code).toBe(0);
});

test("a member in service that is unhealthy does not serve", async () => {
  const sick = group({ "i-1": "InService", "i-2": "InService" });
  const Instances = sick.Instances.map((one, n) => ({ ...one, HealthStatus: n === 0 ? "Healthy" : "Unhealthy" }));
  cli.answer = looks([{}], (call) => (call === GROUPS ? { body: { AutoScalingGroups: [{ ...sick, Instances }] } } : undefined));
  const { lines } = await cli.gate({ LIMIT_SECONDS: "0" });
  expect(lines[0]).toBe("web: 1 of 2 serve; i-2 is InService and Unhealthy (N s of 0)");
});

test.each([
  ["the size that scaling had reached", { desired: 5, most: 6 }, "5"],
  ["no more than the page allows", { desired: 9, most: 6 }, "6"],
])("a new group gets %s before the gate waits", async (_, { desired, most }, size) => {
  const own = (more: object) => ({ body: { AutoScalingGroups: [group({}, { MaxSize: most, ...more })] } });
  const serving = Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`i-${n}`, "InService"]));
  const set = `autoscaling set-desired-capacity --auto-scaling-group-name social-web-bbbbbb --desired-capacity ${size}`;
  const before = [
    group({}, { AutoScalingGroupName: "social-web-aaaaaa", DesiredCapacity: desired }),
    group({}, { AutoScalingGroupName: "social-web-000000", DesiredCapacity: 8, Status: "Delete in progress" }),
  ];
  cli.answer = looks([{}], (call, times) => {
    if (call === OTHERS) return { body: { AutoScalingGroups: [...before, group({})] } };
    if (call === set) return {};
    if (call !== GROUPS) return undefined;
    return times === 1 ? own({}) : own({ DesiredCapacity: Number(size), Instances: group(serving).Instances });
  });
  const { code, lines } = await cli.gate();
  expect(lines.slice(0, 2)).toEqual([
    `web: the new group gets ${size} members, as many as the one before has`,
    `web: 0 of ${size} serve (N s of 10)`,
  ]);
  expect(code).toBe(0);
  expect(cli.calls.filter((call) => call === set)).toHaveLength(1);
});

test("without scaling the page's number holds, however many the group before has", async () => {
  cli.answer = looks([{ "i-1": "InService", "i-2": "InService" }], (call) =>
    call === OTHERS
      ? { body: { AutoScalingGroups: [group({}, { AutoScalingGroupName: "social-web-aaaaaa", DesiredCapacity: 7 })] } }
      : undefined,
  );
  expect(await cli.gate()).toMatchObject({ code: 0 });
  expect(cli.calls).toEqual([GROUPS, OTHERS]);
});

test("a launch that AWS gave up is told in AWS' words, and an older one is not", async () => {
  const now = new Date().toISOString();
  const abandoned = "Lifecycle Action was abandoned: Heartbeat Timeout";
  const activity = { StatusCode: "Cancelled", StartTime: now, StatusMessage: abandoned, Description: "Launching" };
  cli.answer = looks([{ "i-1": "InService" }], (call) =>
    call === ACTIVITIES ? { body: { Activities: [{ StatusCode: "Successful", StartTime: now }, activity] } } : undefined,
  );
  expect((await cli.gate({ LIMIT_SECONDS: "0" })).lines[0]).toBe(
    `web: 1 of 2 serve; AWS gave up a launch: ${abandoned} (N s of 0)`,
  );
  cli.answer = looks([{ "i-1": "InService" }], (call) =>
    call === ACTIVITIES ? { body: { Activities: [{ ...activity, StartTime: "2020-01-01T00:00:00Z" }] } } : undefined,
  );
  expect((await cli.gate({ LIMIT_SECONDS: "0" })).lines[0]).toBe("web: 1 of 2 serve (N s of 0)");
});

test("it fails at its limit, says whether something served before, and changes nothing", async () => {
  cli.answer = looks([{ "i-1": "Pending:Wait" }]);
  const first = await cli.gate({ LIMIT_SECONDS: "0" });
  expect(first.code).toBe(1);
  expect(first.lines.slice(-2)).toEqual([
    "web: not done after N s: 0 of 2 serve; i-1 is Pending:Wait",
    "No earlier members of this pool stand; the next deploy goes on from here.",
  ]);
  const old = group({ "i-0": "InService" }, { AutoScalingGroupName: "social-web-aaaaaa" });
  cli.answer = looks([{ "i-1": "Pending:Wait" }], (call) =>
    call === OTHERS ? { body: { AutoScalingGroups: [old, group({})] } } : undefined,
  );
  expect((await cli.gate({ LIMIT_SECONDS: "0" })).lines.at(-1)).toBe(
    "What served before goes on serving; the next deploy goes on from here.",
  );
  expect(cli.calls.filter((call) => !/^\w+ describe-/.test(call))).toEqual([]);
});

test("a group that AWS does not know yet is asked for again, and one that is gone fails at once", async () => {
  cli.answer = looks([{ "i-1": "Pending" }], (call, times) =>
    call === GROUPS && times !== 2 ? { body: { AutoScalingGroups: [] } } : undefined,
  );
  expect((await cli.gate()).lines.slice(0, 3)).toEqual([
    "web: AWS does not know the scaling group yet (N s of 10)",
    "web: 0 of 2 serve; i-1 is Pending (N s of 10)",
    "web: the scaling group social-web-bbbbbb is gone",
  ]);
});

test("an answer that may pass is asked for again", async () => {
  const throttled = "An error occurred (Throttling) when calling the DescribeAutoScalingGroups operation: Rate exceeded";
  cli.answer = looks([{ "i-1": "InService", "i-2": "InService" }], (call, times) => {
    if (call === GROUPS && times === 1) return { code: 254, error: `\n${throttled}\n` };
    return call === OTHERS && times === 1 ? { code: 255, error: "Could not connect to the endpoint URL" } : undefined;
  });
  expect((await cli.gate()).lines).toEqual([
    `web: AWS does not answer describe-auto-scaling-groups: ${throttled}; asking again (N s of 10)`,
    "web: AWS does not answer describe-auto-scaling-groups: Could not connect to the endpoint URL; asking again (N s of 10)",
    "web: done after N s",
  ]);
});

test.each([
  [253, "Unable to locate credentials. You can configure credentials by running aws login", "the AWS CLI finds no credentials"],
  [
    254,
    "An error occurred (ExpiredToken) when calling an operation: The security token is expired",
    "AWS refuses the credentials",
  ],
  [254, "An error occurred (AccessDenied) when calling an operation: no", "the credentials lack a right"],
  [252, "Unknown options: --no-cli-pager", "the gate needs version 2 of the AWS CLI, and finds version 1"],
])("what asking again would not help is told at once: %s %s", async (code, error, said) => {
  cli.answer = () => ({ code, error });
  const { lines } = await cli.gate();
  expect(lines[0]).toBe(`web: ${said}, asked for describe-auto-scaling-groups: ${error}`);
  expect(cli.calls).toHaveLength(2);
});

test("without the AWS CLI it says what it needs", async () => {
  const { code, lines } = await cli.gate({ PATH: "/nowhere" });
  expect(code).toBe(1);
  expect(lines[0]).toBe("web: there is no command aws; the gate needs the AWS CLI, version 2, where you deploy");
});

// Terraform that is killed tells nobody. A gate that went on would let the next deploy's gate wait beside it.
test("it ends soon after the Terraform that started it", async () => {
  cli.answer = looks([{}]);
  const script = `require("node:child_process").spawn(process.execPath, [${JSON.stringify(GATE)}, "serve"], { stdio: "inherit" });`;
  const parent = spawn(process.execPath, ["-e", script], { env: cli.environment({ LIMIT_SECONDS: "60" }) });
  let text = "";
  parent.stderr.on("data", (part) => (text += String(part)));
  const closed = new Promise((done) => parent.on("close", done));
  while (cli.calls.length === 0) await new Promise((done) => setTimeout(done, 50));
  parent.kill("SIGKILL");
  // It closes with its last child.
  await closed;
  expect(text).toBe("web: Terraform has ended, and so does the gate\n");
});
