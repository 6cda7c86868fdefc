import { App, TerraformStack, Testing } from "cdktf";
import {
  Community,
  communityOf,
  Disk,
  Etcd,
  Mastodon,
  MastodonProps,
  PgBouncer,
  Postgres,
  Redis,
  SidekiqGroup,
  Site,
  Size,
  StreamingPool,
  WebTier,
} from "../../lib";
import { FakeCloud } from "../../lib/testing";

function server(props: Partial<MastodonProps> = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  return { stack, cloud, mastodon: new Mastodon(stack, "Social", { cloud, domain: "social.example", ...props }) };
}

// 1, 2, 5, 10 … within what is taken, and both sides of every step.
const COMMUNITIES = [1, 100, 250, 500, 501, 1000, 2500, 2501, 5000, 7700, 10_000, 10_001, 15_000, 20_000, 20_001, 35_000].concat([
  50_000, 50_001, 75_000, 100_000, 100_001, 150_000, 200_000, 300_000, 400_000, 500_000,
]);

test("in one line it is the same plan as with every tier written out", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const size = Size.of({ cpus: 1, gib: 0.5 });
  const db = new Postgres(site, "Database", { replicas: 1, size, disk: Disk.gib(5) });
  const redis = new Redis(site, "Redis", { replicas: 2, size });
  new Etcd(site, "Etcd", { on: redis });
  const data = {
    database: new PgBouncer(site, "Pool", { database: db, size }),
    redis,
    cache: new Redis(site, "Cache", { use: "cache", on: redis, replicas: 2 }),
    jobs: new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 }),
  };
  const streaming = new StreamingPool(site, "Streaming", { machines: 1, processes: 2, size, ...data });
  new WebTier(site, "Web", { machines: 2, processes: 1, size, streaming, ...data });
  new SidekiqGroup(site, "Jobs-Local", { queues: { default: 8, mailers: 2 }, threads: 10, size, ...data });
  new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 }, threads: 10, size, ...data });
  new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, size, ...data });
  expect(Testing.synth(server().stack, true)).toBe(Testing.synth(stack, true));
});

test("its parts are there for what comes next", () => {
  const { mastodon, cloud } = server();
  new SidekiqGroup(mastodon, "Mails", { queues: ["mailers"], threads: 5, ...mastodon.data });
  expect(mastodon.problems.all()).toEqual([]);
  expect(mastodon.data).toEqual({
    database: mastodon.pool,
    redis: mastodon.redis,
    cache: mastodon.cache,
    jobs: mastodon.jobs,
  });
  expect(mastodon.etcd!.machines).toEqual(mastodon.redis.machines);
  expect(mastodon.streaming.baseUrl).toBe("wss://streaming.social.example");
  expect([...cloud.machines, ...cloud.pools].map(({ name }) => name)).toEqual(
    ["redis-1", "redis-2", "redis-3", "database-1", "database-2", "pool-1", "streaming", "web"].concat([
      "jobs-local",
      "federated",
      "scheduler",
      "mails",
    ]),
  );
});

test("without three Redis its votes are on machines of their own, and a single database has none", () => {
  const votes = (size: Partial<Community>) => {
    const { mastodon } = server({ size: { ...communityOf({ monthlyActive: 100 }), ...size } });
    expect(mastodon.problems.all()).toEqual([]);
    return mastodon.etcd?.machines.map(({ name }) => name);
  };
  const alone = { redis: {}, cache: {}, jobs: {} };
  expect(votes({ ...alone, database: { replicas: 1 } })).toEqual(["etcd-1", "etcd-2", "etcd-3"]);
  expect(votes({ database: {} })).toBeUndefined();
});

test("it runs the newest version that is known, or the one that is named, with that version's queues", () => {
  expect(server().mastodon.images.mastodon).toBe("ghcr.io/mastodon/mastodon:v4.7.6");
  const { mastodon } = server({ version: "4.3.23", size: communityOf({ monthlyActive: 100 }) });
  expect(mastodon.problems.all()).toEqual([]);
  expect(mastodon.sidekiq["Federated"]!.pool.bootText()).toContain("-q push,6 -q ingress,4 -q pull,1\n");
});

