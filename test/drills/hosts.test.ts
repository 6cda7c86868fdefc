// What drills read in the inventory of a deployed site: the one that inventory.test.ts has had Terraform write.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { doesOnly, hostsOf, namesOf } from "../../drills/hosts";
import { slots } from "../../drills/hung";
import { newGeneration, renewalOf } from "../../drills/page";
import { copies, watchers } from "../../drills/sentinels";
import { threads } from "../../drills/sidekiq";
import { Inventory } from "../../lib/core/inventory";

const [, recorded] = /: inventory 1`\] = `\n"(.*)"\n`;$/ms.exec(
  readFileSync(join(__dirname, "__snapshots__/inventory.test.ts.snap"), "utf8"),
)!;
const INVENTORY = JSON.parse(recorded!) as Inventory;

const machine = (name: string, pool = "-") => ({ name, pool, address: "10.20.0.1", state: "running" });

function rolesOf(...machines: readonly ReturnType<typeof machine>[]) {
  return Object.fromEntries(hostsOf(INVENTORY, machines).map(({ name, roles }) => [name, [...roles].sort().join(" ")]));
}

test("what a machine does comes from its tier, also for members that came after the deploy, and for machines that are off", () => {
  const machines = [
    machine("database-2"),
    machine("pool-1"),
    machine("redis-1"),
    machine("front-door"),
    machine("web-1-ffffff", "web"),
    machine("streaming-1-a1b2c3", "streaming"),
    { ...machine("work-1-a1b2c3", "work"), state: "stopped" },
    machine("scheduler-1-a1b2c3", "scheduler"),
  ];
  expect(rolesOf(...machines)).toEqual({
    "database-2": "postgres",
    "pool-1": "pgbouncer",
    "redis-1": "etcd redis",
    "front-door": "front-door",
    "web-1-ffffff": "web",
    "streaming-1-a1b2c3": "streaming",
    "work-1-a1b2c3": "sidekiq",
    "scheduler-1-a1b2c3": "scheduler sidekiq",
  });
  // Made by a deploy that has not ended.
  expect(rolesOf(machine("database-3"), machine("other-1-a1b2c3", "other"))).toEqual({ "database-3": "", "other-1-a1b2c3": "" });
});

test("a machine of Redis with a member of etcd may be away like one of Redis alone, and a scheduler's may not", () => {
  const [redis, scheduler] = hostsOf(INVENTORY, [machine("redis-1"), machine("scheduler-1-a1b2c3", "scheduler")]);
  expect([doesOnly(redis!, "redis"), doesOnly(redis!, "postgres"), doesOnly(scheduler!, "sidekiq")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("the names that browsers and accounts have", () => {
  expect(namesOf(INVENTORY)).toEqual({
    domain: "social.example",
    host: "www.social.example",
    streaming: "streaming.www.social.example",
  });
  const beside = INVENTORY.pools.map((pool) => ({
    ...pool,
    units: pool.units.map((unit) => ({ ...unit, facts: { ...unit.facts, streaming: [] } })),
  }));
  expect(namesOf({ ...INVENTORY, pools: beside }).streaming).toBe("www.social.example");
});

test("who watches each Redis, and how many machines hold it", () => {
  const sentinels = "redis-1:26379 redis-2:26379 redis-3:26379";
  expect(watchers(INVENTORY, "")).toEqual({ name: "redis", sentinels });
  expect(watchers(INVENTORY, "SIDEKIQ_")).toEqual({ name: "jobs", sentinels });
  expect(watchers(INVENTORY, "CACHE_")).toEqual({ name: "", sentinels: "" });
  const without = (what: string) => ({
    ...INVENTORY,
    machines: INVENTORY.machines.map((one) => ({ ...one, units: one.units.filter(({ facts }) => facts["use"] !== what) })),
  });
  expect(watchers(without("cache"), "CACHE_")).toEqual({ name: "redis", sentinels });
  expect(watchers(without("main"), "")).toEqual({ name: "", sentinels: "" });
  expect([copies(INVENTORY, "redis"), copies(INVENTORY, "jobs"), copies(INVENTORY, "cache")]).toEqual([3, 2, 1]);
});

test("how much a machine has in hand at once", () => {
  const [web, work, scheduler] = hostsOf(INVENTORY, [machine("a", "web"), machine("b", "work"), machine("c", "scheduler")]);
  expect([slots(web!), threads(work!), threads(scheduler!), threads(web!)]).toEqual([10, 18, 5, 0]);
});

test("what renews a kept machine, and no other", () => {
  const { renew } = INVENTORY.machines.find(({ name }) => name === "pool-1")!;
  expect(renew).toMatch(/^terraform_data\.Social_Pool_1_Machine_[0-9A-F]{8}$/);
  expect(renewalOf(INVENTORY, "pool-1")).toBe(renew);
  expect(() => renewalOf(INVENTORY, "web-1-a1b2c3")).toThrow(
    "the inventory has no kept machine web-1-a1b2c3 that can be renewed",
  );
});

test("a roll-out asks for another generation, of all pools or of some, whatever the page's own context says", () => {
  const all = "cdktf-mastodon:generation";
  expect(newGeneration({}, "now", [])).toEqual({ [all]: "now" });
  expect(newGeneration({ other: 1, [`${all}:web`]: "2" }, "now", [])).toEqual({ other: 1, [all]: "now", [`${all}:web`]: "now" });
  expect(newGeneration({ other: 1, [all]: "1", [`${all}:web`]: "2" }, "now", ["work"])).toEqual({
    other: 1,
    [all]: "1",
    [`${all}:web`]: "2",
    [`${all}:work`]: "now",
  });
});
