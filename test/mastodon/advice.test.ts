// What `cdktf-mastodon advise` says of a page whose numbers were good all day, but for what each test changes.

import { Size } from "../../lib";
import { advice } from "../../lib/mastodon/monitoring/advice";
import { Numbers } from "../../lib/mastodon/monitoring/advice-numbers";
import { adviceText } from "../../lib/mastodon/monitoring/advice-text";
import { day, Page, page, QUIET, quietBut, rising, todo } from "./advice-page";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const WEB = { pool: "web" };
const DATA = { tier: "database", mountpoint: "/var/lib/postgresql" };
const hour = (value: number) => ({ value, values: 12 });
const BUSY = { webBusy: day(WEB, 0.4, hour(0.83)) };
const WORKING = { ...BUSY, cpu: day({ tier: "web" }, 0.4, hour(0.9)) };
const IDLE = { webBusy: day(WEB, 0.1), cpu: day({ tier: "web" }, 0.12), cpuOfBusiest: day({ tier: "database" }, 0.05) };

const PAGE = page();
const LARGE = page({ web: { machines: 6 }, database: { size: Size.of({ cpus: 8, gib: 32 }) } });

/** The lines that a person reads, without what is fine. */
function lines(numbers: Numbers, of: Page = PAGE): readonly string[] {
  return adviceText(todo(numbers, of));
}

function lastHalf(numbers: Numbers): Numbers {
  const half = Object.entries(numbers).map(([query, all]) => [
    query,
    all.map(({ labels, points }) => ({ labels, points: points.slice(points.length / 2) })),
  ]);
  return Object.fromEntries(half) as Numbers;
}

test("a day in which all is well: nothing to do, and the numbers of each tier with the time when they were worst", () => {
  expect(adviceText(advice({ ...PAGE, numbers: QUIET }))).toEqual([
    "Nothing to do.",
    "",
    "Fine:",
    "- database: 40 % of the connections of database-1 were in use at worst (2026-11-28 08:00 UTC); the processors of its busiest machine were 50 % busy (2026-11-28 08:00 UTC); it found 99 % of the blocks in its memory at worst (2026-11-28 08:00 UTC), and something waited for the disk in 2 % of the time (2026-11-28 08:00 UTC).",
    "- pool: 20 of 50 server connections of PgBouncer worked at worst (2026-11-28 08:00 UTC); no client waited for long; 200 of 5000 client connections of a process were in use (2026-11-28 08:00 UTC).",
    "- redis: it used 30 % of its 1024 MiB at worst (2026-11-28 08:00 UTC).",
    "- cache: it used 30 % of its 256 MiB at worst (2026-11-28 08:00 UTC); it evicted nothing; 90 % of the keys were found at worst (2026-11-28 08:00 UTC).",
    "- jobs: it used 30 % of its 256 MiB at worst (2026-11-28 08:00 UTC).",
    "- web: 40 % of Puma's threads were busy at worst (2026-11-28 08:00 UTC); the processors were 40 % busy (2026-11-28 08:00 UTC); no request waited.",
    "- federated: of its queues the one nearest to its limit: jobs of push waited up to 1 s (2026-11-28 08:00 UTC); 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 40 % busy (2026-11-28 08:00 UTC).",
    "- jobs-local: of its queues the one nearest to its limit: jobs of default waited up to 1 s (2026-11-28 08:00 UTC); 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 40 % busy (2026-11-28 08:00 UTC).",
    "- scheduler: jobs of scheduler waited up to 1 s (2026-11-28 08:00 UTC); 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 40 % busy (2026-11-28 08:00 UTC).",
    "- streaming: a process had 150 WebSockets at most (2026-11-28 08:00 UTC); one took 40 % of a processor (2026-11-28 08:00 UTC); its event loop was 12 ms late (2026-11-28 08:00 UTC).",
    "- database, machines: 60 % of the memory was in use at worst (2026-11-28 08:00 UTC).",
    "- pool, machines: 60 % of the memory was in use at worst (2026-11-28 08:00 UTC); the processors of the busiest one were 50 % busy (2026-11-28 08:00 UTC).",
    "- redis, machines: 60 % of the memory was in use at worst (2026-11-28 08:00 UTC); the processors of the busiest one were 50 % busy (2026-11-28 08:00 UTC).",
    "- federated, machines: 60 % of the memory was in use at worst (2026-11-28 08:00 UTC).",
    "- jobs-local, machines: 60 % of the memory was in use at worst (2026-11-28 08:00 UTC).",
    "- scheduler, machines: 60 % of the memory was in use at worst (2026-11-28 08:00 UTC).",
    "- streaming, machines: 60 % of the memory was in use at worst (2026-11-28 08:00 UTC).",
    "- web, machines: 60 % of the memory was in use at worst (2026-11-28 08:00 UTC).",
    "- database, disk: 5 GiB of 100 GiB were in use at most, 5 % (2026-11-28 08:00 UTC); it hardly grows.",
    "- redis, disk: 5 GiB of 20 GiB were in use at most, 25 % (2026-11-28 08:00 UTC); it hardly grows.",
  ]);
});

