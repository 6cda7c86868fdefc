// What `cdktf-mastodon advise` says of web, Sidekiq and streaming machines.

import { AlertsProps, Size } from "../../lib";
import { day, page, QUIET, quietBut, shown } from "./advice-page";

const WEB = { pool: "web" };
const hour = (value: number) => ({ value, values: 12 });
const BUSY = { webBusy: day(WEB, 0.4, hour(0.83)) };
const WORKING = { ...BUSY, cpu: day({ tier: "web" }, 0.4, hour(0.9)) };
const PAGE = page();

describe("web machines that were short", () => {
  test("busy threads and processors: more machines, as many as bring both to 60 %", () => {
    expect(
      shown(
        quietBut({ ...WORKING, webRefused: day(WEB, 0, { value: 3.2, values: 1 }), webWaiting: day(WEB, 0, hour(40)) }),
        PAGE,
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; 40 requests waited for a thread (2026-11-28 20:15 UTC), some for 60 min; 3.2 requests a second were refused (2026-11-28 20:15 UTC).",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
      "   web then takes 240 of 5000 connections of pool-1 in a roll-out, and all together 570; there is room for 116 machines of web.",
    ]);
  });

  test("ten minutes are too short to count", () => {
    expect(
      shown(
        quietBut({ webBusy: day(WEB, 0.4, { value: 0.99, values: 2 }), cpu: day({ tier: "web" }, 0.4, { value: 1, values: 2 }) }),
        PAGE,
      ),
    ).toEqual(["Nothing to do."]);
  });

  test("but requests that were refused always count", () => {
    expect(shown(quietBut({ webRefused: day(WEB, 0, { value: 0.2, values: 1 }) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. web: 40 % of Puma's threads were busy at worst (2026-11-28 08:00 UTC); the processors were 40 % busy (2026-11-28 08:00 UTC); no request waited; 0.2 requests a second were refused (2026-11-28 20:15 UTC).",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 5. It adds machines, and leaves the others as they are.",
      "   web then takes 200 of 5000 connections of pool-1 in a roll-out, and all together 530; there is room for 116 machines of web.",
      "   It was over in less than a quarter of an hour: more machines help against a rush, and not against a fault.",
    ]);
  });

  test("busy threads beside idle processors wait for something else: more threads", () => {
    expect(shown(quietBut(BUSY), PAGE)).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 40 % busy (2026-11-28 08:00 UTC); no request waited.",
      "   Change `threads` of WebTier stack/Social/Web from 5 to 7. It replaces all machines; new ones work before old ones stop.",
      "   web then takes 224 of 5000 connections of pool-1 in a roll-out, and all together 554.",
    ]);
  });

  test("unless the memory has no room for them", () => {
    expect(shown(quietBut(BUSY), page({ web: { size: Size.of({ cpus: 2, gib: 1.5 }), processes: 2 } }))).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 40 % busy (2026-11-28 08:00 UTC); no request waited.",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
      "   web then takes 240 of 5000 connections of pool-1 in a roll-out, and all together 570; there is room for 116 machines of web.",
    ]);
  });

  test("or PgBouncer's clients wait, which is told first", () => {
    expect(
      shown(
        quietBut({
          ...WORKING,
          poolerUsed: day({ tier: "pool" }, 20, hour(50)),
          poolerWaiting: day({ tier: "pool" }, 0, hour(12)),
          poolerLongest: day({ tier: "pool" }, 0, hour(3)),
        }),
        PAGE,
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
    expect(shown(quietBut(WORKING), page({ web: { scale: { most: 6 } } }))).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; no request waited.",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
    ]);
  });

  test("where it had added all that it may: more at most", () => {
    expect(
      shown(quietBut({ ...WORKING, hosts: day({ tier: "web" }, 4, hour(6)) }), page({ web: { scale: { most: 6 } } })),
    ).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; no request waited.",
      "   Change `most of scale` of WebTier stack/Social/Web from 6 to 9. It adds machines, and leaves the others as they are.",
      "   web then takes 360 of 5000 connections of pool-1 in a roll-out, and all together 690; there is room for 116 machines of web.",
    ]);
  });

  test("too many connections for the pooler", () => {
    expect(shown(quietBut(WORKING), page({ pool: { maxClients: 500 } }))).toEqual([
      "Do, the first one first:",
      "1. web: 83 % of Puma's threads were busy at worst (2026-11-28 20:15 UTC), 70 % or more for 60 min; the processors were 90 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min; no request waited.",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
      "   web then takes 240 of 500 connections of pool-1 in a roll-out, and all together 570: too many. In the same deploy, raise maxClients of PgBouncer stack/Social/Pool to at least 1000.",
    ]);
  });

  test("a pooler on each machine: connections of PostgreSQL", () => {
    expect(
      shown({ ...quietBut(WORKING), poolerUsed: [] }, page({ pool: { on: "each" }, database: { maxConnections: 500 } })),
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
      shown(
        quietBut({ queueLatency: day({ queue: "push" }, 1, hour(250)), cpu: day({ tier: "federated" }, 0.4, hour(0.95)) }),
        PAGE,
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. federated: jobs of push waited up to 4 min (2026-11-28 20:15 UTC), 60 s or more for 60 min; 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 95 % busy (2026-11-28 20:15 UTC), 75 % or more for 60 min.",
      "   Change `machines` of SidekiqGroup stack/Social/Federated from 2 to 4. It adds machines, and leaves the others as they are.",
      "   federated then takes 400 of 5000 connections of pool-1 in a roll-out, and all together 690; there is room for 47 machines of federated.",
      '   Or give push a SidekiqGroup of its own, queues: ["push"]; ingress, pull, fasp did not wait.',
    ]);
  });

  test("a queue is late when the page's own alerts say so", () => {
    const late = (alerts: AlertsProps) =>
      shown(quietBut({ queueLatency: day({ queue: "push" }, 1, hour(250)) }), page({ alerts })).join("\n");
    expect(late({ queueSeconds: { push: 200 } })).toContain(
      "jobs of push waited up to 4 min (2026-11-28 20:15 UTC), 3 min or more",
    );
    expect(late({ queueSeconds: { push: 300 } })).not.toContain("push");
  });

  test("idle processors: more threads", () => {
    expect(shown(quietBut({ queueLatency: day({ queue: "default" }, 1, hour(40)) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. jobs-local: jobs of default waited up to 40 s (2026-11-28 20:15 UTC), 15 s or more for 60 min; 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 40 % busy (2026-11-28 08:00 UTC).",
      "   Change `threads` of SidekiqGroup stack/Social/Jobs-Local from 10 to 20. It replaces all machines; new ones work before old ones stop.",
      "   jobs-local then takes 160 of 5000 connections of pool-1 in a roll-out, and all together 570.",
      '   Or give default a SidekiqGroup of its own, queues: ["default"]; mailers did not wait.',
    ]);
  });

  test("a queue of two groups is told once", () => {
    expect(
      shown(
        quietBut({ queueLatency: day({ queue: "mailers" }, 1, hour(900)) }),
        page({ federated: { queues: ["push", "ingress", "pull", "fasp", "mailers"] } }),
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. federated: jobs of mailers waited up to 15 min (2026-11-28 20:15 UTC), 5 min or more for 60 min; 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 40 % busy (2026-11-28 08:00 UTC).",
      "   Change `machines` of SidekiqGroup stack/Social/Federated from 2 to 3. It adds machines, and leaves the others as they are.",
      "   federated then takes 300 of 5000 connections of pool-1 in a roll-out, and all together 590; there is room for 47 machines of federated.",
      '   Or give mailers a SidekiqGroup of its own, queues: ["mailers"]; push, ingress, pull, fasp did not wait.',
    ]);
  });

  test("the scheduler's alone: nothing on the page makes it faster", () => {
    expect(
      shown(quietBut({ queueLatency: day({ queue: "scheduler" }, 1, hour(4000)), cpu: day({ tier: "scheduler" }, 0.9) }), PAGE),
    ).toEqual([
      "Do, the first one first:",
      "1. scheduler: jobs of scheduler waited up to 67 min (2026-11-28 20:15 UTC), 10 min or more for 60 min; 50 % of its threads were busy (2026-11-28 08:00 UTC); the processors were 90 % busy (2026-11-28 08:00 UTC), 75 % or more for 24 h.",
      "   The queue scheduler has one machine and one process: look at /sidekiq which of its jobs takes long, and at the database for what it waits.",
    ]);
  });

  test("another one beside the scheduler: a group of its own", () => {
    expect(
      shown(
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
      shown(
        quietBut({
          streamingCpu: day({ pool: "streaming" }, 0.4, hour(0.9)),
          streamingLag: day({ pool: "streaming" }, 0.012, hour(0.3)),
        }),
        PAGE,
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. streaming: a process had 150 WebSockets at most (2026-11-28 08:00 UTC); one took 90 % of a processor (2026-11-28 20:15 UTC), 70 % or more for 60 min; its event loop was 300 ms late (2026-11-28 20:15 UTC), 100 ms or more for 60 min.",
      "   Change `processes` of StreamingPool stack/Social/Streaming from 1 to 2. It replaces all machines; new ones work before old ones stop. WebSockets connect again.",
      "   streaming then takes 80 of 5000 connections of pool-1 in a roll-out, and all together 530.",
    ]);
  });

  test("on web machines: more of these, or machines of its own", () => {
    expect(
      shown(
        { ...QUIET, streamingClients: [day(WEB, 90)], streamingCpu: [day(WEB, 0.8)] },
        page({ web: { streaming: { processes: 2 } } }),
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. web, streaming: a process had 90 WebSockets at most (2026-11-28 08:00 UTC); one took 80 % of a processor (2026-11-28 08:00 UTC), 70 % or more for 24 h.",
      "   Change `machines` of WebTier stack/Social/Web from 4 to 6. It adds machines, and leaves the others as they are.",
      "   web then takes 480 of 5000 connections of pool-1 in a roll-out, and all together 810; there is room for 58 machines of web.",
      "   Or give streaming a StreamingPool, on machines of its own.",
      "",
      "Not known:",
      "- streaming: there are no numbers of its processes.",
    ]);
  });

  test("then more machines", () => {
    expect(
      shown(quietBut({ streamingCpu: day({ pool: "streaming" }, 0.4, hour(0.9)) }), page({ streaming: { processes: 2 } })),
    ).toEqual([
      "Do, the first one first:",
      "1. streaming: a process had 150 WebSockets at most (2026-11-28 08:00 UTC); one took 90 % of a processor (2026-11-28 20:15 UTC), 70 % or more for 60 min; its event loop was 12 ms late (2026-11-28 08:00 UTC).",
      "   Change `machines` of StreamingPool stack/Social/Streaming from 2 to 3. It adds machines, and leaves the others as they are.",
      "   streaming then takes 120 of 5000 connections of pool-1 in a roll-out, and all together 570; there is room for 113 machines of streaming.",
      "   If the page gives `clients`, raise it too if there are to be more WebSockets than it says.",
    ]);
  });
});
