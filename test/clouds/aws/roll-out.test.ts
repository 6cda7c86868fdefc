// What goes wrong in the life of a pool at AWS, carried out by the real Terraform over built-in resources.

import { TerraformStack, Testing } from "cdktf";
import { Pool } from "../../../lib";
import { BuiltIn } from "./built-in";
import { page, pool, size } from "./page";

// Terraform starts several times in each.
jest.setTimeout(300_000);

let small: BuiltIn;
beforeEach(() => void (small = new BuiltIn()));
afterEach(() => small.remove());

interface Page {
  readonly name?: string;
  readonly web?: number;
  /** What makes a new boot text. */
  readonly text?: string;
  readonly readySeconds?: number;
  readonly roll?: "start-first" | "stop-first";
  /** The most members, if they scale. */
  readonly most?: number;
}

function site({ name = "web", web = 2, text = "one", readySeconds = 1200, roll = "start-first", most }: Page): TerraformStack {
  const { stack, site: made } = page({ readySeconds });
  const range = made.range(made, "web", name);
  const members = new Pool(made, name, {
    name,
    role: "web",
    range,
    machines: web,
    scale: most === undefined ? undefined : { most },
    size,
    roll,
  });
  members.program.add({ kind: "file", path: "/etc/probe", content: text });
  made.frontDoor.route("social.example", members, { port: 80, path: "/health", status: 200 });
  return stack;
}

const done = { status: 0 };
const groups = () => small.all("aws_autoscaling_group");
const ids = () => groups().map(({ id }) => id);
const asked = () => small.log().map((line) => line.split(" ").slice(0, 2).join(" "));

test("a failed roll-out, then the same page, a smaller and a larger one: the group that serves stays until the new one serves", () => {
  expect(small.apply(site({ web: 4 }))).toMatchObject(done);
  const [serving] = groups();
  small.set("sick", true);
  expect(small.apply(site({ web: 4, text: "two" })).status).toBe(1);
  asked();
  for (const web of [4, 2, 6]) {
    expect(small.apply(site({ web, text: "two" })).status).toBe(1);
    expect(asked()).toEqual(["serve web"]);
    expect(groups()).toHaveLength(2);
    expect(groups()).toContainEqual({ ...serving, deposed: true });
    const [next] = groups().filter(({ deposed }) => !deposed);
    expect(next!.input).toMatchObject({ min_size: web, max_size: web, desired_capacity: web });
  }
  small.set("sick", false);
  expect(small.apply(site({ web: 2, text: "two" }))).toMatchObject(done);
  expect(groups()).toMatchObject([{ deposed: false, input: { desired_capacity: 2 } }]);
  expect(small.all("aws_launch_template")).toHaveLength(1);
  expect(small.plan(site({ web: 2, text: "two" })).said).toContain("No changes");
});

test("after a failed roll-out a third text, and the first one again, leave the group that serves alone as well", () => {
  expect(small.apply(site({}))).toMatchObject(done);
  const [serving] = groups();
  small.set("sick", true);
  for (const text of ["two", "three", "one"]) {
    expect(small.apply(site({ text })).status).toBe(1);
    expect(groups()).toContainEqual({ ...serving, deposed: true });
  }
  small.set("sick", false);
  expect(small.apply(site({ text: "one" }))).toMatchObject(done);
  expect(ids()).not.toContain(serving!.id);
  expect(groups()).toHaveLength(1);
});

test("a group whose creation breaks off takes the one that serves nowhere, and the next apply makes another", () => {
  expect(small.apply(site({}))).toMatchObject(done);
  const [serving] = groups();
  small.set("refuse", true);
  for (const web of [2, 1]) {
    expect(small.apply(site({ web, text: "two" })).status).toBe(1);
    expect(groups()).toContainEqual({ ...serving, deposed: true });
  }
  small.set("refuse", false);
  small.set("sick", true);
  expect(small.apply(site({ text: "two" })).status).toBe(1);
  expect(groups()).toContainEqual({ ...serving, deposed: true });
  small.set("sick", false);
  expect(small.apply(site({ text: "two" }))).toMatchObject(done);
  expect(groups()).toHaveLength(1);
  expect(ids()).not.toContain(serving!.id);
});