test("for programs: each prop by construct path, from what to what", () => {
  expect(todo(quietBut(WORKING), PAGE)).toEqual([
    {
      changes: [
        {
          kind: "WebTier",
          path: "stack/Social/Web",
          prop: "machines",
          from: "4",
          to: "6",
          cost: "adds machines, and leaves the others as they are",
        },
      ],
      connections: [
        "web then takes 240 of 5000 connections of pool-1 in a roll-out, and all together 570; there is room for 116 machines of web",
      ],
      notes: [],
      kind: "raise",
      about: "web",
      seen: "83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; no request waited",
    },
  ]);
});

describe("web machines that were short", () => {
  test("busy threads and processors: more machines, as many as bring both to 60 %", () => {
    expect(
      lines(quietBut({ ...WORKING, webRefused: day(WEB, 0, { value: 3.2, values: 1 }), webWaiting: day(WEB, 0, hour(40)) })),
    ).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; 40 requests waited for a thread (2026-11-28 20:15 UTC), some for 60 min; 3.2 requests a second were refused (2026-11-28 20:15 UTC).",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
      "   web then takes 240 of 5000 connections of pool-1 in a roll-out, and all together 570; there is room for 116 machines of web.",
    ]);
  });

  test("ten minutes are too short to count", () => {
    expect(
      lines(
        quietBut({ webBusy: day(WEB, 0.4, { value: 0.99, values: 2 }), cpu: day({ tier: "web" }, 0.4, { value: 1, values: 2 }) }),
      ),
    ).toEqual(["Nothing to do."]);
  });

  test("but requests that were refused always count", () => {
    expect(lines(quietBut({ webRefused: day(WEB, 0, { value: 0.2, values: 1 }) }))).toEqual([
      "Do, the first one first:",
      "1. web: 40 % of Puma's threads were busy at worst (2026-11-28 08:00 UTC); the processors were 40 % busy (2026-11-28 08:00 UTC); no request waited; 0.2 requests a second were refused (2026-11-28 20:15 UTC).",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 5. It adds machines, and leaves the others as they are.",
      "   web then takes 200 of 5000 connections of pool-1 in a roll-out, and all together 530; there is room for 116 machines of web.",
      "   It was over in less than a quarter of an hour: more machines help against a rush, and not against a fault.",
    ]);
  });

  test("busy threads beside idle processors wait for something else: more threads", () => {
    expect(lines(quietBut(BUSY))).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 40 % busy (2026-11-28 08:00 UTC); no request waited.",
      "   Change `threads` of WebTier stack/Social/Web from 5 to 7. It replaces all machines; new ones work before old ones stop.",
      "   web then takes 224 of 5000 connections of pool-1 in a roll-out, and all together 554.",
    ]);
  });

  test("unless the memory has no room for them", () => {
    expect(lines(quietBut(BUSY), page({ web: { size: Size.of({ cpus: 2, gib: 1.5 }), processes: 2 } }))).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 40 % busy (2026-11-28 08:00 UTC); no request waited.",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
      "   web then takes 240 of 5000 connections of pool-1 in a roll-out, and all together 570; there is room for 116 machines of web.",
    ]);
  });

  test("or PgBouncer's clients wait, which is told first", () => {
    expect(
      lines(
        quietBut({
          ...WORKING,
          poolerUsed: day({ tier: "pool" }, 20, hour(50)),
          poolerWaiting: day({ tier: "pool" }, 0, hour(12)),
          poolerLongest: day({ tier: "pool" }, 0, hour(3)),
        }),
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. pool: 50 of 50 server connections of PgBouncer worked at worst (2026-11-28 20:15 UTC), 90 % or more for 60 min; 12 clients waited for one (2026-11-28 20:15 UTC), for 60 min in all; the longest wait was 3 s.",
      "   Change `serverConnections` of PgBouncer stack/Social/Pool from 50 to 80. It is delivered without cutting a client.",
      "   pool then takes 160 of 190 connections of database-1 in a roll-out, and all together 172.",
      "   pool then takes 80 of 190 connections of database-2 in a roll-out, and all together 80.",
      "   Look for slow queries first: `pgbouncer-console show servers` and PostgreSQL's `pg_stat_activity` show them.",
      "2. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; no request waited.",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
      "   web then takes 240 of 5000 connections of pool-1 in a roll-out, and all together 570; there is room for 116 machines of web.",
      "   Clients wait in PgBouncer too: see there first, since busy threads may only wait for the database.",
    ]);
  });

  test("where the cloud could have added machines: a higher least number", () => {
    expect(lines(quietBut(WORKING), page({ web: { scale: { most: 6 } } }))).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; no request waited.",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
    ]);
  });

  test("where it had added all that it may: more at most", () => {
    expect(
      lines(quietBut({ ...WORKING, hosts: day({ tier: "web" }, 4, hour(6)) }), page({ web: { scale: { most: 6 } } })),
    ).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; no request waited.",
      "   Change `most of scale` of WebTier stack/Social/Web from 6 to 9. It adds machines, and leaves the others as they are.",
      "   web then takes 360 of 5000 connections of pool-1 in a roll-out, and all together 690; there is room for 116 machines of web.",
    ]);
  });

  test("too many connections for the pooler", () => {
    expect(lines(quietBut(WORKING), page({ pool: { maxClients: 500 } }))).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; no request waited.",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
      "   web then takes 240 of 500 connections of pool-1 in a roll-out, and all together 570: too many. In the same deploy, raise maxClients of PgBouncer stack/Social/Pool to at least 1000.",
    ]);
  });

  test("a pooler on each machine: connections of PostgreSQL", () => {
    expect(
      lines({ ...quietBut(WORKING), poolerUsed: [] }, page({ pool: { on: "each" }, database: { maxConnections: 500 } })),
    ).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; no request waited.",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
      "   web then takes 246 of 490 connections of database-1 in a roll-out, and all together 512: too many. In the same deploy, raise maxConnections of Postgres stack/Social/Database to at least 530, which takes effect when you restart PostgreSQL.",
      "   web then takes 120 of 490 connections of database-2 in a roll-out, and all together 250; there is room for 18 machines of web.",
      "",
      "Not known:",
      "- federated: there are no numbers of PgBouncer.",
      "- jobs-local: there are no numbers of PgBouncer.",
      "- scheduler: there are no numbers of PgBouncer.",
      "- streaming: there are no numbers of PgBouncer.",
      "- web: there are no numbers of PgBouncer.",
    ]);
  });
});

