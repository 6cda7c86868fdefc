// Two machines more for federation, beside a server that stands already and goes on working off every other queue.

import { App, TerraformStack } from "cdktf";
import { PgBouncer, Postgres, Redis, SidekiqGroup, Site } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "only-sidekiq");

// #region page
const site = new Site(stack, "Social", {
  cloud: local(),
  domain: "social.example",
  version: "4.5.15",
  queuesElsewhere: ["default", "mailers", "scheduler", "fasp"],
});

const db = Postgres.external({
  host: "10.1.0.5",
  name: "mastodon_production",
  user: "mastodon",
  tls: "require",
  maxConnections: 60,
});
const redis = Redis.external({ host: "10.1.0.6", password: "none" });

// A pooler on each of the machines, and none of its own.
const pool = new PgBouncer(site, "Pool", { database: db, on: "each", serverConnections: 12 });
new SidekiqGroup(site, "Federated", { queues: ["push", "ingress", "pull"], machines: 2, processes: 2, database: pool, redis });
// #endregion

app.synth();
