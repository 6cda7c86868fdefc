import { App, TerraformStack, Testing } from "cdktf";
import {
  Etcd,
  PgBouncer,
  PgBouncerProps,
  Postgres,
  PostgresProps,
  Redis,
  SidekiqGroup,
  Site,
  StreamingPool,
  WebTier,
} from "../../lib";
import { Database } from "../../lib/mastodon/database";
import { FakeCloud } from "../../lib/testing";

interface Props {
  readonly postgres?: PostgresProps;
  readonly pooler?: Omit<PgBouncerProps, "database"> | "none";
  readonly webs?: number;
}

function empty() {
  const stack = new TerraformStack(new App(), "stack");
  return { stack, site: new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" }) };
}

function page({ postgres, pooler = {}, webs = 3 }: Props = {}) {
  const { stack, site } = empty();
  const db = new Postgres(site, "Database", { replicas: 1, ...postgres });
  if (db.machines.length > 1) new Etcd(site, "Etcd");
  const database: Database = pooler === "none" ? db : new PgBouncer(site, "Pool", { database: db, ...pooler });
  const data = { database, redis: new Redis(site, "Redis") };
  new StreamingPool(site, "Streaming", { machines: 2, processes: 3, databaseConnections: 4, ...data });
  new WebTier(site, "Web", { machines: webs, processes: 2, threads: 5, ...data });
  const queues = ["default", "push", "ingress", "mailers", "pull", "fasp"] as const;
  new SidekiqGroup(site, "Everything", { machines: 2, threads: 10, queues, ...data });
  new SidekiqGroup(site, "Scheduler", { threads: 5, queues: ["scheduler"], ...data });
  return { stack, site };
}

const output = (stack: TerraformStack) =>
  (JSON.parse(Testing.synth(stack, true)) as { locals: Record<string, unknown> }).locals["social_database_connections"];

test("through a pooler, Ruby's processes count once for writes and once for reads, and PostgreSQL sees the pooler and the tasks", () => {
  const tasks = {
    "scheduler, database task": "1 x 5",
    "scheduler, the scheduler's lock": "1 x 1",
    "web, administrator's commands": "1 x 6",
  };
  expect(output(page().stack)).toEqual({
    "pool-1": {
      limit: "maxClients is 5000",
      steady: 24 + 60 + 40 + 10,
      surge: 2 * (24 + 60 + 40) + 10,
      tiers: {
        everything: "2 x 20, twice in a roll-out",
        scheduler: "1 x 10",
        streaming: "6 x 4, twice in a roll-out",
        web: "6 x 10, twice in a roll-out",
      },
    },
    "database-1": {
      limit: "maxConnections 200 leaves 190",
      // Reads go there as well while the standby is away.
      steady: 112,
      surge: 112,
      tiers: { "pool, server connections": "1 x 100", ...tasks },
    },
    "database-2": {
      limit: "maxConnections 200 leaves 190",
      steady: 50,
      surge: 50,
      tiers: { "pool, server connections": "1 x 50" },
    },
  });
});

test("straight, each standby has the sum of the reads, and the primary that of all", () => {
  const value = output(page({ pooler: "none", webs: 1 }).stack) as Record<string, { surge: number; tiers: object }>;
  expect(value["database-1"]).toMatchObject({
    surge: 2 * (24 + 20 + 40) + 10 + 5 + 1 + 6,
    tiers: { streaming: "6 x 4, twice in a roll-out", web: "2 x 10, twice in a roll-out" },
  });
  expect(value["database-2"]).toMatchObject({
    surge: 2 * (10 + 20) + 5,
    tiers: { everything: "2 x 10, twice in a roll-out", scheduler: "1 x 5", web: "2 x 5, twice in a roll-out" },
  });
});

test("without a standby nothing is counted for reads", () => {
  const value = output(page({ postgres: { replicas: 0 } }).stack) as Record<string, { steady: number }>;
  expect(Object.keys(value)).toEqual(["database-1", "pool-1"]);
  expect(value["pool-1"]!.steady).toBe(24 + 30 + 20 + 5);
});

test("a pooler that takes fewer clients than a roll-out brings is refused with the sum and the ways out", () => {
  expect(page({ pooler: { maxClients: 257 } }).site.problems.all()).toEqual([
    "stack/Social/Pool: its clients may open 258 connections to pool-1 in a roll-out (everything: 2 x 20, twice in a roll-out; " +
      "scheduler: 1 x 10; streaming: 6 x 4, twice in a roll-out; web: 6 x 10, twice in a roll-out), and maxClients is 257 / " +
      "raise maxClients to at least 258, or use fewer machines, processes or threads",
  ]);
  expect(page({ pooler: { maxClients: 258 } }).site.problems.all()).toEqual([]);
});

test("so is a PostgreSQL without a pooler", () => {
  expect(page({ pooler: "none", webs: 6 }).site.problems.all()).toEqual([
    expect.stringMatching(
      /^stack\/Social\/Database: its clients may open 390 connections to database-1 .* maxConnections 200 leaves 190 \/ raise maxConnections to at least 400, or put a PgBouncer/,
    ),
  ]);
  const many = page({ pooler: "none", webs: 58 }).site.problems.all();
  expect(many[0]).toContain("leaves 190 / put a PgBouncer in front");
});

test("two poolers of one PostgreSQL add up, and two databases of one page do not", () => {
  const { stack, site } = empty();
  const [one, two] = [new Postgres(site, "One", { maxConnections: 100 }), new Postgres(site, "Two", { maxConnections: 100 })];
  new PgBouncer(site, "A", { database: one, slot: 1 });
  new PgBouncer(site, "B", { database: one, slot: 2 });
  new PgBouncer(site, "C", { database: two, slot: 3 });
  expect(() => Testing.synth(stack, true)).toThrow();
  expect(site.problems.all()).toEqual([
    expect.stringMatching(/^stack\/Social\/One: its clients may open 100 connections to one-1/),
  ]);
});
