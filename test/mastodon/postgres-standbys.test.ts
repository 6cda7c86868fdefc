// How others find the primary and the standbys of a PostgreSQL, and what one more standby changes: the first one, and any further one.

import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { Etcd, Host, PgBouncer, Pool, Postgres, Redis, Site, Size } from "../../lib";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud, renderPage } from "../../lib/testing";

type Votes = "redis" | "own" | "pool first";

function page(replicas: number, votes: Votes = "redis") {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  const database = new Postgres(site, "Database", { replicas });
  const pool = new PgBouncer(site, "Pool", { database });
  const on = { redis: { on: redis }, own: {}, "pool first": { on: [pool, database] } }[votes];
  if (replicas > 0) new Etcd(site, "Etcd", on);
  const range = site.range(site, "web", "web");
  const web = new Pool(site, "Web", { name: "web", role: "web", range, machines: 1, size: Size.of({ cpus: 1, gib: 1 }) });
  const found = database.reachedBy(web, "a probe");
  return { stack, cloud, site, database, pool, web, found, reads: database.replicaReachedBy(web, "a probe") };
}

const fileOf = (host: Host, path: string) => {
  const { write_files } = parse(readableText(host.bootText())) as {
    readonly write_files: readonly { readonly path: string; readonly content: string }[];
  };
  return write_files.find((file) => file.path === path)?.content;
};

const HAPROXY = "/etc/haproxy/haproxy.cfg";
const FRONT = (bind: string) => `# to PostgreSQL
frontend to-primary
  bind ${bind}:5432
  default_backend primary

frontend to-standbys
  bind 127.0.0.1:5433
  use_backend standbys if { nbsrv(standbys) gt 0 }
  default_backend primary

backend primary
  balance leastconn
  option httpchk
  http-check connect port 8008
  http-check send meth HEAD uri /primary
  http-check expect status 200
  default-server check inter 1s fastinter 500ms fall 3 rise 2 on-marked-down shutdown-sessions
  server database-1 database-1:5432
  server database-2 database-2:5432

backend standbys
  balance leastconn
  option httpchk
  http-check connect port 8008
  http-check send meth HEAD uri /replica
  http-check expect status 200
  http-check connect port 8009
  http-check send meth HEAD uri /in-time
  http-check expect status 200
  default-server check inter 1s fastinter 500ms fall 2 rise 3 on-marked-down shutdown-sessions
  server database-1 database-1:5432
  server database-2 database-2:5432
`;

test("the pooler's HAProxy takes the primary from Patroni, and reads of standbys that are in time or of the primary", () => {
  const [pooler] = page(1).pool.machines;
  const text = fileOf(pooler!, HAPROXY)!;
  expect(text.slice(text.indexOf("# to "))).toBe(FRONT("*"));
  expect(pooler!.program.readiness).toContain("/usr/local/sbin/primary-ready");
});

test("a machine without a pooler has the same on its loopback, and is ready whoever is primary", () => {
  const { web, found, reads } = page(1);
  const text = fileOf(web, HAPROXY)!;
  expect(text.slice(text.indexOf("# to "))).toBe(FRONT("127.0.0.1"));
  expect([found, reads]).toMatchObject([
    { host: "127.0.0.1", port: 5432 },
    { host: "127.0.0.1", port: 5433 },
  ]);
  expect(web.program.readiness).not.toContain("/usr/local/sbin/primary-ready");
});

test("Patroni and its standbys' checks are asked by databases, the pooler and whoever goes straight to the primary", () => {
  const flows = renderPage(page(1).stack).flows["social"]!;
  const ask = (...roles: readonly string[]) => roles.map((role) => `${role}: who is primary`);
  for (const name of ["database-1", "database-2"]) {
    expect(flows[`${name}:8008`]).toEqual(ask("pgbouncer", "postgres", "web"));
    expect(flows[`${name}:8009`]).toEqual(ask("pgbouncer", "web"));
    expect(flows[`${name}:5432`]).toEqual([
      "pgbouncer: the pooler's server connections",
      "pgbouncer: the pooler's server connections for reads",
      "postgres: replication",
      "web: a probe",
    ]);
  }
});

/** The kept machines that differ from those of a page with other replicas, without what is delivered to them; new ones are no difference. */
function renewed(from: number, to: number, votes?: Votes): readonly string[] {
  const texts = (replicas: number) =>
    new Map(page(replicas, votes).cloud.machines.map(({ name, renewedText }) => [name, readableText(renewedText())]));
  const [before, after] = [texts(from), texts(to)];
  return [...before].flatMap(([name, text]) => (after.has(name) && after.get(name) !== text ? [name] : [])).sort();
}

test.each(["redis", "own", "pool first"] as const)("a further standby renews no machine, with votes on %s", (votes) => {
  expect(renewed(1, 2, votes)).toEqual([]);
  expect(renewed(2, 3, votes)).toEqual([]);
});

test("the first standby renews the machines of the votes, the database and the pooler, in this order", () => {
  expect(renewed(0, 1)).toEqual(["database-1", "pool-1", "redis-1", "redis-2", "redis-3"]);
  expect(page(1).site.inventory.whole.renewal).toEqual(["redis-2", "redis-3", "redis-1", "database-2", "database-1", "pool-1"]);
  expect(renewed(0, 1, "own")).toEqual(["database-1", "pool-1"]);
  expect(page(1, "own").site.inventory.whole.renewal.filter((name) => !name.startsWith("redis"))).toEqual([
    "etcd-1",
    "etcd-2",
    "etcd-3",
    "database-2",
    "database-1",
    "pool-1",
  ]);
});

test("votes on the databases and the pooler leave the order of both as it is", () => {
  const { machines } = page(1, "pool first").site.inventory.whole;
  const after = (name: string) => machines.find((machine) => machine.name === name)!.renewAfter;
  expect([after("database-1"), after("database-2"), after("pool-1")]).toEqual([["database-2"], [], ["database-1", "database-2"]]);
});
