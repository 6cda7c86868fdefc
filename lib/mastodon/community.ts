// How many machines of which size a community needs: `communityOf({ monthlyActive: 15_000 })`, or `smallest` for trials.
// A simple estimate from numbers that operators have published. It errs large: compare it with the metrics of the first week.

import { Problem } from "../core/problems";
import { brokenSize, Disk, Size } from "../core/size";
import type { PgBouncerProps } from "./pgbouncer";
import type { PostgresProps } from "./postgres";
import { pumaOf, sidekiqOf, streamingOf } from "./process-count";
import type { RedisProps } from "./redis";
import type { Data } from "./ruby";
import type { SidekiqGroupProps } from "./sidekiq";
import type { StreamingPoolProps } from "./streaming";
import type { WebTierProps } from "./web";

/** The props of every tier. Single tiers can be replaced: `{ ...communityOf({ monthlyActive: 15_000 }), redis: { replicas: 4 } }`. */
export interface Community {
  /** Its etcd is on the machines of `redis`. */
  readonly database: Omit<PostgresProps, "quorum">;
  readonly pool: Omit<PgBouncerProps, "database">;
  readonly redis: Omit<RedisProps, "use" | "on">;
  /** Redis for the cache, on the machines of `redis`. */
  readonly cache: Pick<RedisProps, "replicas" | "maxMemoryMib" | "downAfterSeconds">;
  /** Redis for Sidekiq's jobs, on the machines of `redis`. */
  readonly jobs: Pick<RedisProps, "replicas" | "maxMemoryMib" | "downAfterSeconds">;
  readonly streaming: Omit<StreamingPoolProps, keyof Data>;
  readonly web: Omit<WebTierProps, keyof Data | "streaming">;
  /** The Sidekiq groups by id. Together they must cover every queue. */
  readonly sidekiq: Readonly<Record<string, Omit<SidekiqGroupProps, keyof Data>>>;
}

const LOCAL = { queues: { default: 8, mailers: 2 } } as const;
const FEDERATED = { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 } } as const;
const SCHEDULER = { queues: ["scheduler"], threads: 5 } as const;
const tiny = Size.of({ cpus: 1, gib: 0.5 });

/** The smallest site with every tier, for a laptop with 2 CPUs and 8 GB on the local cloud. For trials and rehearsals, not for production. */
export const smallest: Community = {
  database: { replicas: 1, size: tiny, disk: Disk.gib(5) },
  pool: { size: tiny },
  redis: { replicas: 2, size: tiny },
  cache: { replicas: 2 },
  jobs: { replicas: 2 },
  streaming: { machines: 1, processes: 2, size: tiny },
  web: { machines: 2, processes: 1, size: tiny },
  sidekiq: {
    "Jobs-Local": { ...LOCAL, threads: 10, size: tiny },
    Federated: { ...FEDERATED, threads: 10, size: tiny },
    Scheduler: { ...SCHEDULER, size: tiny },
  },
};

const MOST = 500_000;
const REQUESTS_A_PROCESS = 8;

/**
 * The props of every tier for a community with this many monthly active users. Sources of the numbers:
 *
 * - Puma: 25 requests a second per 1,000, and a process for each 8 of them. Three servers counted 18 to 33 requests a second per 1,000 weekly users
 *   (mastodon.social, masto.donte.com.br and mspsocial.net, 2018, `Resources-needed.md` of mastodon/documentation). A profile page, which is
 *   among the costliest, takes 55 ms of processor (Mastodon 4.6), so a process carries twice that rate and more: room for bursts.
 * - Sidekiq: 25 threads, and 20 per 1,000 (mastodon.social, same file: 200 for 10,000). 55 % for default and mailers, 45 % for federation, about
 *   as toot.community's public platform repository splits them. 10 threads a process for federation, since
 *   Hachyderm found ingress bound by the CPU; for the others as many as `sidekiqOf` gives.
 * - Streaming: 80 connections per 1,000, since 10,000 to 20,000 people keep 800 to 1,200 open (docs.joinmastodon.org, "Scaling up your
 *   server"), and 200 for one process, the target of goingdark.social's public configuration.
 * - PostgreSQL and Redis: vmst.io ran 2,700 accounts on 4 CPUs with 8 GB and a Redis of 2 GB; toot.community 31,000 accounts on 40 GB and a
 *   volume of 550 GB; Hachyderm had 93 GB of data after its first 30 days with 30,000. Data grows with federation more than with people.
 *
 * No numbers are published for more than 20,000 people. Above that it adds 5 requests a second per 1,000 (mastodon.social ran 40 threads for 10,000) and
 * 8 Sidekiq threads (mastodon.world: 800 for 100,000 accounts). Verify such a size with a load test.
 *
 * @throws at synth if `monthlyActive` is not a number from 1 to 500,000
 */
