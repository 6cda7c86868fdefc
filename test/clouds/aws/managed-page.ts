// A page whose databases AWS runs: `managedPage({ rds: { replicas: 1 } }).web`.

import { mail, Monitoring, PgBouncer, Postgres, Redis, s3Objects, SidekiqGroup, StreamingPool, WebTier } from "../../../lib";
import { AwsProps, elastiCache, ElastiCacheProps, rds, RdsProps } from "../../../lib/clouds/aws";
import { page } from "./page";

interface Options {
  readonly cloud?: Partial<AwsProps>;
  readonly rds?: Partial<RdsProps>;
  readonly valkey?: Partial<ElastiCacheProps>;
  /** Whether a PgBouncer of the page is in front. */
  readonly pooler?: boolean;
  readonly version?: string;
  readonly monitored?: boolean;
}

export function managedPage({ cloud, rds: props, valkey, pooler = true, version = "4.7.6", monitored = false }: Options = {}) {
  const { stack, site } = page(cloud, {
    version,
    queuesElsewhere: [],
    settings: [mail("none")],
    objects: s3Objects({ bucket: "media", region: "eu-central-1" }),
  });
  const server = rds(site, "Database", { class: "db.m7g.large", storageGib: 100, ...props });
  const direct = Postgres.external(server);
  const database = pooler ? new PgBouncer(site, "Pool", { database: direct }) : direct;
  const redis = Redis.external(elastiCache(site, "Feeds", { node: "cache.t4g.small", ...valkey }));
  const cache = Redis.external(elastiCache(site, "Cache", { use: "cache", node: "cache.t4g.small", nodes: 1 }));
  const jobs = Redis.external(elastiCache(site, "Jobs", { use: "sidekiq", node: "cache.t4g.small" }));
  const data = { database, redis, cache, jobs };
  const streaming = new StreamingPool(site, "Streaming", { processes: 1, ...data });
  const web = new WebTier(site, "Web", { processes: 1, streaming, ...data });
  const queues = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;
  const sidekiq = new SidekiqGroup(site, "Work", { threads: 5, queues, ...data });
  const [monitor] = monitored ? new Monitoring(site, "Monitoring").machines : [];
  return { stack, site, web, streaming, sidekiq, server, monitor };
}
