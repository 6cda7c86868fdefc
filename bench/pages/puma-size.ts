// One web machine that streams nothing, one machine for each of what it needs, and Sidekiq, which prepares the database.

import { App, TerraformStack } from "cdktf";
import { Disk, Postgres, Redis, SidekiqGroup, Site, Size, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "bench-puma");
const network = process.env["NETWORK"]!;
const site = new Site(stack, "Bench-Puma", { cloud: local(), domain: process.env["DOMAIN"]!, version: "4.7.6", network });
const size = Size.of({ cpus: 1, gib: 0.5 });

const redis = new Redis(site, "Redis", { size });
const cache = new Redis(site, "Cache", { use: "cache", on: redis });
const database = new Postgres(site, "Database", { size, disk: Disk.gib(5) });
const data = { database, redis, cache };
new WebTier(site, "Web", { machines: 1, processes: 1, threads: 5, size: Size.of({ cpus: 2, gib: 2 }), ...data });
const queues = ["default", "push", "ingress", "mailers", "pull", "fasp", "scheduler"] as const;
new SidekiqGroup(site, "Jobs", { queues, processes: 1, threads: 5, size, ...data });

app.synth();
