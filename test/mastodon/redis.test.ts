import { spawnSync } from "node:child_process";
import { App, TerraformStack, Testing } from "cdktf";
import { parse } from "yaml";
import { Pool, Redis, RedisProps, Site, Size } from "../../lib";
import { textOf } from "../../lib/core/program";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud } from "../../lib/testing";
import { callerName } from "../../lib/core/flow";

function page(props: RedisProps = { replicas: 2 }) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const redis = new Redis(site, "Redis", props);
  const range = site.range(site, "web", "web");
  const web = new Pool(site, "Web", { name: "web", role: "web", range, machines: 1, size: Size.of({ cpus: 1, gib: 1 }) });
  return { stack, site, redis, web };
}

const texts = (redis: Redis) => Object.fromEntries(redis.home.map((machine) => [machine.name, readableText(machine.bootText())]));

test("every script in them is clean bash", () => {
  const config = parse(page().redis.home[0]!.bootText().replace("#cloud-config\n", ""));
  for (const file of config.write_files.filter((entry: { permissions: string }) => entry.permissions === "0755")) {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: file.content, encoding: "utf8" });
    expect({ path: file.path, status, stderr }).toEqual({ path: file.path, status: 0, stderr: "" });
  }
});

test("whoever reaches a watched Redis finds it on his own machine, and is let in wherever the master may move", () => {
  const { redis, web } = page();
  const { password, ...facts } = redis.reachedBy(web, "feeds");
  expect(facts).toEqual({ use: "main", port: 6379, host: "127.0.0.1" });
  expect(readableText(String(password))).toBe("<secret redis_password>");
  for (const machine of redis.machines) {
    expect(machine.openings.filter(({ from }) => callerName(from) === "web").map((flow) => flow.port)).toEqual([6379, 26379]);
    expect(web.bootText()).toContain(`${machine.address} ${machine.name}\n`);
  }
});

test("by sentinels he learns these, and has no HAProxy", () => {
  const { redis, web } = page({ replicas: 2, found: "sentinels" });
  const { password, sentinel, ...facts } = redis.reachedBy(web, "feeds");
  expect(facts).toEqual({ use: "main", port: 6379, host: "redis-1" });
  expect({ ...sentinel, password: undefined }).toEqual({
    master: "redis",
    servers: ["redis-1", "redis-2", "redis-3"].map((host) => ({ host, port: 26379 })),
  });
  expect(readableText(String(password))).toBe("<secret redis_password>");
  for (const machine of redis.machines) {
    expect(machine.openings.filter(({ from }) => callerName(from) === "web").map((flow) => flow.port)).toEqual([6379, 26379]);
  }
  expect(web.program.packages).not.toContain("haproxy");
});

test("of single machines, only a cache has a way that refuses at once", () => {
  const { site, redis, web } = page({});
  expect(redis.reachedBy(web, "feeds").host).toBe("redis-1");
  expect(web.program.packages).not.toContain("haproxy");
  expect(new Redis(site, "Cache", { use: "cache" }).reachedBy(web, "pages").host).toBe("127.0.0.1");
  expect(new Redis(site, "Old", { use: "cache", found: "sentinels", slot: 9 }).reachedBy(web, "pages").host).toBe("old-1");
  expect(proxyOf(web)).toContain("server cache-1 cache-1:6380\n");
  expect(proxyOf(web)).not.toContain("SENTINEL");
});

