// Web, streaming and Sidekiq with an external PostgreSQL and Redis, over TLS with a private certificate authority.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { PgBouncer, Postgres, Redis, SidekiqGroup, Site, StreamingPool, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "beside-existing");
const site = new Site(stack, "Social", { cloud: local(), domain: "social.example", version: "4.7.6" });

// #region data
const ca = readFileSync(join(__dirname, "ca.pem"), "utf8");
const db = Postgres.external({
  host: "db.example.net",
  name: "mastodon_production",
  user: "mastodon",
  ca,
  replicas: [{ host: "db-2.example.net" }, { host: "db-3.example.net" }],
  maxConnections: 180,
});
const redis = Redis.external({
  sentinels: { master: "mastodon", hosts: ["a", "b", "c"].map((name) => ({ host: `redis-${name}.example.net` })) },
});
const cache = Redis.external({ use: "cache", url: "rediss://mastodon@cache.example.net:6380", ca });
// #endregion

// #region tiers
const pool = new PgBouncer(site, "Pool", { database: db, machines: 2 });
const data = { database: pool, redis, cache };

const live = new StreamingPool(site, "Streaming", { machines: 2, ...data });
new WebTier(site, "Web", { machines: 2, streaming: live, ...data });
new SidekiqGroup(site, "Home", { queues: { default: 8, mailers: 2 }, ...data });
new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1, fasp: 1 }, machines: 2, ...data });
new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...data });
// #endregion

app.synth();
