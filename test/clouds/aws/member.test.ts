import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MemberHost, UNITS } from "./member-host";

jest.setTimeout(60_000);

let host: MemberHost;
beforeEach(() => void (host = new MemberHost()));
afterEach(() => host.stop());

const completes = (hook: string, result: string) =>
  "autoscaling complete-lifecycle-action --auto-scaling-group-name social-web-bbbbbb " +
  `--lifecycle-hook-name ${hook} --lifecycle-action-result ${result} …`;
const LAUNCHED = completes("launch", "CONTINUE");
const UNHEALTHY = "autoscaling set-instance-health --health-status Unhealthy …";
/** systemd ends everything of the boot text in one transaction, so in its own order. */
const STOPPED = "systemctl stop mastodon-web.service mastodon-sidekiq@1.service mastodon-watchdog.service";

test("it completes the launch hook once it serves, and once only", async () => {
  host.start();
  await host.looks();
  expect(host.calls).toEqual([]);
  host.set("ready");
  await host.until(() => host.has("served"));
  await host.looks();
  expect(host.calls).toEqual([LAUNCHED]);
  expect(host.lines).toEqual(["this member serves"]);
});

test("a refused call is made again, and a hook that has ended is left", async () => {
  host.set("ready");
  host.refuse("complete-lifecycle-action");
  host.start();
  await host.until(() => host.calls.length > 2);
  expect(host.has("served")).toBe(false);
  expect(host.lines[0]).toBe(
    "AWS did not take complete-lifecycle-action: An error occurred (ThrottlingException) when calling an operation: Rate exceeded",
  );
  host.refuse(
    "complete-lifecycle-action",
    "An error occurred (ValidationError): No active Lifecycle Action found with instance ID i-1",
  );
  await host.until(() => host.has("served"));
});

test("a machine that boots again says nothing of its launch", async () => {
  host.set("served");
  host.set("ready");
  host.start();
  await host.looks();
  expect(host.calls).toEqual([]);
});

test("a member that AWS ends: connections first, then what the boot text has installed, then the hook, which may begin late", async () => {
  host.set("served");
  host.set("ready");
  host.set("visitors", "0 0 10.20.64.5:80 10.20.0.9:4242\n");
  host.start();
  await host.looks();
  host.refuse("--lifecycle-hook-name terminate", "An error occurred (ValidationError): No active Lifecycle Action found");
  host.set("imds/autoscaling/target-lifecycle-state", "Terminated");
  await host.until(() => host.lines.includes("AWS ends this member: what runs here ends first"));
  expect(host.calls).toEqual([]);
  // The machine's own connections to itself are no visitors.
  host.set("visitors", "0 0 127.0.0.1:80 127.0.0.1:4242\n0 0 [::1]:80 [::1]:4243\n");
  await host.until(() => host.calls.length > 3);
  expect(host.ended).toBeUndefined();
  host.unset("refuse");
  await host.until(() => host.ended !== undefined);
  // systemd starts it again after a failure only.
  expect(host.ended).toBe(0);
  expect(host.calls[0]).toBe(STOPPED);
  expect(new Set(host.calls.slice(1))).toEqual(new Set([completes("terminate", "CONTINUE")]));
});

test("connections that do not end are waited for as long as the load balancer leaves them", async () => {
  host.set("served");
  host.set("visitors", "0 0 10.20.64.5:80 10.20.0.9:4242\n");
  host.set("imds/autoscaling/target-lifecycle-state", "Terminated");
  host.start();
  await host.until(() => host.ended === 0);
  expect(host.calls).toEqual([STOPPED, completes("terminate", "CONTINUE")]);
});

test("a member without a connection leaves after ten seconds: the load balancer may send requests for a moment", async () => {
  host.set("served");
  host.set("imds/autoscaling/target-lifecycle-state", "Terminated");
  host.start();
  await host.until(() => host.calls.includes(STOPPED));
  expect(readFileSync(join(host.folder, "sleeps"), "utf8").match(/^1$/gm)).toHaveLength(10);
});

test("spare capacity that AWS takes back: jobs have their time before", async () => {
  host.set("served");
  host.set("imds/spot/instance-action", '{"action":"terminate","time":"2026-01-01T00:02:00Z"}');
  host.start();
  await host.until(() => host.calls.includes(STOPPED));
  expect(host.lines[0]).toBe("AWS takes this capacity back: what runs here ends first");
});

test("a member that AWS ends before it has served gives up its launch, so that nobody waits for it", async () => {
  host.set("imds/autoscaling/target-lifecycle-state", "Terminated");
  host.start();
  await host.until(() => host.ended === 0);
  expect(host.calls).toEqual([completes("launch", "ABANDON"), STOPPED, completes("terminate", "CONTINUE")]);
});

describe("a member that does not serve any more", () => {
  /** Ten minutes and more, looked at as it goes. */
  async function passes(minutes = 12): Promise<void> {
    for (let minute = 1; minute <= minutes; minute++) await host.looksAt(100 + minute * 60);
  }

  beforeEach(async () => {
    host.set("served");
    host.start();
    // It has seen the time.
    await host.looks();
  });

  test.each([
    ["processes that hang again and again", () => host.set("kills", "3"), "processes that stood still were killed 3 times"],
    [
      "a service that systemd has given up",
      () => host.units([...UNITS.slice(1), UNITS[0]!.replace(" active ", " failed ")]),
      "systemd has given up mastodon-web.service",
    ],
  ])("is replaced for %s", async (_, fails, why) => {
    fails();
    await passes();
    await host.until(() => host.calls.includes(UNHEALTHY));
    expect(new Set(host.calls)).toEqual(new Set([UNHEALTHY]));
    expect(host.lines[0]).toBe(`this member does not serve, and ${why}: AWS replaces it`);
  });

  test("is left alone for ten minutes", async () => {
    host.set("kills", "9");
    await passes(9);
    await host.looks();
    expect(host.calls).toEqual([]);
    // Of no longer time than that the journal is asked.
    await host.looksAt(100 + 10 * 60);
    await host.looksAt(100 + 11 * 60);
    await host.until(() => host.calls.includes(UNHEALTHY));
    expect(host.read("journal-calls").split("\n")[0]).toBe("-q -o cat -u mastodon-watchdog.service --since -600s");
  });

  test.each([
    ["it waits for PostgreSQL or Redis, or is busy: nothing stands still here", () => undefined],
    ["the watchdog has helped", () => host.set("kills", "2")],
    ["a task of the database has failed, or a service of Debian's", () => host.units(UNITS)],
  ])("is not replaced when %s", async (_, fails) => {
    fails();
    await passes();
    await host.looks();
    expect(host.calls).toEqual([]);
  });

  test("is not replaced when it serves once in between, however often processes were killed", async () => {
    host.set("kills", "9");
    await passes(8);
    host.set("ready");
    await host.looksAt(100 + 9 * 60);
    host.unset("ready");
    for (let minute = 10; minute < 18; minute++) await host.looksAt(100 + minute * 60);
    await host.looks();
    expect(host.calls).toEqual([]);
  });

  test("is not replaced right after the machine itself has stood still", async () => {
    host.set("kills", "9");
    await host.looksAt(100 + 60);
    await host.looksAt(100 + 3600);
    await host.looks();
    expect(host.calls).toEqual([]);
  });
});