describe("queues that were late", () => {
  test("busy processors: more machines, or a group of its own", () => {
    expect(
      lines(quietBut({ queueLatency: day({ queue: "push" }, 1, hour(250)), cpu: day({ tier: "federated" }, 0.4, hour(0.95)) })),
    ).toEqual([
      "Do, the first one first:",
      "1. federated: jobs of push waited up to 4 min (2026-11-28 20:15 UTC), 60 s or more for 60 min; 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 95 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min.",
      "   Change `machines` of SidekiqGroup stack/Social/Federated from 2 to 4. It adds machines, and leaves the others as they are.",
      "   federated then takes 400 of 5000 connections of pool-1 in a roll-out, and all together 690; there is room for 47 machines of federated.",
      '   Or give push a SidekiqGroup of its own, queues: ["push"]; ingress, pull, fasp did not wait.',
    ]);
  });

  test("idle processors: more threads", () => {
    expect(lines(quietBut({ queueLatency: day({ queue: "default" }, 1, hour(40)) }))).toEqual([
      "Do, the first one first:",
      "1. jobs-local: jobs of default waited up to 40 s (2026-11-28 20:15 UTC), 15 s or more for 60 min; 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 40 % busy (2026-11-28 08:00 UTC).",
      "   Change `threads` of SidekiqGroup stack/Social/Jobs-Local from 10 to 20. It replaces all machines; new ones work before old ones stop.",
      "   jobs-local then takes 160 of 5000 connections of pool-1 in a roll-out, and all together 570.",
      '   Or give default a SidekiqGroup of its own, queues: ["default"]; mailers did not wait.',
    ]);
  });

  test("the scheduler's alone: nothing on the page makes it faster", () => {
    expect(
      lines(quietBut({ queueLatency: day({ queue: "scheduler" }, 1, hour(4000)), cpu: day({ tier: "scheduler" }, 0.9) })),
    ).toEqual([
      "Do, the first one first:",
      "1. scheduler: jobs of scheduler waited up to 67 min (2026-11-28 20:15 UTC), 10 min or more for 60 min; 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 90 % busy (2026-11-28 08:00 UTC), 75 % or more for 24 h.",
      "   The queue scheduler has one machine and one process: look at /sidekiq which of its jobs takes long, and at the database for what it waits.",
    ]);
  });

  test("another one beside the scheduler: a group of its own", () => {
    expect(
      lines(
        quietBut({ queueLatency: day({ queue: "push" }, 1, hour(250)), cpu: day({ tier: "scheduler" }, 0.9) }),
        page({ federated: { queues: ["ingress", "pull", "fasp"] }, scheduler: { queues: ["scheduler", "push"] } }),
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. scheduler: jobs of push waited up to 4 min (2026-11-28 20:15 UTC), 60 s or more for 60 min; 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 90 % busy (2026-11-28 08:00 UTC), 75 % or more for 24 h.",
      '   The group of the scheduler has one machine: give push a SidekiqGroup of its own, queues: ["push"]; scheduler did not wait.',
    ]);
  });
});

