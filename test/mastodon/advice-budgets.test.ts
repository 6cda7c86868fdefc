import { App, TerraformStack, Testing } from "cdktf";
import { PgBouncer, Postgres, Redis, SidekiqGroup, Site, WebTier } from "../../lib";
import { budgetsIn, surgeOf } from "../../lib/mastodon/connections";
import { FakeCloud } from "../../lib/testing";
import { page } from "./advice-page";

test("the sums of a plan are read as they were counted", () => {
  const { budgets, connections } = page({ pool: { machines: 2, serverConnections: 40 } });
  const each = { doubles: true };
  expect(budgets.find(({ server }) => server === "each of pool")).toEqual({
    server: "each of pool",
    most: 5000,
    limit: "maxClients is 5000",
    rows: [
      { tier: "federated", processes: 2, each: 50, ...each },
      { tier: "jobs-local", processes: 2, each: 20, ...each },
      { tier: "scheduler", processes: 1, each: 10, doubles: false },
      { tier: "streaming", processes: 2, each: 10, ...each },
      { tier: "web", processes: 8, each: 10, ...each },
    ],
  });
  const database = budgets.find(({ server }) => server === "database-1")!;
  expect(database.most).toBe(190);
  expect(database.rows).toContainEqual({ tier: "web", what: "administrator's commands", processes: 1, each: 6, doubles: false });
  const sums = connections as Readonly<Record<string, { readonly surge: number }>>;
  expect(budgets.map(({ server, rows }) => [server, surgeOf(rows)])).toEqual(
    Object.entries(sums).map(([server, { surge }]) => [server, surge]),
  );
});

test("those of external servers too; a page without a database has none", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const external = { host: "db.example.org", name: "mastodon", user: "mastodon", maxConnections: 120 };
  const database = Postgres.external({ ...external });
  const data = { database: new PgBouncer(site, "Pool", { database }), redis: new Redis(site, "Redis") };
  new WebTier(site, "Web", { ...data });
  const queues = ["default", "push", "ingress", "mailers", "pull", "fasp"] as const;
  new SidekiqGroup(site, "Everything", { queues, ...data });
  new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], ...data });
  const { locals } = JSON.parse(Testing.synth(stack, true)) as { readonly locals: Readonly<Record<string, unknown>> };
  const budgets = budgetsIn(locals["social_database_connections"]);
  expect(budgets.map(({ server, most }) => [server, most])).toEqual([
    ["db.example.org:5432", 120],
    ["pool-1", 5000],
  ]);
  expect(budgetsIn(undefined)).toEqual([]);
});
