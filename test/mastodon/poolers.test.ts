import { App, TerraformStack, Testing } from "cdktf";
import { Etcd, PgBouncer, PgBouncerProps, Postgres, Redis, SidekiqGroup, Site, StreamingPool, WebTier } from "../../lib";
import { textOf } from "../../lib/core/program";
import { FakeCloud } from "../../lib/testing";
import { readable } from "./mixes";
import { callerName } from "../../lib/core/flow";

const QUEUES = { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, fasp: 1 };

function page(props: Omit<PgBouncerProps, "database">, maxConnections = 250) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const db = new Postgres(site, "Database", { replicas: 2, maxConnections });
  new Etcd(site, "Etcd", { on: db });
  const pool = new PgBouncer(site, "Pool", { database: db, ...props });
  const data = { database: pool, redis: new Redis(site, "Redis") };
  const live = new StreamingPool(site, "Streaming", { machines: 1, processes: 1, ...data });
  const web = new WebTier(site, "Web", { machines: 2, processes: 2, ...data });
  const sidekiq = new SidekiqGroup(site, "Everything", { machines: 1, threads: 10, queues: QUEUES, ...data });
  const scheduler = new SidekiqGroup(site, "Scheduler", { threads: 5, queues: ["scheduler"], ...data });
  return { stack, site, db, pool, live, web, sidekiq, scheduler };
}

const servers = (stack: TerraformStack) =>
  (
    JSON.parse(Testing.synth(stack, true)) as {
      locals: Record<string, Record<string, { surge: number; tiers: object }>>;
    }
  ).locals["social_database_connections"]!;

const file = (host: { program: { steps: readonly object[] } }, path: string) => {
  const step = host.program.steps.find((one) => "path" in one && one.path === path) as { content: string } | undefined;
  return step && textOf(step.content);
};

const here = {
  DB_HOST: "127.0.0.1",
  DB_PORT: "6432",
  DB_NAME: "mastodon",
  DB_USER: "mastodon",
  DB_PASS: "<secret database_password>",
};
const reads = {
  REPLICA_DB_HOST: "127.0.0.1",
  REPLICA_DB_PORT: "6432",
  REPLICA_DB_NAME: "mastodon_replica",
  REPLICA_DB_USER: "mastodon",
  REPLICA_DB_PASS: "<secret database_password>",
};
const database = (env: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => /^(REPLICA_)?DB_(HOST|PORT|NAME|USER|PASS|SSLMODE)$/.test(name)));

describe.each([
  ["two machines", { machines: 2 }] as const,
  ["one on each machine that calls", { on: "each", serverConnections: 5 }] as const,
])("%s", (_, props) => {
  const made = page(props);

  test("every process finds its pooler on its own machine, and tasks find PostgreSQL there, too", () => {
    expect(made.site.problems.all()).toEqual([]);
    expect(database(readable(made.web.env))).toEqual({ ...here, ...reads });
    expect(database(readable(made.sidekiq.env))).toEqual({ ...here, ...reads });
    expect(database(readable(made.live.envs.get(4000)!))).toEqual(here);
    expect(readable(made.web.taskEnv)).toMatchObject({ DB_HOST: "127.0.0.1", DB_PORT: "5432", DB_SSLMODE: "require" });
    expect(readable(made.scheduler.taskEnv!)).toMatchObject({ DB_HOST: "127.0.0.1" });
  });

  test("what listens there stands once on each machine, and only for it", () => {
    for (const { pool } of [made.web, made.sidekiq, made.live, made.scheduler]) {
      const [path, own] =
        made.pool.machines.length > 0
          ? ["/etc/haproxy/haproxy.cfg", "bind 127.0.0.1:6432"]
          : ["/etc/pgbouncer/pgbouncer.ini", "listen_addr = 127.0.0.1"];
      expect(pool.program.steps.filter((step) => step.kind === "file" && step.path === path)).toHaveLength(1);
      expect(file(pool, path!)).toContain(`${own}\n`);
    }
  });
});

test("with two machines, the way to both is open and known, and a lost one's sessions are cut", () => {
  const { web, pool, site } = page({ machines: 2 });
  const front = file(web.pool, "/etc/haproxy/haproxy.cfg")!;
  expect(front).toContain("  server pool-1 pool-1:6432\n  server pool-2 pool-2:6432\n");
  expect(front).toMatch(/option pgsql-check user mastodon\n.*on-marked-down shutdown-sessions/);
  for (const machine of pool.machines) {
    expect(web.pool.bootText()).toContain(`${machine.address} ${machine.name}\n`);
    expect(machine.openings.map(({ from }) => callerName(from))).toEqual(expect.arrayContaining(["sidekiq", "streaming", "web"]));
  }
  expect(
    site.flows
      .filter(({ from, to }) => callerName(from) === "web" && to.name.startsWith("pool"))
      .map(({ to }) => to.name)
      .sort(),
  ).toEqual(["pool-1", "pool-1", "pool-1", "pool-2", "pool-2", "pool-2"]);
});

