// A page whose PostgreSQL and Redis run elsewhere, for the tests of what monitoring reads of them: `externalPage({ monitoring: {} }).machine`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import {
  ExternalPostgresProps,
  ExternalRedisProps,
  Machine,
  Monitoring,
  MonitoringProps,
  PgBouncer,
  Postgres,
  Redis,
  Secret,
  SidekiqGroup,
  Site,
  StreamingPool,
  WebTier,
} from "../../lib";
import { textOf } from "../../lib/core/program";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud, FakeCloudOptions } from "../../lib/testing";

export const CA = readFileSync(join(__dirname, "../../examples/beside-existing/ca.pem"), "utf8");

interface Options extends FakeCloudOptions {
  readonly monitoring?: MonitoringProps | undefined;
  readonly postgres?: Partial<ExternalPostgresProps>;
  readonly jobs?: ExternalRedisProps;
  /** Whether the Redis are the page's own. */
  readonly ownRedis?: boolean;
  /** Whether a pooler that the page does not run stands in front of PostgreSQL. */
  readonly pooled?: boolean;
}

/** @param monitored whether it has a `Monitoring`, in its first line */
export function externalPage(
  { monitoring = {}, postgres, jobs: given, ownRedis = false, pooled = false, ...options }: Options = {},
  monitored = true,
) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud(options), domain: "social.example", version: "4.7.6" });
  const made = monitored ? new Monitoring(site, "Monitoring", monitoring) : undefined;
  const feeds = new Secret(stack, "feeds_password", { length: 40, description: "Feeds." });
  const direct = Postgres.external({
    host: "db.example.net",
    name: "mastodon_production",
    user: "mastodon@db",
    ca: CA,
    replicas: [{ host: "db-2.example.net", address: "192.0.2.2" }],
    ...postgres,
  });
  const redis = ownRedis
    ? new Redis(site, "Redis")
    : Redis.external({ url: "rediss://default@feeds.example.net:6380/3", ca: CA, password: feeds });
  const cache = ownRedis
    ? new Redis(site, "Cache", { use: "cache" })
    : Redis.external({ use: "cache", host: "192.0.2.9", password: "none" });
  const jobs = Redis.external(given ?? { use: "sidekiq", host: "jobs.example.net", tls: true });
  const pool = { host: "pool.example.net", name: "mastodon", user: "mastodon@db", ca: CA, maxClients: 1000 };
  const database = pooled ? PgBouncer.external({ ...pool, direct }) : new PgBouncer(site, "Pool", { database: direct });
  const data = { database, redis, cache, jobs };
  const streaming = new StreamingPool(site, "Streaming", data);
  new WebTier(site, "Web", { streaming, ...data });
  new SidekiqGroup(site, "Jobs", { queues: ["default", "push", "ingress", "mailers", "pull", "fasp", "scheduler"], ...data });
  return { stack, site, machines: made?.machines ?? [] };
}

/** The files of a machine by path: their texts, and their modes if these are not 0644. */
export function filesOf({ program }: Machine): Readonly<Record<string, string>> {
  return Object.fromEntries(
    program.steps.flatMap((step) =>
      step.kind === "file"
        ? [[`${step.path}${step.mode === undefined ? "" : ` ${step.mode}`}`, readableText(textOf(step.content))] as const]
        : [],
    ),
  );
}
