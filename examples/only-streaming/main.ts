// Streaming alone, for an existing server whose web and Sidekiq processes stay where they are.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { PgBouncer, Postgres, Redis, Site, StreamingPool } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "only-streaming");
const site = new Site(stack, "Social", { cloud: local(), domain: "social.example", version: "4.7.6" });

// #region page
const ca = readFileSync(join(__dirname, "ca.pem"), "utf8");
const server = { name: "mastodon", user: "mastodon", ca };
const direct = Postgres.external({ ...server, host: "db.example.net", address: "10.1.0.5" });
const database = PgBouncer.external({ ...server, host: "pool.example.net", address: "10.1.0.4", direct, maxClients: 500 });
const redis = Redis.external({ url: "rediss://redis.example.net:6380", address: "10.1.0.6", ca });

// In the other server's .env.production set STREAMING_API_BASE_URL=wss://live.social.example.
new StreamingPool(site, "Streaming", { host: "live.social.example", machines: 2, database, redis });
// #endregion

app.synth();