/** HAProxy's configuration on a host, as the host writes it out. */
function proxyOf(web: Pool): string {
  const file = (path: string) => {
    const step = web.program.steps.find((one) => one.kind === "file" && one.path === path);
    if (step?.kind !== "file") throw new Error(`there is no ${path}`);
    return { mode: step.mode, text: readableText(textOf(step.content)).replaceAll(/<secret (.*?)>/g, "secret:$1") };
  };
  const { mode, text } = file("/etc/haproxy/haproxy.cfg");
  expect(mode).toBe("0600");
  const names = `getent() { echo "10.0.0.\${2##*-} STREAM $2"; }\n`;
  const script = file("/usr/local/sbin/redis-front").text.replace("set -euo pipefail\n", `$&${names}`);
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { input: text, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  // Run again, it changes nothing.
  expect(spawnSync("bash", ["-c", script], { input: stdout, encoding: "utf8" }).stdout).toBe(stdout);
  return stdout;
}

test("HAProxy follows whom two of the three sentinels name, among the machines that call themselves master", () => {
  const { redis, web } = page();
  redis.reachedBy(web, "feeds");
  const config = proxyOf(web);
  expect(config).toMatchSnapshot("haproxy");
  for (const n of [1, 2, 3]) {
    expect(config).toContain(`{ path /most/redis-${n} } { nbsrv(redis-redis-is-redis-${n}) ge 2 }\n`);
    const asked = new RegExp(
      `backend redis-redis-is-redis-${n}\n[^]*?10\\.0\\.0\\.${n}\\\\r\\\\n"\n[^]*?(?:  server redis-\\d .*:26379\n){3}`,
    );
    expect(config).toMatch(asked);
  }
});

test("one more replica changes only how many copies a master must have, and nothing for those who ask", () => {
  const [two, three] = [page({ replicas: 2 }), page({ replicas: 3 })];
  for (const { redis, web } of [two, three]) redis.reachedBy(web, "feeds");
  const { "redis-4": fourth, ...others } = texts(three.redis);
  // Nobody else knows it, so it is never promoted.
  expect(fourth).toContain('sentinels="redis-1 redis-2 redis-3"\n      further=yes\n');
  const before = Object.entries(texts(two.redis)).map(([name, text]) => [
    name,
    text.replace("min-replicas-to-write 1\n", "min-replicas-to-write 2\n"),
  ]);
  expect(others).toEqual(Object.fromEntries(before));
  expect(readableText(three.web.bootText())).toBe(readableText(two.web.bootText()));
});

// Two elections at the same moment share a number, and the first of them then takes a second longer.
test("sentinels give up the masters of a machine one after the other, the main one first", () => {
  const { redis } = page({ replicas: 2 });
  const site = Site.of(redis);
  for (const [name, use] of [
    ["Cache", "cache"],
    ["Jobs", "sidekiq"],
  ] as const)
    new Redis(site, name, { use, on: redis, replicas: 2 });
  const times = readableText(redis.home[0]!.bootText()).matchAll(/down-after-milliseconds (\w+) (\d+)/g);
  expect(Object.fromEntries([...times].map(([, name, ms]) => [name, Number(ms)]))).toEqual({
    redis: 4000,
    jobs: 4300,
    cache: 4600,
  });
});

// Two sentinels that ask for votes at the same moment get none: they give up after the time-out, and try again after twice that.
test("after an election without a winner the sentinels try again within six seconds, whatever downAfterSeconds is", () => {
  for (const downAfterSeconds of [5, 60]) {
    const text = page({ replicas: 2, downAfterSeconds }).redis.home[0]!.bootText();
    expect(/failover-timeout redis (\d+)\n/.exec(readableText(text))![1]).toBe("2500");
  }
});

// What Redis and Sentinel do with these numbers: a master counts whole seconds once a second, so it refuses within two more than its limit; a
// sentinel gives up so long after its last question went unanswered, and promotes no sooner.
test.each([1, 2, 3, 8])("with %d copies there are never two masters that take writes", (replicas) => {
  const site = page({ replicas: Math.max(replicas, 2) }).redis;
  const redis = replicas > 1 ? site : new Redis(Site.of(site), "Jobs", { use: "sidekiq", on: site, replicas });
  const text = readableText(redis.home[0]!.bootText());
  const settings = /path: \/etc\/redis\/(?:jobs|redis)\.settings[^]*?\n {2}- /g;
  const own = text.match(settings)!.at(-1)!;
  const least = Number(/min-replicas-to-write (\d+)/.exec(own)?.[1] ?? 0);
  const lag = Number(/min-replicas-max-lag (\d+)/.exec(own)?.[1] ?? Infinity);
  // A side of the network that cannot promote holds one sentinel at the most: the master's own. All further copies may be there.
  expect(least).toBe(replicas === 1 ? 0 : Math.max(1, replicas - 2 + 1));
  if (replicas === 1) return;
  for (let downAfterSeconds = 1; downAfterSeconds <= 60; downAfterSeconds++) {
    const { site: other, redis: watched } = page({ replicas, downAfterSeconds });
    const silent = Number(/down-after-milliseconds redis (\d+)/.exec(watched.home[0]!.bootText())![1]);
    const held = silent >= (lag + 2) * 1000;
    expect({ downAfterSeconds, held, refused: other.problems.all().length > 0 }).toEqual({
      downAfterSeconds,
      held: true,
      refused: downAfterSeconds < 5,
    });
  }
});

test.each<[RedisProps, RegExp]>([
  [{ replicas: 1 }, /replicas is 1, which leaves 2 machines for sentinels/],
  [{ replicas: 2, downAfterSeconds: 4 }, /downAfterSeconds is 4 \/ use a whole number from 5 to 60/],
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
