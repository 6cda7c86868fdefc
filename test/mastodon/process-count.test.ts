import { App, TerraformStack, Testing } from "cdktf";
import { PgBouncer, Postgres, prometheus, Redis, SidekiqGroup, Site, Size, StreamingPool, WebTier } from "../../lib";
import type { Setting, SidekiqGroupProps, StreamingPoolProps, WebTierProps } from "../../lib";
import { pumaOf, sidekiqOf, streamingOf } from "../../lib/mastodon/process-count";
import { FakeCloud } from "../../lib/testing";

// CPUs, GiB; Puma's processes and threads, Sidekiq's processes and threads, streaming's processes.
test.each<[number, number, string, string, number]>([
  [1, 0.5, "1 x 5", "1 x 5", 1],
  [1, 1, "1 x 5", "1 x 21", 1],
  [1, 2, "1 x 5", "1 x 25", 1],
  [1, 64, "1 x 5", "1 x 25", 1],
  [2, 0.5, "1 x 5", "1 x 5", 1],
  [2, 1, "1 x 5", "1 x 21", 2],
  [2, 2, "2 x 5", "2 x 25", 2],
  [2, 4, "2 x 5", "2 x 25", 2],
  [4, 1, "1 x 5", "1 x 21", 2],
  [4, 2, "3 x 5", "2 x 25", 4],
  [4, 8, "4 x 5", "4 x 25", 4],
  [8, 2, "3 x 5", "2 x 25", 6],
  [8, 16, "8 x 5", "8 x 25", 8],
  [32, 64, "32 x 5", "16 x 25", 16],
  [128, 512, "64 x 5", "16 x 25", 16],
])("%d CPUs and %d GiB run Puma %s, Sidekiq %s and streaming %d", (cpus, gib, puma, sidekiq, streaming) => {
  const size = Size.of({ cpus, gib });
  const said = ({ processes, threads }: ReturnType<typeof pumaOf>) => `${processes} x ${threads}`;
  expect([said(pumaOf(size)), said(sidekiqOf(size)), streamingOf(size)]).toEqual([puma, sidekiq, streaming]);
});

interface Given {
  readonly web?: Partial<WebTierProps>;
  readonly sidekiq?: Partial<SidekiqGroupProps>;
  readonly streaming?: Partial<StreamingPoolProps>;
  readonly settings?: readonly Setting[];
}

/** A page with all tiers, each on one machine of this size. */
function page(size: Size, given: Given = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6", settings: given.settings });
  const database = new PgBouncer(site, "Pool", { database: new Postgres(site, "Database") });
  const data = { database, redis: new Redis(site, "Redis"), size, machines: 1 };
  const streaming = new StreamingPool(site, "Streaming", { ...data, ...given.streaming });
  const web = new WebTier(site, "Web", { ...data, streaming, ...given.web });
  const queues = ["default", "push", "ingress", "mailers", "pull", "fasp"] as const;
  const jobs = new SidekiqGroup(site, "Jobs", { ...data, queues, ...given.sidekiq });
  const scheduler = new SidekiqGroup(site, "Scheduler", { ...data, queues: ["scheduler"] });
  return { stack, site, web, streaming, jobs, scheduler };
}

/** Processes and threads as the machines of a page have them. */
function running({ web, streaming, jobs, scheduler }: ReturnType<typeof page>) {
  const sidekiq = (group: SidekiqGroup) => {
    const [, threads] = /bundle exec sidekiq -c (\d+) /.exec(group.pool.bootText())!;
    const units = group.pool.described.units.filter(({ what }) => what === "sidekiq");
    return `${units.length} x ${threads}, ${group.env.all["DB_POOL"]} connections each`;
  };
  const { WEB_CONCURRENCY, MAX_THREADS, DB_POOL } = web.env.all;
  return {
    web: `${WEB_CONCURRENCY} x ${MAX_THREADS}, ${DB_POOL ?? MAX_THREADS} connections each`,
    streaming: streaming.envs.size,
    jobs: sidekiq(jobs),
    scheduler: sidekiq(scheduler),
  };
}

const [SMALL, LARGE] = [Size.of({ cpus: 1, gib: 1 }), Size.of({ cpus: 4, gib: 8 })];