describe("streaming that was busy", () => {
  test("a process for each processor", () => {
    expect(
      lines(
        quietBut({
          streamingCpu: day({ pool: "streaming" }, 0.4, hour(0.9)),
          streamingLag: day({ pool: "streaming" }, 0.012, hour(0.3)),
        }),
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. streaming: a process had 150 WebSockets at most (2026-11-28 08:00 UTC); one took 90 % of a processor (2026-11-28 20:15 UTC), 70 % or more for 60 min; its event loop was 300 ms late (2026-11-28 20:15 UTC), 100 ms or more for 60 min.",
      "   Change `processes` of StreamingPool stack/Social/Streaming from 1 to 2. It replaces all machines; new ones work before old ones stop. WebSockets connect again.",
      "   streaming then takes 80 of 5000 connections of pool-1 in a roll-out, and all together 530.",
    ]);
  });

  test("then more machines", () => {
    expect(
      lines(quietBut({ streamingCpu: day({ pool: "streaming" }, 0.4, hour(0.9)) }), page({ streaming: { processes: 2 } })),
    ).toEqual([
      "Do, the first one first:",
      "1. streaming: a process had 150 WebSockets at most (2026-11-28 08:00 UTC); one took 90 % of a processor (2026-11-28 20:15 UTC), 70 % or more for 60 min; its event loop was 12 ms late (2026-11-28 08:00 UTC).",
      "   Change `machines` of StreamingPool stack/Social/Streaming from 2 to 3. It adds machines, and leaves the others as they are.",
      "   streaming then takes 120 of 5000 connections of pool-1 in a roll-out, and all together 570; there is room for 113 machines of streaming.",
      "   If the page gives `clients`, raise it too if there are to be more WebSockets than it says.",
    ]);
  });
});

