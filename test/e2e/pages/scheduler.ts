// Two groups of Sidekiq, of which SCHEDULER says who has the scheduler; a change of LOGS renews both.

import { App, TerraformStack } from "cdktf";
import { Disk, Postgres, Redis, SidekiqGroup, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const scheduler = process.env["SCHEDULER"] ?? "First";
const app = new App();
const stack = new TerraformStack(app, "scheduler");
const site = new Site(stack, "Moving", {
  cloud: local({ images: "stand-in", memoryGib: 3 }),
  domain: "moving.example",
  version: "4.7.6",
  network: process.env["NETWORK"] ?? "10.68.0.0/16",
  extraEnv: { RAILS_LOG_LEVEL: process.env["LOGS"] ?? "info" },
});

const size = Size.of({ cpus: 1, gib: 0.5 });
const data = {
  database: new Postgres(site, "Database", { size, disk: Disk.gib(5) }),
  redis: new Redis(site, "Redis", { size, disk: Disk.gib(5) }),
};
const QUEUES = { First: { default: 8, push: 6, ingress: 4 }, Second: { mailers: 2, pull: 1, fasp: 1 } };
for (const [id, own] of Object.entries(QUEUES)) {
  new SidekiqGroup(site, id, { queues: id === scheduler ? { ...own, scheduler: 1 } : own, threads: 5, size, ...data });
}

app.synth();
