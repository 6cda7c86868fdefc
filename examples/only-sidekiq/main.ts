// Two more Sidekiq machines for federation, for an existing server that continues to process all other queues.

import { App, TerraformStack } from "cdktf";
import { PgBouncer, Postgres, Redis, s3Objects, Secret, SidekiqGroup, Site } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "only-sidekiq");

// #region page
const site = new Site(stack, "Social", {
  cloud: local(),
  domain: "social.example",
  version: "4.5.15",
  queuesElsewhere: ["default", "mailers", "scheduler", "fasp"],
  // The same store as the existing server's: its web processes must find the files that these machines fetch.
  objects: s3Objects({
    bucket: "social-media",
    region: "eu-central-1",
    keys: {
      id: new Secret(stack, "media_access_key", { length: 20, description: "The key of the object store." }),
      secret: new Secret(stack, "media_secret_key", { length: 40, description: "The secret half of the object store's key." }),
    },
  }),
});

const db = Postgres.external({
  host: "10.1.0.5",
  name: "mastodon_production",
  user: "mastodon",
  tls: "require",
  maxConnections: 60,
});
const redis = Redis.external({ host: "10.1.0.6", password: "none" });

// PgBouncer runs on each Sidekiq machine and needs no machine of its own.
const pool = new PgBouncer(site, "Pool", { database: db, on: "each", serverConnections: 12 });
new SidekiqGroup(site, "Federated", {
  queues: { push: 6, ingress: 4, pull: 1 },
  machines: 2,
  processes: 2,
  database: pool,
  redis,
});
// #endregion

app.synth();