describe("PgBouncer", () => {
  test("clients that waited: more server connections", () => {
    expect(
      lines(
        quietBut({
          poolerUsed: day({ tier: "pool" }, 20, hour(50)),
          poolerWaiting: day({ tier: "pool" }, 0, hour(12)),
          poolerLongest: day({ tier: "pool" }, 0, hour(3)),
        }),
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. pool: 50 of 50 server connections of PgBouncer worked at worst (2026-11-28 20:15 UTC), 90 % or more for 60 min; 12 clients waited for one (2026-11-28 20:15 UTC), for 60 min in all; the longest wait was 3 s.",
      "   Change `serverConnections` of PgBouncer stack/Social/Pool from 50 to 80. It is delivered without cutting a client.",
      "   pool then takes 160 of 190 connections of database-1 in a roll-out, and all together 172.",
      "   pool then takes 80 of 190 connections of database-2 in a roll-out, and all together 80.",
      "   Look for slow queries first: `pgbouncer-console show servers` and PostgreSQL's `pg_stat_activity` show them.",
    ]);
  });

  test("more than PostgreSQL takes", () => {
    expect(
      lines(quietBut({ poolerUsed: day({ tier: "pool" }, 20, hour(80)) }), page({ pool: { serverConnections: 80 } })),
    ).toEqual([
      "Do, the first one first:",
      "1. pool: 80 of 80 server connections of PgBouncer worked at worst (2026-11-28 20:15 UTC), 90 % or more for 60 min; no client waited for long.",
      "   Change `serverConnections` of PgBouncer stack/Social/Pool from 80 to 120. It is delivered without cutting a client.",
      "   pool then takes 240 of 190 connections of database-1 in a roll-out, and all together 252: too many. In the same deploy, raise maxConnections of Postgres stack/Social/Database to at least 270, which takes effect when you restart PostgreSQL.",
      "   pool then takes 120 of 190 connections of database-2 in a roll-out, and all together 120.",
      "   Look for slow queries first: `pgbouncer-console show servers` and PostgreSQL's `pg_stat_activity` show them.",
    ]);
  });

  test("but not while PostgreSQL's processors are busy", () => {
    expect(
      lines(
        quietBut({ poolerUsed: day({ tier: "pool" }, 20, hour(50)), cpuOfBusiest: day({ tier: "database" }, 0.4, hour(0.95)) }),
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. database: the processors of its busiest machine were 95 % busy (2026-11-28 20:15 UTC), 80 % or more for 60 min.",
      "   Change `size` of Postgres stack/Social/Database from { cpus: 2, gib: 4 } to { cpus: 4, gib: 4 }. It waits for the renewal of each machine, which stops it for a while.",
      "   Look for slow queries first.",
      "   Or raise `replicas` from 1 to 2, if the busiest machine is a standby: writes are the primary's alone.",
      "2. pool: 50 of 50 server connections of PgBouncer worked at worst (2026-11-28 20:15 UTC), 90 % or more for 60 min; no client waited for long.",
      "   The processors of database are busy: more connections would only move the queue into PostgreSQL. See there first.",
    ]);
  });

  test("almost as many clients as it takes", () => {
    expect(lines(quietBut({ poolerClients: day({ tier: "pool" }, 20, hour(4600)) }))).toEqual([
      "Do, the first one first:",
      "1. pool: 4600 of 5000 client connections of a process were in use (2026-11-28 20:15 UTC), 85 % or more for 60 min.",
      "   Change `maxClients` of PgBouncer stack/Social/Pool from 5000 to 8000. It is delivered without cutting a client.",
    ]);
  });
});