test("one tier of a community can be changed by itself", () => {
  const size: Community = { ...communityOf({ monthlyActive: 100 }), web: { machines: 3, processes: 2, threads: 4 } };
  const { mastodon } = server({ size });
  expect(mastodon.web.env.all).toMatchObject({ WEB_CONCURRENCY: "2", MAX_THREADS: "4" });
  expect(mastodon.web.pool.machines).toBe(3);
});

test.each(COMMUNITIES)("a page for %d people a month has no problem, and its connections fit", (monthlyActive) => {
  expect(server({ size: communityOf({ monthlyActive }) }).mastodon.problems.all()).toEqual([]);
});

test("more people never get less of anything", () => {
  const totals = COMMUNITIES.map((monthlyActive) => capacity(communityOf({ monthlyActive })));
  for (const name of Object.keys(totals[0]!)) {
    const values = totals.map((total) => total[name]!);
    expect({ name, values }).toEqual({ name, values: [...values].sort((a, b) => a - b) });
    expect(values.at(-1)).toBeGreaterThan(values[0]!);
  }
});

test("fifteen thousand people get about what servers of that size have published", () => {
  expect(communityOf({ monthlyActive: 15_000 })).toEqual({
    database: { replicas: 1, size: Size.of({ cpus: 16, gib: 64 }), disk: Disk.gib(800), maxConnections: 350 },
    pool: { size: Size.of({ cpus: 1, gib: 1 }), serverConnections: 150, maxClients: 5000 },
    redis: { replicas: 2, size: Size.of({ cpus: 4, gib: 16 }), disk: Disk.gib(160), maxMemoryMib: 6553 },
    cache: { replicas: 2, maxMemoryMib: 2457 },
    jobs: { replicas: 2, maxMemoryMib: 2457 },
    streaming: { machines: 6, processes: 1, clients: 1200, size: Size.of({ cpus: 1, gib: 1 }) },
    web: { machines: 12, processes: 4, threads: 5, size: Size.of({ cpus: 4, gib: 8 }) },
    sidekiq: {
      "Jobs-Local": {
        queues: { default: 8, mailers: 2 },
        machines: 8,
        processes: 1,
        threads: 25,
        size: Size.of({ cpus: 1, gib: 2 }),
      },
      Federated: {
        queues: { push: 6, ingress: 4, pull: 1, fasp: 1 },
        machines: 8,
        processes: 2,
        threads: 10,
        size: Size.of({ cpus: 2, gib: 4 }),
      },
      Scheduler: { queues: ["scheduler"], threads: 5, size: Size.of({ cpus: 1, gib: 2 }) },
    },
  });
});

test.each([0, -5, NaN, Infinity, 500_001])("a community of %d is refused", (monthlyActive) => {
  const { mastodon } = server({ size: communityOf({ monthlyActive }) });
  expect(mastodon.problems.all()).toEqual([
    expect.stringMatching(/^stack\/Social\/\w+.*: monthlyActive of communityOf is .* \/ use a number from 1 to 500000$/),
  ]);
});

function capacity({ database, pool, redis, streaming, web, sidekiq }: Community): Readonly<Record<string, number>> {
  const processes = (tier: { readonly machines?: number; readonly processes?: number }) => tier.machines! * tier.processes!;
  const memory = (tier: { readonly machines?: number; readonly size?: Size }) => tier.machines! * tier.size!.gib;
  return {
    "database CPUs": database.size!.cpus,
    "database memory": database.size!.gib,
    "database disk": database.disk!.gib,
    "database connections": database.maxConnections!,
    "server connections": pool.serverConnections!,
    clients: pool.maxClients!,
    "Redis memory": redis.maxMemoryMib!,
    "Redis disk": redis.disk!.gib,
    "streaming processes": processes(streaming),
    "web threads": processes(web) * web.threads!,
    "web memory": memory(web),
    "local threads": processes(sidekiq["Jobs-Local"]!) * sidekiq["Jobs-Local"]!.threads!,
    "federated threads": processes(sidekiq["Federated"]!) * sidekiq["Federated"]!.threads!,
    "federated memory": memory(sidekiq["Federated"]!),
  };
}
