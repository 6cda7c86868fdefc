// Services that the page has the cloud run: Terraform alone knows where they are, and they hear who calls them.

import { App, TerraformStack, Testing, Token } from "cdktf";
import { PgBouncer, Postgres, Redis, Secret, SidekiqGroup, Site, StreamingPool, WebTier } from "../../lib";
import { TerraformData } from "../../lib/clouds/shared/terraform-data";
import { callerName } from "../../lib/core/flow";
import { Managed } from "../../lib/core/managed";
import { FAKE_CLOUDS, FakeCloud } from "../../lib/testing";
import { readable } from "./mixes";

function managed(name: string): Managed & { readonly admitted: string[] } {
  const admitted: string[] = [];
  return { name, admitted, admit: (from, port, why) => void admitted.push(`${callerName(from)} at ${port}: ${why}`) };
}

function page({ pooled = false, port = 25060 } = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud({ ...FAKE_CLOUDS.computed, files: true });
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const cluster = new TerraformData(stack, "Cluster", { input: {} });
  const computed = (name: string) => cluster.getStringAttribute(name);
  const password = new Secret(site, "cluster_password", {
    length: 24,
    description: "The cluster's own.",
    value: computed("password"),
  });
  const main = managed("cluster");
  const valkey = managed("valkey");
  const postgres = Postgres.external({
    host: computed("private_host"),
    port,
    name: computed("database"),
    user: computed("user"),
    password,
    ca: computed("ca"),
    managed: main,
  });
  const redis = Redis.external({ host: computed("redis_host"), tls: true, password: "none", managed: valkey });
  const database = pooled ? new PgBouncer(site, "Pool", { database: postgres }) : postgres;
  const streaming = new StreamingPool(site, "Streaming", { processes: 1, database, redis });
  const web = new WebTier(site, "Web", { processes: 1, streaming, database, redis });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
  new SidekiqGroup(site, "Jobs", { threads: 5, queues, database, redis });
  return { stack, site, web, main, valkey };
}

test("a page takes addresses, names and passwords that Terraform computes", () => {
  const { site, web, stack } = page();
  expect(site.problems.all()).toEqual([]);
  const env = readable(web.env);
  expect([env["DB_HOST"], env["DB_NAME"], env["DB_USER"]]).toEqual(Array(3).fill("<known after apply>"));
  expect(env["DB_PORT"]).toBe("25060");
  expect(env["DB_PASS"]).toBe("<secret cluster_password>");
  const plan = JSON.parse(Testing.synth(stack)) as { readonly variable: object };
  expect(Object.keys(plan.variable)).not.toContain("cluster_password");
});

test("a managed service hears of each caller once, and the table of flows names it", () => {
  const { site, main, valkey } = page();
  expect(new Set(main.admitted).size).toBe(main.admitted.length);
  expect([...new Set(main.admitted.map((line) => line.split(" ")[0]))].sort()).toEqual(["sidekiq", "streaming", "web"]);
  expect(valkey.admitted.map((line) => line.split(" ")[0])).toContain("streaming");
  const to = site.flows.filter((flow) => flow.to.kind === "managed").map((flow) => flow.to.name);
  expect([...new Set(to)].sort()).toEqual(["cluster", "mailbox", "valkey"]);
});

test("behind a pooler of the page, the service hears of the pooler, and of sessions that no pooler can hold", () => {
  const { main } = page({ pooled: true });
  expect([...new Set(main.admitted.map((line) => line.split(" ")[0]))].sort()).toEqual(["pgbouncer", "sidekiq", "web"]);
  expect(main.admitted).toContain("pgbouncer at 25060: the pooler's server connections");
});

test("a port that Terraform computes is refused, since budgets and firewalls are made of numbers", () => {
  const { site } = page({ port: Token.asNumber("${terraform_data.x.output}") });
  expect(site.problems.all()[0]).toMatch(/: port is unknown at synth \/ give a number from 1 to 65535/);
});

test("the sums of connections have a key of their own for a pooler that shares its host with the database, and messages no token", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const host = new TerraformData(stack, "Cluster", { input: {} }).getStringAttribute("private_host");
  const main = managed("cluster");
  const login = { name: "mastodon", user: "mastodon", managed: main, host };
  const direct = Postgres.external({ ...login, port: 25060, maxConnections: 5 });
  const database = PgBouncer.external({ ...login, port: 25061, direct, maxClients: 3 });
  const redis = Redis.external({ host: "redis.example.net", tls: true, password: "none" });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
  new SidekiqGroup(site, "Jobs", { threads: 5, queues, database, redis });
  const problems = site.problems.all();
  expect(problems.map((problem) => problem.split(" (")[0])).toEqual([
    "stack/Social: its clients may open 5 connections to cluster:25061 in a roll-out",
    "stack/Social: its clients may open 6 connections to cluster:25060 in a roll-out",
  ]);
  expect(problems.join()).toContain("maxClients of PgBouncer.external cluster is 3");
  expect(problems.join()).not.toContain("Token");
});