test("both machines have the text of a single one, and no log of who logs in: health checks would fill it", () => {
  const [one, two] = [page({}), page({ machines: 2 })];
  const texts = two.pool.machines.map((machine) => file(machine, "/etc/pgbouncer/pgbouncer.ini")!);
  expect(texts[1]).toBe(texts[0]);
  expect(texts[0]).toBe(file(one.pool.machines[0]!, "/etc/pgbouncer/pgbouncer.ini"));
  expect(texts[0]).toContain("log_connections = 0\nlog_disconnections = 0\n");
  expect(texts[0]).toContain("mastodon_replica = host=127.0.0.1 port=5433 dbname=mastodon server_lifetime=60\n");
});

test("two processes share the port and the server connections, and each takes all clients", () => {
  const [machine] = page({ serverConnections: 25, maxClients: 700 }).pool.machines;
  const common = file(machine!, "/etc/pgbouncer/pgbouncer.ini")!;
  expect(common).toContain("so_reuseport = 1\n");
  expect(common).toContain("max_client_conn = 700\n");
  expect(common).toContain("[peers]\n1 = host=/run/pgbouncer-1\n2 = host=/run/pgbouncer-2\n\n[pgbouncer]\n");
  // PgBouncer forgets a section that is begun twice: theirs goes on in what is included, so that must end with it.
  expect(common.match(/^\[.*\]$/gm)).toEqual(["[databases]", "[peers]", "[pgbouncer]"]);
  const own = [1, 2].map((process) => file(machine!, `/etc/pgbouncer/${process}.ini`));
  expect(own).toEqual([
    "%include /etc/pgbouncer/pgbouncer.ini\npeer_id = 1\nunix_socket_dir = /run/pgbouncer-1\ndefault_pool_size = 13\n",
    "%include /etc/pgbouncer/pgbouncer.ini\npeer_id = 2\nunix_socket_dir = /run/pgbouncer-2\ndefault_pool_size = 12\n",
  ]);
});

test("a process of no server connections would have as many as it likes: two is the least", () => {
  expect(page({ serverConnections: 2 }).site.problems.all()).toEqual([]);
  expect(page({ serverConnections: 1 }).site.problems.all()).toEqual([
    "stack/Social/Pool: serverConnections is 1 / use a whole number from 2, one for each of its processes; with the others it must fit " +
      "maxConnections of stack/Social/Database",
  ]);
});

test("the server connections of all poolers add up, and each must take all clients", () => {
  const sums = servers(page({ machines: 2 }).stack);
  expect(sums["database-1"]).toMatchObject({ surge: 200 + 5 + 1 + 6, tiers: { "pool, server connections": "2 x 100" } });
  expect(sums["database-3"]).toMatchObject({ surge: 100 });
  expect(sums["each of pool"]).toMatchObject({ limit: "maxClients is 5000", surge: 2 * (40 + 20 + 10) + 10 });
  expect(page({ machines: 2 }, 220).site.problems.all()).toEqual([
    expect.stringMatching(
      /^stack\/Social\/Database: its clients may open 212 connections to database-1 .*maxConnections 220 leaves 210/,
    ),
  ]);
});

test("on each machine they add up over all machines, twice where a roll-out doubles them", () => {
  const sums = servers(page({ on: "each", serverConnections: 5 }).stack);
  expect(sums["database-1"]).toEqual({
    limit: "maxConnections 250 leaves 240",
    steady: 10 * 5 + 12,
    surge: 10 * (2 * 4 + 1) + 12,
    tiers: {
      "everything, server connections": "1 x 10, twice in a roll-out",
      "scheduler, database task": "1 x 5",
      "scheduler, the scheduler's lock": "1 x 1",
      "scheduler, server connections": "1 x 10",
      "streaming, server connections": "1 x 10, twice in a roll-out",
      "web, administrator's commands": "1 x 6",
      "web, server connections": "2 x 10, twice in a roll-out",
    },
  });
  expect(page({ on: "each", serverConnections: 25 }).site.problems.all()).toEqual([
    expect.stringMatching(/may open 462 connections to database-1 in a roll-out/),
  ]);
  expect(page({ on: "each", serverConnections: 30 }).site.problems.all()).toEqual(
    ["1", "2", "3"].map((n) => expect.stringMatching(new RegExp(`to database-${n} in a roll-out`))),
  );
});

test("more than one, and what they cannot share, is checked", () => {
  expect(page({ machines: 9 }).site.problems.all()).toEqual(
    expect.arrayContaining([expect.stringContaining('machines is 9 / use a whole number from 1 to 8, or on: "each"')]),
  );
  expect(page({ on: "each", serverConnections: 5, machines: 2, slot: 1 }).site.problems.all()).toEqual([
    'stack/Social/Pool: machines, slot is given, but it has no machines of its own / leave it out, or leave on: "each" out',
  ]);
});