export function communityOf({ monthlyActive }: { readonly monthlyActive: number }): Community {
  if (!(monthlyActive >= 1 && monthlyActive <= MOST)) {
    return broken({ wrong: `monthlyActive of communityOf is ${monthlyActive}`, remedy: `use a number from 1 to ${MOST}` });
  }
  const thousands = Math.min(monthlyActive, 20_000) / 1000;
  const beyond = Math.max(0, monthlyActive - 20_000) / 1000;
  const jobThreads = 25 + 20 * thousands + 8 * beyond;

  const web = spread((25 * thousands + 5 * beyond) / REQUESTS_A_PROCESS, [2, 4, 8, 16, 32]);
  const webSockets = Math.ceil((monthlyActive * 80) / 1000);
  const streaming = spread(webSockets / 200, [1, 2, 4, 8, 16]);
  const local = spread((0.55 * jobThreads) / sidekiqOf(sized(1, 2)).threads, [1, 2, 4, 8]);
  const federated = spread((0.45 * jobThreads) / 10, [1, 2, 4, 8, 16]);
  const rung = RUNGS.find(({ upTo }) => monthlyActive <= upTo)!;

  const [puma, locals] = [pumaOf(sized(web.cpus, 2)), sidekiqOf(sized(local.cpus, 2))];
  const ruby = count(web) * puma.threads + count(local) * locals.threads + count(federated) * 10;
  // Doubled for reads from the replica, and doubled again for a roll-out. The scheduler's five threads are not doubled in a roll-out.
  const clients = 4 * ruby + 2 * 5 + 2 * count(streaming) * 10;
  const serverConnections = Math.min(400, Math.max(20, Math.ceil(monthlyActive / 100)));
  const redisMib = rung.redis.gib * 1024;
  return {
    // Doubled, since reads go to the primary while no standby can answer them.
    database: { replicas: 1, size: rung.database, disk: rung.disk, maxConnections: Math.max(100, 2 * serverConnections + 50) },
    pool: {
      size: clients > 10_000 ? Size.of({ cpus: 2, gib: 4 }) : Size.of({ cpus: 1, gib: 1 }),
      serverConnections,
      // Rounded up with a reserve, so that one more machine does not change the pooler's configuration.
      maxClients: Math.max(5000, Math.ceil((clients * 1.25) / 5000) * 5000),
    },
    redis: { replicas: 2, size: rung.redis, disk: Disk.gib(rung.redis.gib * 10), maxMemoryMib: Math.floor(redisMib * 0.4) },
    cache: { replicas: 2, maxMemoryMib: Math.floor(redisMib * 0.15) },
    jobs: { replicas: 2, maxMemoryMib: Math.floor(redisMib * 0.15) },
    streaming: {
      machines: streaming.machines,
      processes: streamingOf(sized(streaming.cpus, 1)),
      clients: webSockets,
      size: sized(streaming.cpus, 1),
    },
    web: { machines: web.machines, ...puma, size: sized(web.cpus, 2) },
    sidekiq: {
      "Jobs-Local": { ...LOCAL, machines: local.machines, ...locals, size: sized(local.cpus, 2) },
      Federated: {
        ...FEDERATED,
        machines: federated.machines,
        ...sidekiqOf(sized(federated.cpus, 2), { threads: 10 }),
        size: sized(federated.cpus, 2),
      },
      Scheduler: { ...SCHEDULER, size: Size.of({ cpus: 1, gib: 2 }) },
    },
  };
}

/** No site exists yet to report the problem to, so each size carries it: the first tier that uses a size reports it. */
function broken(problem: Problem): Community {
  const size = brokenSize(problem);
  const sized = <Tier extends object>(tier: Tier) => ({ ...tier, size });
  return {
    ...smallest,
    database: sized(smallest.database),
    pool: sized(smallest.pool),
    redis: sized(smallest.redis),
    streaming: sized(smallest.streaming),
    web: sized(smallest.web),
    sidekiq: Object.fromEntries(Object.entries(smallest.sidekiq).map(([id, group]) => [id, sized(group)])),
  };
}

interface Spread {
  readonly machines: number;
  /** CPUs of each machine; one process runs per CPU. */
  readonly cpus: number;
}

/** At least two machines, so that one may fail. Above 12 machines the next larger size is used. */
function spread(processes: number, choices: readonly number[]): Spread {
  const cpus = choices.find((choice) => processes <= 12 * choice) ?? choices.at(-1)!;
  return { machines: Math.max(2, Math.ceil(processes / cpus)), cpus };
}

function count({ machines, cpus }: Spread): number {
  return machines * cpus;
}

function sized(cpus: number, gibEach: number): Size {
  return Size.of({ cpus, gib: cpus * gibEach });
}

const RUNGS = [
  { upTo: 500, database: [2, 4], redis: [1, 2], disk: 100 },
  { upTo: 2_500, database: [4, 8], redis: [1, 4], disk: 200 },
  { upTo: 10_000, database: [8, 32], redis: [2, 8], disk: 400 },
  { upTo: 50_000, database: [16, 64], redis: [4, 16], disk: 800 },
  { upTo: 100_000, database: [32, 128], redis: [8, 32], disk: 2000 },
  { upTo: MOST, database: [64, 256], redis: [16, 64], disk: 4_000 },
].map(({ upTo, database, redis, disk }) => ({
  upTo,
  database: Size.of({ cpus: database[0]!, gib: database[1]! }),
  redis: Size.of({ cpus: redis[0]!, gib: redis[1]! }),
  disk: Disk.gib(disk),
}));
