// What Terraform cannot ask AWS itself, run by Node from the stack: `node gate.mjs serve` gives a new scaling group the size that scaling had reached,
// and waits until all its members serve. Settings come as environment variables; it asks by the AWS CLI, which finds credentials as Terraform does.

import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { Fatal, run, until } = await import(pathToFileURL(resolve(process.env.WAITING)).href);
const { GROUP, POOL, REGION, TAGS } = process.env;

/** The longest that one call may take, with the CLI's own attempts. */
const CALL_MS = 60_000;

/** Asking again would not help. */
const REFUSED = [
  [/unknown options?: --no-cli-pager/i, "the gate needs version 2 of the AWS CLI, and finds version 1"],
  [/unable to locate credentials|no credentials|config profile .* could not be found/i, "the AWS CLI finds no credentials"],
  [/expired|InvalidClientTokenId|UnrecognizedClientException|AuthFailure|SignatureDoesNotMatch/i, "AWS refuses the credentials"],
  [/AccessDenied|UnauthorizedOperation|not authorized/i, "the credentials lack a right"],
];

/** What a command of the AWS CLI answers. */
async function ask(service, command, ...more) {
  const words = [service, command, ...more, "--region", REGION, "--output", "json", "--no-cli-pager"];
  const child = spawn("aws", words, { stdio: ["ignore", "pipe", "pipe"] });
  const limit = setTimeout(() => child.kill(), CALL_MS);
  const [out, err] = [[], []];
  child.stdout.on("data", (part) => out.push(part));
  child.stderr.on("data", (part) => err.push(part));
  const code = await new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", done);
  })
    .catch((error) => {
      if (error.code !== "ENOENT") throw error;
      throw new Fatal("there is no command aws; the gate needs the AWS CLI, version 2, where you deploy");
    })
    .finally(() => clearTimeout(limit));
  if (code === 0) return JSON.parse(Buffer.concat(out).toString() || "{}");
  const said = Buffer.concat(err)
    .toString()
    .trim()
    .split(/\s*\n\s*/)
    .join(" ");
  const [, refusal] = REFUSED.find(([pattern]) => pattern.test(said)) ?? [];
  if (refusal !== undefined) throw new Fatal(`${refusal}, asked for ${command}: ${said}`);
  throw new Error(`AWS does not answer ${command}: ${said || `aws ended with ${code}`}`);
}

const groups = async (...which) => (await ask("autoscaling", "describe-auto-scaling-groups", ...which)).AutoScalingGroups;

/** The groups of other generations of the pool that are not being deleted. */
async function others() {
  const filters = TAGS.split(" ").map((tag) => ({ Name: `tag:${tag.split("=")[0]}`, Values: [tag.split("=")[1]] }));
  const all = await groups("--filters", JSON.stringify(filters));
  return all.filter(({ AutoScalingGroupName, Status }) => AutoScalingGroupName !== GROUP && Status === undefined);
}

/** The members of other generations that serve, for the last words of a gate that fails. */
const served = async () => (await others()).flatMap(({ Instances }) => Instances.filter(inService));

const inService = ({ LifecycleState, HealthStatus }) => LifecycleState === "InService" && HealthStatus === "Healthy";

/** The new group begins with as many members as the largest of those before it: what scaling has reached is needed now. */
async function raise({ MaxSize, DesiredCapacity }) {
  const before = (await others()).map((group) => group.DesiredCapacity);
  const size = Math.min(MaxSize, Math.max(DesiredCapacity, ...before));
  if (size <= DesiredCapacity) return DesiredCapacity;
  console.log(`${POOL}: the new group gets ${size} members, as many as the one before has`);
  await ask("autoscaling", "set-desired-capacity", "--auto-scaling-group-name", GROUP, "--desired-capacity", String(size));
  return size;
}

/** What one target group says of instances, by their ids, if it does not find them healthy. */
async function unhealthy(arn, ids) {
  const { TargetHealthDescriptions } = await ask("elbv2", "describe-target-health", "--target-group-arn", arn);
  const found = new Map(TargetHealthDescriptions.map(({ Target, TargetHealth }) => [Target.Id, TargetHealth]));
  return ids.flatMap((id) => {
    const { State = "not registered", Reason } = found.get(id) ?? {};
    return State === "healthy" ? [] : [[id, `${State} at the load balancer${Reason ? ` (${Reason})` : ""}`]];
  });
}

/** The last launch that AWS gave up since the gate began, in AWS' own words. */
async function failure(since) {
  const named = ["--auto-scaling-group-name", GROUP, "--max-items", "10"];
  const { Activities } = await ask("autoscaling", "describe-scaling-activities", ...named);
  const failed = Activities.find(
    ({ StatusCode, StartTime }) => ["Failed", "Cancelled"].includes(StatusCode) && Date.parse(StartTime) >= since,
  );
  return failed && (failed.StatusMessage ?? failed.Description);
}

async function serve() {
  const targets = process.env.TARGETS.split(" ").filter((arn) => arn !== "");
  // AWS' clock may be another one.
  const since = Date.now() - 120_000;
  let seen = false;
  let size;
  await until(POOL, async () => {
    const [group] = await groups("--auto-scaling-group-names", GROUP);
    if (group === undefined && seen) throw new Fatal(`the scaling group ${GROUP} is gone`);
    if (group === undefined) return "AWS does not know the scaling group yet";
    seen = true;
    // Scaling may want fewer meanwhile.
    const wanted =
      size === undefined ? (size = await raise(group)) : Math.max(group.MinSize, Math.min(size, group.DesiredCapacity));
    const serving = group.Instances.filter(inService).map(({ InstanceId }) => InstanceId);
    const waiting = new Map(
      group.Instances.filter((one) => !inService(one)).map((one) => [
        one.InstanceId,
        one.HealthStatus === "Healthy" ? one.LifecycleState : `${one.LifecycleState} and ${one.HealthStatus}`,
      ]),
    );
    for (const arn of targets) for (const [id, why] of await unhealthy(arn, serving)) waiting.set(id, why);
    const ready = serving.filter((id) => !waiting.has(id)).length;
    if (ready >= wanted) return undefined;
    const failed = await failure(since);
    return [
      `${ready} of ${wanted} serve`,
      ...[...waiting].sort().map(([id, why]) => `${id} is ${why}`),
      ...(failed === undefined ? [] : [`AWS gave up a launch: ${failed}`]),
    ].join("; ");
  });
}

await run({ serve }, "member", served);
