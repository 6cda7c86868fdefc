// What `cdktf-mastodon advise` says of a page in which all is well, of what is larger than needed, and of what is not known.

import { Size } from "../../lib";
import { advice } from "../../lib/mastodon/monitoring/advice";
import { Numbers } from "../../lib/mastodon/monitoring/advice-numbers";
import { adviceText } from "../../lib/mastodon/monitoring/advice-text";
import { day, page, QUIET, quietBut, shown, todo } from "./advice-page";

const WEB = { pool: "web" };
const hour = (value: number) => ({ value, values: 12 });
const BUSY = { webBusy: day(WEB, 0.4, hour(0.83)) };
const WORKING = { ...BUSY, cpu: day({ tier: "web" }, 0.4, hour(0.9)) };
const IDLE = { webBusy: day(WEB, 0.1), cpu: day({ tier: "web" }, 0.12), cpuOfBusiest: day({ tier: "database" }, 0.05) };
const PAGE = page();
const LARGE = page({ web: { machines: 6 }, database: { size: Size.of({ cpus: 8, gib: 32 }) } });

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

describe("what is larger than needed", () => {
  test("as many as the load needs and one more stay", () => {
    expect(shown(quietBut(IDLE), LARGE)).toEqual([
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
      shown(
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
    expect(shown(lastHalf(quietBut(IDLE)), LARGE)).toEqual(["Nothing to do."]);
  });

  test("not where their number follows the load already", () => {
    expect(
      shown(
        quietBut({ webBusy: day(WEB, 0.1), cpu: day({ tier: "web" }, 0.12) }),
        page({ web: { machines: 6, scale: { most: 9 } } }),
      ),
    ).toEqual(["Nothing to do."]);
  });

  test("nor one of two that do nothing", () => {
    expect(shown(quietBut({ webBusy: day(WEB, 0), cpu: day({ tier: "web" }, 0) }), page({ web: { machines: 2 } }))).toEqual([
      "Nothing to do.",
    ]);
  });

  test("two remain", () => {
    expect(shown(quietBut({ webBusy: day(WEB, 0.05), cpu: day({ tier: "web" }, 0.05) }), page({ web: { machines: 3 } }))).toEqual(
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
    expect(shown({ hosts: QUIET.hosts! }, PAGE)).toEqual([
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
