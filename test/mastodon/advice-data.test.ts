// What `cdktf-mastodon advise` says of PgBouncer, PostgreSQL, Redis and of kept machines.

import { day, page, quietBut, rising, shown } from "./advice-page";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const DATA = { tier: "database", mountpoint: "/var/lib/postgresql" };
const hour = (value: number) => ({ value, values: 12 });
const PAGE = page();

describe("PgBouncer", () => {
  test("clients that waited: more server connections", () => {
    expect(
      shown(
        quietBut({
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
    ]);
  });

  test("more than PostgreSQL takes", () => {
    expect(
      shown(quietBut({ poolerUsed: day({ tier: "pool" }, 20, hour(80)) }), page({ pool: { serverConnections: 80 } })),
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
      shown(
        quietBut({ poolerUsed: day({ tier: "pool" }, 20, hour(50)), cpuOfBusiest: day({ tier: "database" }, 0.4, hour(0.95)) }),
        PAGE,
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
    expect(shown(quietBut({ poolerClients: day({ tier: "pool" }, 20, hour(4600)) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. pool: 4600 of 5000 client connections of a process were in use (2026-11-28 20:15 UTC), 85 % or more for 60 min.",
      "   Change `maxClients` of PgBouncer stack/Social/Pool from 5000 to 8000. It is delivered without cutting a client.",
    ]);
  });
});

describe("PostgreSQL", () => {
  test("almost all connections in use", () => {
    expect(shown(quietBut({ postgresConnections: day({ instance: "database-1" }, 0.4, hour(0.9)) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. database: 90 % of the connections of database-1 were in use at worst (2026-11-28 20:15 UTC), 85 % or more for 60 min.",
      "   Change `maxConnections` of Postgres stack/Social/Database from 200 to 300. It is delivered, and takes effect when you restart PostgreSQL, which interrupts the site for some seconds.",
      "   Each connection takes memory. Many that do nothing are better held by a PgBouncer in front.",
    ]);
  });

  test("busy processors without a standby", () => {
    expect(
      shown(
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
    expect(
      shown(quietBut({ postgresHits: day({ tier: "database" }, 0.9), diskWait: day({ tier: "database" }, 0.3) }), PAGE),
    ).toEqual([
      "Do, the first one first:",
      "1. database: it found 90 % of the blocks in its memory at worst (2026-11-28 08:00 UTC), and something waited for the disk in 30 % of the time (2026-11-28 08:00 UTC), and both were so for 24 h.",
      "   Change `size` of Postgres stack/Social/Database from { cpus: 2, gib: 4 } to { cpus: 2, gib: 8 }. It waits for the renewal of each machine, which stops it for a while.",
    ]);
  });

  test("a disk that is fast enough for them", () => {
    expect(shown(quietBut({ postgresHits: day({ tier: "database" }, 0.9) }), PAGE)).toEqual(["Nothing to do."]);
  });
});

describe("Redis", () => {
  test("little memory left: more, and a larger machine where the instances fill it", () => {
    expect(shown(quietBut({ redisMemory: day({ use: "main" }, 500 * MIB, hour(900 * MIB)) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. redis: it used 87 % of its 1024 MiB at worst (2026-11-28 20:15 UTC), 75 % or more for 60 min.",
      "   Change `size` of Redis stack/Social/Redis from { cpus: 1, gib: 2 } to { cpus: 1, gib: 4 }. It waits for the renewal of each machine, which stops it for a while.",
      "   Change `maxMemoryMib` of Redis stack/Social/Redis from 1024 to 1856. It is delivered and takes effect at once: first renew the machines with the larger size.",
      "   The machines have too little memory for it, with what their other instances may take.",
    ]);
  });

  test("more where there is room", () => {
    expect(
      shown(
        {
          ...quietBut({ redisMemory: day({ use: "sidekiq" }, 50 * MIB, hour(110 * MIB)) }),
          redisMost: [day({ use: "main" }, 768 * MIB), day({ use: "cache" }, 256 * MIB), day({ use: "sidekiq" }, 128 * MIB)],
        },
        PAGE,
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. jobs: it used 85 % of its 128 MiB at worst (2026-11-28 20:15 UTC), 75 % or more for 60 min.",
      "   Change `maxMemoryMib` of Redis stack/Social/Jobs from 128 to 256. It is delivered and takes effect at once.",
    ]);
  });

  test("writes that were refused", () => {
    expect(shown(quietBut({ redisRefused: day({ use: "main" }, 0, { value: 4, values: 1 }) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. redis: it used 30 % of its 1024 MiB at worst (2026-11-28 08:00 UTC); it refused writes for lack of memory (2026-11-28 20:15 UTC).",
      "   Change `size` of Redis stack/Social/Redis from { cpus: 1, gib: 2 } to { cpus: 1, gib: 4 }. It waits for the renewal of each machine, which stops it for a while.",
      "   Change `maxMemoryMib` of Redis stack/Social/Redis from 1024 to 1280. It is delivered and takes effect at once: first renew the machines with the larger size.",
      "   The machines have too little memory for it, with what their other instances may take.",
    ]);
  });

  test("a cache that evicts what is asked for", () => {
    expect(shown(quietBut({ redisEvicted: day({ use: "cache" }, 20), redisFound: day({ use: "cache" }, 0.5) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. cache: it used 30 % of its 256 MiB at worst (2026-11-28 08:00 UTC); it evicted 20 keys a second at most; 50 % of the keys were found at worst (2026-11-28 08:00 UTC); both for 24 h.",
      "   Change `size` of Redis stack/Social/Redis from { cpus: 1, gib: 2 } to { cpus: 1, gib: 4 }. It waits for the renewal of each machine, which stops it for a while.",
      "   Change `maxMemoryMib` of Redis stack/Social/Cache from 256 to 512. It is delivered and takes effect at once: first renew the machines with the larger size.",
      "   The machines have too little memory for it, with what their other instances may take.",
    ]);
  });

  test("a cache that evicts what is not", () => {
    expect(shown(quietBut({ redisEvicted: day({ use: "cache" }, 20) }), PAGE)).toEqual(["Nothing to do."]);
  });
});

describe("disks and machines", () => {
  test("a disk that fills", () => {
    expect(shown(quietBut({ diskUsed: rising(DATA, 60 * GIB, 63 * GIB) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. database, disk: 63 GiB of 100 GiB were in use at most, 63 % (2026-11-29 08:00 UTC); it grows by 3 GiB a day, and is full in 12 days at that rate.",
      "   Change `disk` of Postgres stack/Social/Database from Disk.gib(100) to Disk.gib(200). It grows the disk while its machine runs, and it never shrinks; where the cloud does not grow the file system too, run resize2fs on each machine.",
    ]);
  });

  test("a disk that is almost full", () => {
    expect(shown(quietBut({ diskUsed: day(DATA, 85 * GIB) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. database, disk: 85 GiB of 100 GiB were in use at most, 85 % (2026-11-28 08:00 UTC); it hardly grows.",
      "   Change `disk` of Postgres stack/Social/Database from Disk.gib(100) to Disk.gib(170). It grows the disk while its machine runs, and it never shrinks; where the cloud does not grow the file system too, run resize2fs on each machine.",
    ]);
  });

  test("memory", () => {
    expect(
      shown(
        quietBut({ memory: day({ tier: "web" }, 0.95), outOfMemory: day({ tier: "web" }, 0, { value: 1, values: 2 }) }),
        PAGE,
      ),
    ).toEqual([
      "Do, the first one first:",
      "1. web, machines: 95 % of the memory was in use at worst (2026-11-28 08:00 UTC), 90 % or more for 24 h; the kernel ended 2 processes for lack of it (2026-11-28 20:15 UTC).",
      "   Change `size` of WebTier stack/Social/Web from { cpus: 2, gib: 4 } to { cpus: 2, gib: 8 }. It replaces all machines; new ones work before old ones stop.",
      "   Or lower `threads` or `processes`.",
    ]);
  });

  test("processes that the kernel ended, however short", () => {
    expect(shown(quietBut({ outOfMemory: day({ tier: "database" }, 0, { value: 1, values: 1 }) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. database, machines: 60 % of the memory was in use at worst (2026-11-28 08:00 UTC); the kernel ended 1 process for lack of it (2026-11-28 20:15 UTC).",
      "   Change `size` of Postgres stack/Social/Database from { cpus: 2, gib: 4 } to { cpus: 2, gib: 8 }. It waits for the renewal of each machine, which stops it for a while.",
    ]);
  });

  test("processors of a kept machine", () => {
    expect(shown(quietBut({ cpuOfBusiest: day({ tier: "redis" }, 0.95) }), PAGE)).toEqual([
      "Do, the first one first:",
      "1. redis, machines: the processors of the busiest one were 95 % busy (2026-11-28 08:00 UTC), 80 % or more for 24 h.",
      "   Change `size` of Redis stack/Social/Redis from { cpus: 1, gib: 2 } to { cpus: 2, gib: 2 }. It waits for the renewal of each machine, which stops it for a while.",
      "   A Redis works on one processor. With two and more, a faster type of machine helps, or machines of its own for each instance.",
    ]);
  });
});
