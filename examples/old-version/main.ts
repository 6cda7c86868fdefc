// An older server, from which an upgrade can be tried: Mastodon 4.1 with a replica for reads, one image for all roles, and no sentinels.

import { App, TerraformStack } from "cdktf";
import { Etcd, PgBouncer, Postgres, Redis, SidekiqGroup, Site, StreamingPool, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "local");
const site = new Site(stack, "Social", { cloud: local(), domain: "social.example", version: "4.1.22" });

const db = new Postgres(site, "Database", { replicas: 1 });
const pool = new PgBouncer(site, "Pool", { database: db });
new Etcd(site, "Etcd");
const data = {
  database: pool,
  redis: new Redis(site, "Redis"),
  jobs: new Redis(site, "Jobs", { use: "sidekiq" }),
};

const live = new StreamingPool(site, "Streaming", data);
new WebTier(site, "Web", { streaming: live, ...data });
new SidekiqGroup(site, "Home", { queues: { default: 8, mailers: 2 }, ...data });
new SidekiqGroup(site, "Federated", { queues: { push: 6, ingress: 4, pull: 1 }, ...data });
new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...data });

app.synth();
