// A whole Mastodon server in one line: `new Mastodon(stack, "Social", { cloud, domain: "social.example", size: communityOf({ monthlyActive: 15_000 }) })`.
// A site with every tier. A page that writes out the same tiers with the same ids keeps the same machines.

import { Construct } from "constructs";
import { Site, SiteProps } from "./site";
import { Community, smallest } from "./community";
import { Etcd } from "./etcd";
import { PgBouncer } from "./pgbouncer";
import { Postgres } from "./postgres";
import { Redis } from "./redis";
import { Data } from "./ruby";
import { SidekiqGroup } from "./sidekiq";
import { StreamingPool } from "./streaming";
import { NEWEST, Queue, versionOf } from "./version";
import { WebTier } from "./web";

export interface MastodonProps extends Omit<SiteProps, "version"> {
  /**
   * Mastodon's version. A change replaces the web, streaming and Sidekiq machines and migrates the database. Set it once the server is in use:
   * otherwise a newer release of this library upgrades Mastodon.
   * @default "4.7.6", the newest that this library knows
   */
  readonly version?: string;
  /**
   * The props of every tier: from `communityOf`, or your own. A change of sizes replaces pools and stops kept machines for a while.
   * @default smallest - for a laptop with 2 CPUs and 8 GB on the local cloud, not for production
   */
  readonly size?: Community;
}

export class Mastodon extends Site {
  readonly database: Postgres;
  /** Decides which PostgreSQL is primary, if there are several. */
  readonly etcd: Etcd | undefined;
  readonly pool: PgBouncer;
  readonly redis: Redis;
  readonly cache: Redis;
  readonly jobs: Redis;
  /** The data props of any further tier: `new SidekiqGroup(mastodon, "More", { queues: ["push"], ...mastodon.data })`. */
  readonly data: Required<Omit<Data, "replicaUrl">>;
  readonly streaming: StreamingPool;
  readonly web: WebTier;
  /** Each group by its id. */
  readonly sidekiq: Readonly<Record<string, SidekiqGroup>>;

  constructor(scope: Construct, id: string, props: MastodonProps) {
    super(scope, id, { ...props, version: props.version ?? NEWEST });
    const size = props.size ?? smallest;
    this.redis = new Redis(this, "Redis", size.redis);
    // On the machines with sentinels, if there are three; else on machines of its own.
    const on = this.redis.machines.length > 2 ? { on: this.redis } : {};
    this.etcd = (size.database.replicas ?? 0) > 0 ? new Etcd(this, "Etcd", on) : undefined;
    this.database = new Postgres(this, "Database", size.database);
    this.pool = new PgBouncer(this, "Pool", { ...size.pool, database: this.database });
    this.cache = new Redis(this, "Cache", { ...size.cache, use: "cache", on: this.redis });
    this.jobs = new Redis(this, "Jobs", { ...size.jobs, use: "sidekiq", on: this.redis });
    this.data = { database: this.pool, redis: this.redis, cache: this.cache, jobs: this.jobs };
    this.streaming = new StreamingPool(this, "Streaming", { ...size.streaming, ...this.data });
    this.web = new WebTier(this, "Web", { ...size.web, streaming: this.streaming, ...this.data });
    const known = versionOf(this).queues;
    this.sidekiq = Object.fromEntries(
      Object.entries(size.sidekiq).map(([group, own]) => {
        // Sizes do not depend on the version, and older versions do not have the queue fasp.
        const queues = Array.isArray(own.queues)
          ? own.queues.filter((queue: Queue) => known.includes(queue))
          : Object.fromEntries(Object.entries(own.queues).filter(([queue]) => known.includes(queue as Queue)));
        return [group, new SidekiqGroup(this, group, { ...own, queues, ...this.data })];
      }),
    );
  }
}