describe("PostgreSQL", () => {
  test("almost all connections in use", () => {
    expect(lines(quietBut({ postgresConnections: day({ instance: "database-1" }, 0.4, hour(0.9)) }))).toEqual([
      "Do, the first one first:",
      "1. database: 90 % of the connections of database-1 were in use at worst (2026-11-28 20:15 UTC), 85 % or more for 60 min.",
      "   Change `maxConnections` of Postgres stack/Social/Database from 200 to 300. It is delivered, and takes effect when you restart PostgreSQL, which interrupts the site for some seconds.",
      "   Each connection takes memory. Many that do nothing are better held by a PgBouncer in front.",
    ]);
  });

  test("busy processors without a standby", () => {
    expect(
      lines(
        quietBut({ cpuOfBusiest: day({ tier: "database" }, 0.4, hour(0.95)) }),
        page({ database: { replicas: 0, quorum: undefined } }),
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. database: the processors of its busiest machine were 95 % busy (2026-11-28 20:15 UTC), 80 % or more for 60 min.",
      "   Change `size` of Postgres stack/Social/Database from { cpus: 2, gib: 4 } to { cpus: 4, gib: 4 }. It waits for the renewal of each machine, which stops it for a while.",
      "   Look for slow queries first.",
      "   Or raise `replicas`: the first one needs an Etcd, and takes a part of the web machines' reads.",
    ]);
  });

  test("reads that do not fit the memory, and a disk that is waited for", () => {
    expect(lines(quietBut({ postgresHits: day({ tier: "database" }, 0.9), diskWait: day({ tier: "database" }, 0.3) }))).toEqual([
      "Do, the first one first:",
      "1. database: it found 90 % of the blocks in its memory at worst (2026-11-28 08:00 UTC), and something waited for the disk in 30 % of the time (2026-11-28 08:00 UTC), and both were so for 24 h.",
      "   Change `size` of Postgres stack/Social/Database from { cpus: 2, gib: 4 } to { cpus: 2, gib: 8 }. It waits for the renewal of each machine, which stops it for a while.",
    ]);
  });

  test("a disk that is fast enough for them", () => {
    expect(lines(quietBut({ postgresHits: day({ tier: "database" }, 0.9) }))).toEqual(["Nothing to do."]);
  });
});

describe("Redis", () => {
  test("little memory left: more, and a larger machine where the instances fill it", () => {
    expect(lines(quietBut({ redisMemory: day({ use: "main" }, 500 * MIB, hour(900 * MIB)) }))).toEqual([
      "Do, the first one first:",
      "1. redis: it used 87 % of its 1024 MiB at worst (2026-11-28 20:15 UTC), 75 % or more for 60 min.",
      "   Change `size` of Redis stack/Social/Redis from { cpus: 1, gib: 2 } to { cpus: 1, gib: 4 }. It waits for the renewal of each machine, which stops it for a while.",
      "   Change `maxMemoryMib` of Redis stack/Social/Redis from 1024 to 1856. It is delivered and takes effect at once: first renew the machines with the larger size.",
      "   The machines have too little memory for it, with what their other instances may take.",
    ]);
  });

  test("more where there is room", () => {
    expect(
      lines({
        ...quietBut({ redisMemory: day({ use: "sidekiq" }, 50 * MIB, hour(110 * MIB)) }),
        redisMost: [day({ use: "main" }, 768 * MIB), day({ use: "cache" }, 256 * MIB), day({ use: "sidekiq" }, 128 * MIB)],
      }),
    ).toEqual([
      "Do, the first one first:",
      "1. jobs: it used 85 % of its 128 MiB at worst (2026-11-28 20:15 UTC), 75 % or more for 60 min.",
      "   Change `maxMemoryMib` of Redis stack/Social/Jobs from 128 to 256. It is delivered and takes effect at once.",
    ]);
  });

  test("writes that were refused", () => {
    expect(lines(quietBut({ redisRefused: day({ use: "main" }, 0, { value: 4, values: 1 }) }))).toEqual([
      "Do, the first one first:",
      "1. redis: it used 30 % of its 1024 MiB at worst (2026-11-28 08:00 UTC); it refused writes for lack of memory (2026-11-28 20:15 UTC).",
      "   Change `size` of Redis stack/Social/Redis from { cpus: 1, gib: 2 } to { cpus: 1, gib: 4 }. It waits for the renewal of each machine, which stops it for a while.",
      "   Change `maxMemoryMib` of Redis stack/Social/Redis from 1024 to 1280. It is delivered and takes effect at once: first renew the machines with the larger size.",
      "   The machines have too little memory for it, with what their other instances may take.",
    ]);
  });

  test("a cache that evicts what is asked for", () => {
    expect(lines(quietBut({ redisEvicted: day({ use: "cache" }, 20), redisFound: day({ use: "cache" }, 0.5) }))).toEqual([
      "Do, the first one first:",
      "1. cache: it used 30 % of its 256 MiB at worst (2026-11-28 08:00 UTC); it evicted 20 keys a second at most; 50 % of the keys were found at worst (2026-11-28 08:00 UTC); both for 24 h.",
      "   Change `size` of Redis stack/Social/Redis from { cpus: 1, gib: 2 } to { cpus: 1, gib: 4 }. It waits for the renewal of each machine, which stops it for a while.",
      "   Change `maxMemoryMib` of Redis stack/Social/Cache from 256 to 512. It is delivered and takes effect at once: first renew the machines with the larger size.",
      "   The machines have too little memory for it, with what their other instances may take.",
    ]);
  });

  test("a cache that evicts what is not", () => {
    expect(lines(quietBut({ redisEvicted: day({ use: "cache" }, 20) }))).toEqual(["Nothing to do."]);
  });
});

