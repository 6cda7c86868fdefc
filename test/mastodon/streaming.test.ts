import { App, TerraformStack, Testing } from "cdktf";
import { PgBouncer, Postgres, Redis, Site, StreamingPool } from "../../lib";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud } from "../../lib/testing";

function page(
  props: {
    readonly pooled?: boolean;
    readonly replicas?: number;
    readonly found?: "sentinels";
    readonly machines?: number;
    readonly processes?: number;
    readonly servedBy?: boolean;
  } = {},
) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const postgres = new Postgres(site, "Database");
  const database = (props.pooled ?? true) ? new PgBouncer(site, "Pool", { database: postgres }) : postgres;
  const redis = new Redis(site, "Redis", { replicas: props.replicas ?? 2, found: props.found });
  const live = new StreamingPool(site, "Streaming", {
    machines: props.machines,
    processes: props.processes ?? 2,
    servedBy: props.servedBy,
    database,
    redis,
  });
  return { stack, site, cloud, live, redis };
}

const env = (live: StreamingPool, port: number) =>
  Object.fromEntries(Object.entries(live.envs.get(port)!.all).map(([name, value]) => [name, readableText(value)]));

const pooled = {
  BIND: "127.0.0.1",
  DB_HOST: "pool-1",
  DB_NAME: "mastodon",
  DB_PASS: "<secret database_password>",
  DB_POOL: "10",
  DB_PORT: "6432",
  DB_USER: "mastodon",
  PORT: "4001",
  REDIS_PASSWORD: "<secret redis_password>",
};

test("a streaming process gets exactly what Node reads, through the pooler and the way to Redis on its own machine", () => {
  expect(env(page().live, 4001)).toEqual({ ...pooled, REDIS_HOST: "127.0.0.1", REDIS_PORT: "6379" });
});

test("or by the sentinels, if the page says so", () => {
  expect(env(page({ found: "sentinels" }).live, 4001)).toEqual({
    ...pooled,
    REDIS_SENTINELS: "redis-1:26379,redis-2:26379,redis-3:26379",
    REDIS_SENTINEL_MASTER: "redis",
    REDIS_SENTINEL_USERNAME: "default",
  });
});

test("straight to PostgreSQL and to a single Redis", () => {
  expect(env(page({ pooled: false, replicas: 0 }).live, 4000)).toEqual({
    BIND: "127.0.0.1",
    DB_HOST: "database-1",
    DB_NAME: "mastodon",
    DB_PASS: "<secret database_password>",
    DB_POOL: "10",
    DB_PORT: "5432",
    DB_SSLMODE: "no-verify",
    DB_USER: "mastodon",
    PORT: "4000",
    REDIS_HOST: "redis-1",
    REDIS_PASSWORD: "<secret redis_password>",
    REDIS_PORT: "6379",
  });
});

test("the world reaches it under a host name of its own, after its own health check", () => {
  const { cloud, live } = page();
  expect(live.baseUrl).toBe("wss://streaming.social.example");
  expect(cloud.routes.map(({ pool: _, ...route }) => route)).toEqual([
    { host: "streaming.social.example", port: 80, check: { port: 80, path: "/api/v1/streaming/health", status: 200 } },
  ]);
  expect(cloud.pools[0]!.openings().map(({ from, port }) => ({ from, port }))).toEqual([
    { from: { kind: "front door" }, port: 80 },
  ]);
});

test("one more machine changes no boot text", () => {
  const text = readableText(page().live.pool.bootText());
  const more = page({ machines: 3 });
  expect(readableText(more.live.pool.bootText())).toBe(text);
  expect(more.redis.home.map((machine) => readableText(machine.bootText()))).toEqual(
    page().redis.home.map((machine) => readableText(machine.bootText())),
  );
});

test("each answer, those that open a WebSocket among them, names its machine, unless the page forbids it", () => {
  const line = "add_header X-Served-By $hostname always;\n";
  expect(page().live.pool.bootText()).toContain(line);
  expect(page({ servedBy: false }).live.pool.bootText()).not.toContain(line);
});

test("no process at all is refused", () => {
  expect(() => Testing.synth(page({ processes: 0 }).stack, true)).toThrow(/Streaming: processes of streaming is 0/);
});
