// The limits from which `cdktf-mastodon advise` says something, and where each comes from. docs/advise.md has them in a table.

/** A number counts as too high if it was for a quarter of an hour: three values of five minutes, one after the other or not. */
export const LEAST_VALUES = 3;

/** How busy machines are to be once the advice is taken: what `scale` aims at too. */
export const AIM = 0.6;

export const TOO_HIGH = {
  /** Of Puma's threads. The alert `WebBusy` comes at 85 %: a machine that is added takes minutes to boot. */
  threads: 0.7,
  /** Of the processors of a pool, on average. Above it requests wait for a processor noticeably, as queues do at such a load. */
  cpuOfPool: 0.75,
  /** Of the processors of the busiest kept machine of a tier. One of them does the work, and it cannot share it. */
  cpuOfMachine: 0.8,
  /** Of a machine's memory. What is left is its cache of files. */
  memory: 0.9,
  /** Of one processor, by a streaming process: Node runs on one at a time. */
  streamingCpu: 0.7,
  /** Seconds that one in a hundred turns of Node's event loop takes. People notice a tenth of a second, and it takes some 10 ms when nothing happens. */
  streamingLag: 0.1,
  /** Of a pooler's server connections. The alert `PgBouncerPoolFull` comes at 95 %. */
  serverConnections: 0.9,
  /** Clients that wait for a server connection, on average of five minutes. */
  waitingClients: 1,
  /** Of `maxClients`, as in the alert `PgBouncerClients`. */
  poolerClients: 0.85,
  /** Of PostgreSQL's `maxConnections`. */
  connections: 0.85,
  /** Of the time in which something on the machine waited for its disk. */
  diskWait: 0.2,
  /** Of `maxmemory`. At 100 % Redis refuses writes. */
  redisMemory: 0.75,
  /** Of a disk. PostgreSQL and Redis write their files anew at times, beside the old ones. */
  disk: 0.8,
} as const;

export const TOO_LOW = {
  /** Blocks that PostgreSQL found in its own memory. Below, with a disk that is waited for, what is used often does not fit the memory. */
  cacheHits: 0.97,
  /** Keys that were found in the cache, while others were evicted. */
  keysFound: 0.8,
  /** Days until a disk is full, at the rate of these hours. */
  diskDays: 30,
  /** At most so busy: machines are larger than needed. */
  idle: 0.3,
} as const;