describe("disks and machines", () => {
  test("a disk that fills", () => {
    expect(lines(quietBut({ diskUsed: rising(DATA, 60 * GIB, 63 * GIB) }))).toEqual([
      "Do, the first one first:",
      "1. database, disk: 63 GiB of 100 GiB were in use at most, 63 % (2026-11-29 07:30 UTC); it grows by 3 GiB a day, and is full in 12 days at that rate.",
      "   Change `disk` of Postgres stack/Social/Database from Disk.gib(100) to Disk.gib(200). It grows the disk while its machine runs, and it never shrinks; where the cloud does not grow the file system too, run resize2fs on each machine.",
    ]);
  });

  test("a disk that is almost full", () => {
    expect(lines(quietBut({ diskUsed: day(DATA, 85 * GIB) }))).toEqual([
      "Do, the first one first:",
      "1. database, disk: 85 GiB of 100 GiB were in use at most, 85 % (2026-11-28 08:00 UTC); it hardly grows.",
      "   Change `disk` of Postgres stack/Social/Database from Disk.gib(100) to Disk.gib(170). It grows the disk while its machine runs, and it never shrinks; where the cloud does not grow the file system too, run resize2fs on each machine.",
    ]);
  });

  test("memory", () => {
    expect(
      lines(quietBut({ memory: day({ tier: "web" }, 0.95), outOfMemory: day({ tier: "web" }, 0, { value: 1, values: 2 }) })),
    ).toEqual([
      "Do, the first one first:",
      "1. web, machines: 95 % of the memory was in use at worst (2026-11-28 08:00 UTC), 90 % or more for 24 h; the kernel ended 2 processes for lack of it (2026-11-28 20:15 UTC).",
      "   Change `size` of WebTier stack/Social/Web from { cpus: 2, gib: 4 } to { cpus: 2, gib: 8 }. It replaces all machines; new ones work before old ones stop.",
      "   Or lower `threads` or `processes`.",
    ]);
  });

  test("processors of a kept machine", () => {
    expect(lines(quietBut({ cpuOfBusiest: day({ tier: "redis" }, 0.95) }))).toEqual([
      "Do, the first one first:",
      "1. redis, machines: the processors of the busiest one were 95 % busy (2026-11-28 08:00 UTC), 80 % or more for 24 h.",
      "   Change `size` of Redis stack/Social/Redis from { cpus: 1, gib: 2 } to { cpus: 2, gib: 2 }. It waits for the renewal of each machine, which stops it for a while.",
      "   A Redis works on one processor. With two and more, a faster type of machine helps, or machines of its own for each instance.",
    ]);
  });
});