test("each tier runs what its size gives, and the scheduler one process", () => {
  expect(running(page(SMALL))).toEqual({
    web: "1 x 5, 5 connections each",
    streaming: 1,
    jobs: "1 x 21, 21 connections each",
    scheduler: "1 x 21, 21 connections each",
  });
  expect(running(page(LARGE))).toEqual({
    web: "4 x 5, 5 connections each",
    streaming: 4,
    jobs: "4 x 25, 25 connections each",
    scheduler: "1 x 25, 25 connections each",
  });
});

test("what the page gives wins, and what it does not give still follows from the size", () => {
  const both = page(LARGE, {
    web: { processes: 2, threads: 3 },
    sidekiq: { processes: 3, threads: 7 },
    streaming: { processes: 2 },
  });
  expect(running(both)).toMatchObject({
    web: "2 x 3, 3 connections each",
    streaming: 2,
    jobs: "3 x 7, 7 connections each",
  });
  expect(running(page(LARGE, { web: { processes: 2 }, sidekiq: { processes: 3 } }))).toMatchObject({
    web: "2 x 5, 5 connections each",
    jobs: "3 x 25, 25 connections each",
  });
  expect(running(page(LARGE, { web: { threads: 3 }, sidekiq: { threads: 7 } }))).toMatchObject({
    web: "4 x 3, 3 connections each",
    jobs: "4 x 7, 7 connections each",
  });
});

test("more threads leave memory for fewer processes, and so does streaming on the same machine", () => {
  const size = Size.of({ cpus: 4, gib: 2 });
  expect(running(page(size, { web: { threads: 18 } })).web).toBe("2 x 18, 18 connections each");
  expect(running(page(size, { web: { streaming: { processes: 2 } } })).web).toBe("2 x 5, 5 connections each");
  expect(running(page(size, { sidekiq: { threads: 60 } })).jobs).toBe("1 x 60, 60 connections each");
});

test("Sidekiq that answers Prometheus itself is one process, since the port is one", () => {
  const made = page(LARGE, { settings: [prometheus()] });
  expect(running(made).jobs).toBe("1 x 25, 25 connections each");
  expect(made.site.problems.all()).toEqual([]);
});

test("what is wrong with a number is said once, with the number of the page", () => {
  const { site } = page(LARGE, { web: { streaming: { processes: NaN } }, sidekiq: { threads: NaN } });
  expect(site.problems.all()).toEqual([
    "stack/Social/Web: processes of streaming is NaN / use a whole number from 1 to 16",
    "stack/Social/Jobs: threads is NaN / use a whole number from 1 to 200",
  ]);
});

test("the sums of connections, the check of the pooler and the queue before Puma follow from the size", () => {
  const sums = (size: Size) => {
    const { locals } = JSON.parse(Testing.synth(page(size).stack, true)) as { locals: Record<string, Record<string, object>> };
    return locals["social_database_connections"]!["pool-1"];
  };
  expect(sums(SMALL)).toMatchObject({
    steady: 5 + 10 + 21 + 21,
    surge: 2 * (5 + 10 + 21) + 21,
    tiers: { web: "1 x 5, twice in a roll-out", streaming: "1 x 10, twice in a roll-out", jobs: "1 x 21, twice in a roll-out" },
  });
  expect(sums(LARGE)).toMatchObject({
    steady: 4 * 5 + 4 * 10 + 4 * 25 + 25,
    surge: 2 * (4 * 5 + 4 * 10 + 4 * 25) + 25,
    tiers: { web: "4 x 5, twice in a roll-out", streaming: "4 x 10, twice in a roll-out", jobs: "4 x 25, twice in a roll-out" },
  });
  const text = page(LARGE).web.pool.bootText();
  expect(text).toContain("server puma 127.0.0.1:3000 maxconn 19\n");
  expect(text).toContain("deny_status 503 if { queue(puma) ge 380 }\n");
});

test("a size whose processes want more connections than the pooler takes is refused", () => {
  const { site } = page(Size.of({ cpus: 16, gib: 32 }), { web: { machines: 40 } });
  expect(site.problems.all()).toEqual([
    "stack/Social/Pool: its clients may open 7545 connections to pool-1 in a roll-out (jobs: 16 x 25, twice in a roll-out; scheduler: 1 x 25; " +
      "streaming: 16 x 10, twice in a roll-out; web: 640 x 5, twice in a roll-out), and maxClients is 5000 / " +
      "raise maxClients to at least 7545, or use fewer machines, processes or threads",
  ]);
});
