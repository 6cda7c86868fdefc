import { spawnSync } from "node:child_process";
import { App, TerraformStack, Testing } from "cdktf";
import { parse } from "yaml";
import { Pool, Redis, RedisProps, Site, Size } from "../../lib";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud } from "../../lib/testing";
import { expectGolden } from "../golden";

function page(props: RedisProps = { replicas: 2 }) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const redis = new Redis(site, "Redis", props);
  const range = site.range(site, "web", "web");
  const web = new Pool(site, "Web", { name: "web", role: "web", range, machines: 1, size: Size.of({ cpus: 1, gib: 1 }) });
  return { stack, site, redis, web };
}

const texts = (redis: Redis) => Object.fromEntries(redis.home.map((machine) => [machine.name, readableText(machine.bootText())]));

test("boot texts of three machines with three uses and their sentinels", () => {
  const { site, redis } = page();
  new Redis(site, "Cache", { use: "cache", on: redis });
  new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 });
  for (const [name, text] of Object.entries(texts(redis))) expectGolden(`redis/${name}.txt`, text);
});

test("every script in them is clean bash", () => {
  const config = parse(page().redis.home[0]!.bootText().replace("#cloud-config\n", ""));
  for (const file of config.write_files.filter((entry: { permissions: string }) => entry.permissions === "0755")) {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: file.content, encoding: "utf8" });
    expect({ path: file.path, status, stderr }).toEqual({ path: file.path, status: 0, stderr: "" });
  }
});

test("whoever reaches a watched Redis learns the sentinels, and is let in wherever the master may move", () => {
  const { redis, web } = page();
  const { password, sentinel, ...facts } = redis.reachedBy(web, "feeds");
  expect(facts).toEqual({ use: "main", port: 6379, host: "redis-1" });
  expect({ ...sentinel, password: undefined }).toEqual({
    master: "redis",
    hosts: ["redis-1", "redis-2", "redis-3"],
    port: 26379,
  });
  expect(readableText(String(password))).toBe("<secret redis_password>");
  for (const machine of redis.machines) {
    expect(machine.openings.filter((flow) => flow.from === "web").map((flow) => flow.port)).toEqual([6379, 26379]);
  }
});

test("one more replica changes no machine that is there, nor those who ask", () => {
  const [two, three] = [page({ replicas: 2 }), page({ replicas: 3 })];
  for (const { redis, web } of [two, three]) redis.reachedBy(web, "feeds");
  const { "redis-4": fourth, ...others } = texts(three.redis);
  expect(fourth).toContain('sentinels="redis-1 redis-2 redis-3"');
  expect(others).toEqual(texts(two.redis));
  expect(three.web.bootText()).toBe(two.web.bootText());
});

test.each<[RedisProps, RegExp]>([
  [{ replicas: 1 }, /replicas is 1, which leaves 2 machines for sentinels/],
  [{ replicas: 2, downAfterSeconds: 0 }, /downAfterSeconds is 0/],
  [{ maxMemoryMib: 1 }, /maxMemoryMib is 1/],
])("%j is refused", (props, why) => {
  expect(() => Testing.synth(page(props).stack, true)).toThrow(why);
});

test("two instances for one use, or more replicas than machines, are refused on shared machines", () => {
  const { stack, site, redis } = page();
  new Redis(site, "Again", { use: "main", on: redis });
  new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 3 });
  expect(() => Testing.synth(stack, true)).toThrow(/Again: its machines run a Redis for main already/);
  expect(site.problems.all()).toContainEqual(expect.stringContaining("Jobs: replicas is 3 on 3 machines / use at most 2"));
});

test("what its machines already have cannot be given again", () => {
  const { stack, site, redis } = page();
  new Redis(site, "Jobs", { use: "sidekiq", on: redis, size: Size.of({ cpus: 1, gib: 4 }), slot: 3 });
  expect(() => Testing.synth(stack, true)).toThrow(
    /Jobs: size, slot is given, but it shares the machines of stack\/Social\/Redis/,
  );
});

test("a cache evicts and keeps nothing; jobs are durable and never evicted", () => {
  const cache = readableText(page({ use: "cache" }).redis.home[0]!.bootText());
  expect(cache).toMatch(/appendonly no\n[^]*maxmemory-policy allkeys-lru\n/);
  const jobs = readableText(page({ use: "sidekiq" }).redis.home[0]!.bootText());
  expect(jobs).toMatch(/appendonly yes\n[^]*maxmemory-policy noeviction\n/);
});

test("the memory limit follows the machine that an instance lives on", () => {
  const { site, redis } = page({ size: Size.of({ cpus: 2, gib: 8 }) });
  new Redis(site, "Jobs", { use: "sidekiq", on: redis });
  expect([...readableText(redis.home[0]!.bootText()).matchAll(/maxmemory (\d+)mb/g)].map((match) => match[1])).toEqual([
    "4096",
    "1024",
  ]);
});