test("another number of members changes the group in place, and the deploy waits for them", () => {
  expect(small.apply(site({ web: 2 }))).toMatchObject(done);
  const [before] = groups();
  asked();
  expect(small.apply(site({ web: 5 }))).toMatchObject(done);
  expect(groups()).toEqual([{ ...before, input: { ...before!.input, min_size: 5, max_size: 5, desired_capacity: 5 } }]);
  expect(asked()).toEqual(["serve web"]);
});

test("another time to be ready changes no member", () => {
  expect(small.apply(site({}))).toMatchObject(done);
  const before = groups();
  expect(small.apply(site({ readySeconds: 600 }))).toMatchObject(done);
  expect(groups()).toEqual(before);
});

test("a new generation by the inventory's -replace option", () => {
  expect(small.apply(site({}))).toMatchObject(done);
  const before = ids();
  const [renewal] = /terraform_data\.Social_web_PoolRenewal\w*/.exec(Testing.synth(site({})))!;
  expect(small.apply(site({}), `-replace=${renewal}`)).toMatchObject(done);
  expect(ids()).toHaveLength(1);
  expect(ids()).not.toEqual(before);
});

test("a pool that scales: the group that serves goes on scaling until the new one serves, and other limits change it in place", () => {
  const policies = () => small.all("aws_autoscaling_policy").map(({ id }) => id);
  expect(small.apply(site({ most: 4 }))).toMatchObject(done);
  const [policy] = policies();
  const [serving] = groups();
  expect(small.apply(site({ most: 6 }))).toMatchObject(done);
  expect(groups()).toEqual([{ ...serving, input: { ...serving!.input, max_size: 6 } }]);
  expect(policies()).toEqual([policy]);
  small.set("sick", true);
  for (const most of [6, 3]) {
    expect(small.apply(site({ most, text: "two" })).status).toBe(1);
    expect(policies()).toContain(policy);
    expect(ids()).toContain(serving!.id);
  }
  small.set("sick", false);
  expect(small.apply(site({ most: 3, text: "two" }))).toMatchObject(done);
  expect(policies()).toHaveLength(1);
  expect(policies()).not.toContain(policy);
});

test("stop-first: the old group has gone before the new one is made", () => {
  expect(small.apply(site({ roll: "stop-first" }))).toMatchObject(done);
  const { status, lines } = small.apply(site({ roll: "stop-first", text: "two" }));
  expect(status).toBe(0);
  const at = (pattern: RegExp) => lines.search(pattern);
  expect(at(/aws_autoscaling_group__\S+: Destruction complete/)).toBeGreaterThan(0);
  expect(at(/aws_autoscaling_group__\S+: Creating/)).toBeGreaterThan(at(/aws_autoscaling_group__\S+: Destruction complete/));
});

test("a renamed pool: the group with the old name stays until the new one serves, however often that fails", () => {
  expect(small.apply(site({}))).toMatchObject(done);
  const [serving] = groups();
  small.set("sick", true);
  for (const web of [2, 1]) {
    asked();
    expect(small.apply(site({ name: "front", web })).status).toBe(1);
    expect(ids()).toContain(serving!.id);
    expect(asked()).toEqual(["serve front"]);
  }
  small.set("sick", false);
  const { status, lines } = small.apply(site({ name: "front" }));
  expect(status).toBe(0);
  const at = (pattern: RegExp) => lines.split("\n").findIndex((line) => pattern.test(line));
  expect(at(/Served-web_\w+|Served-web: /)).toBeGreaterThan(0);
  expect(at(/aws_autoscaling_group__Social_web_\S+: Destroying/)).toBeGreaterThan(at(/front_PoolSettled: Creation complete/));
  expect(groups()).toHaveLength(1);
  expect(ids()).not.toContain(serving!.id);
});

test("a removed pool goes once the others of its role serve", () => {
  const two = (more: boolean, text: string) => {
    const { stack, site: made } = page();
    pool(made, "jobs").program.add({ kind: "file", path: "/etc/probe", content: text });
    if (more) pool(made, "more");
    return stack;
  };
  expect(small.apply(two(true, "one"))).toMatchObject(done);
  small.set("sick", true);
  expect(small.apply(two(false, "two")).status).toBe(1);
  expect(groups()).toHaveLength(3);
  small.set("sick", false);
  expect(small.apply(two(false, "two"))).toMatchObject(done);
  expect(groups()).toHaveLength(1);
});
