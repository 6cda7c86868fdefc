// One site with MACHINES machines: 10, 100 or 1,000, with those of the data tier and the front door, mostly Sidekiq's.
// Its groups take their addresses by slot, since two of so many names would meet in one block.

import { App, TerraformStack } from "cdktf";
import { PgBouncer, Postgres, Redis, SidekiqGroup, Site, Size, StreamingPool, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const LAYOUTS: Readonly<
  Record<string, { readonly replicas: number; readonly streaming: number; readonly web: number; readonly sidekiq: number }>
> = {
  "10": { replicas: 0, streaming: 1, web: 1, sidekiq: 1 },
  "100": { replicas: 1, streaming: 10, web: 20, sidekiq: 62 },
  "1000": { replicas: 4, streaming: 50, web: 50, sidekiq: 889 },
};
/** The most of one tier: its block of addresses holds the pool twice. */
const MOST = 50;

const { replicas, streaming, web, sidekiq } = LAYOUTS[process.env["MACHINES"]!]!;
const app = new App();
const stack = new TerraformStack(app, "many");
const site = new Site(stack, "Many", { cloud: local(), domain: "many.example", version: "4.7.6" });
const size = Size.of({ cpus: 2, gib: 4 });

const db = new Postgres(site, "Database", { replicas });
const pool = new PgBouncer(site, "Pool", { database: db, maxClients: 60_000 });
const redis = new Redis(site, "Redis", { replicas: 2 });
const cache = new Redis(site, "Cache", { use: "cache", on: redis, replicas: 2 });
const jobs = new Redis(site, "Jobs", { use: "sidekiq", on: redis, replicas: 2 });
const data = { database: pool, redis, cache, jobs };

const live = new StreamingPool(site, "Streaming", { machines: streaming, size, ...data });
new WebTier(site, "Web", { machines: web, processes: 1, threads: 5, streaming: live, size, ...data });
for (const [n, machines] of tiers(sidekiq).entries()) {
  new SidekiqGroup(site, `Jobs-${n + 1}`, {
    queues: { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, fasp: 1 },
    machines,
    threads: 5,
    slot: n,
    size,
    ...data,
  });
}
new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, slot: 127, size, ...data });

app.synth();

function tiers(machines: number): readonly number[] {
  return Array.from({ length: Math.ceil(machines / MOST) }, (_, n) => Math.min(MOST, machines - n * MOST));
}