describe("what is larger than needed", () => {
  test("as many as the load needs and one more stay", () => {
    expect(lines(quietBut(IDLE), LARGE)).toEqual([
      "Nothing to do.",
      "",
      "Larger than these hours needed:",
      "1. web: at most 12 % of the processors were busy (2026-11-28 08:00 UTC); at most 10 % of the threads were busy (2026-11-28 08:00 UTC).",
      "   Change `machines` of WebTier stack/Social/Web from 6 to 3. It removes machines in order.",
      "   web then takes 120 of 5000 connections of pool-1 in a roll-out, and all together 450; there is room for 116 machines of web.",
      "   Weekends and holidays differ: look at a week (--hours 168) before you do it, and keep what a lost machine, a roll-out and growth need.",
      "2. database: the processors of its busiest machine were at most 5 % busy (2026-11-28 08:00 UTC).",
      "   Change `size` of Postgres stack/Social/Database from { cpus: 8, gib: 32 } to { cpus: 4, gib: 32 }. It waits for the renewal of each machine, which stops it for a while.",
      "   Weekends and holidays differ: look at a week (--hours 168) before you do it, and keep what a lost machine, a roll-out and growth need.",
      "   Leave its memory: it is the cache.",
    ]);
  });

  test("not where something of the tier was short", () => {
    expect(
      lines(
        quietBut({ ...IDLE, webRefused: day(WEB, 0, { value: 0.2, values: 1 }), cpuOfBusiest: day({ tier: "database" }, 0.5) }),
        LARGE,
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. web: 10 % of Puma's threads were busy at worst (2026-11-28 08:00 UTC); the processors were 12 % busy (2026-11-28 08:00 UTC); no request waited; 0.2 requests a second were refused (2026-11-28 20:15 UTC).",
      "   Change `machines` of WebTier stack/Social/Web from 6 to 7. It adds machines, and leaves the others as they are.",
      "   web then takes 280 of 5000 connections of pool-1 in a roll-out, and all together 610; there is room for 116 machines of web.",
      "   It was over in less than a quarter of an hour: more machines help against a rush, and not against a fault.",
    ]);
  });

  test("nor by less than a day", () => {
    expect(lines(lastHalf(quietBut(IDLE)), LARGE)).toEqual(["Nothing to do."]);
  });

  test("two remain", () => {
    expect(lines(quietBut({ webBusy: day(WEB, 0.05), cpu: day({ tier: "web" }, 0.05) }), page({ web: { machines: 3 } }))).toEqual(
      [
        "Nothing to do.",
        "",
        "Larger than these hours needed:",
        "1. web: at most 5 % of the processors were busy (2026-11-28 08:00 UTC); at most 5 % of the threads were busy (2026-11-28 08:00 UTC).",
        "   Change `machines` of WebTier stack/Social/Web from 3 to 2. It removes machines in order.",
        "   web then takes 80 of 5000 connections of pool-1 in a roll-out, and all together 410; there is room for 116 machines of web.",
        "   Weekends and holidays differ: look at a week (--hours 168) before you do it, and keep what a lost machine, a roll-out and growth need.",
      ],
    );
  });
});

describe("what is not known", () => {
  test("no numbers but that hosts are up", () => {
    expect(lines({ hosts: QUIET.hosts! })).toEqual([
      "Nothing to do, as far as is known.",
      "",
      "Not known:",
      "- database: there are no numbers of PostgreSQL.",
      "- pool: there are no numbers of PgBouncer.",
      "- redis: there are no numbers of its memory.",
      "- cache: there are no numbers of its memory.",
      "- jobs: there are no numbers of its memory.",
      "- web: there are no numbers of Puma's threads.",
      "- federated: there are no numbers of push, ingress, pull, fasp.",
      "- jobs-local: there are no numbers of default, mailers.",
      "- scheduler: there are no numbers of scheduler.",
      "- streaming: there are no numbers of its processes.",
      "- database, disk: there are no numbers of it.",
      "- redis, disk: there are no numbers of it.",
    ]);
  });
});
