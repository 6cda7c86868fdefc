// The smallest whole server: one host name, one machine a tier, nothing in front of PostgreSQL, and nobody watching Redis.

import { App, TerraformStack } from "cdktf";
import { Disk, Postgres, Redis, SidekiqGroup, Site, Size, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "one-name");
const site = new Site(stack, "Small", {
  cloud: local({ images: "stand-in", memoryGib: 2 }),
  domain: "small.example",
  version: "4.3.23",
  network: "10.63.0.0/16",
});

const size = Size.of({ cpus: 1, gib: 0.5 });
const data = {
  database: new Postgres(site, "Database", { size, disk: Disk.gib(5) }),
  redis: new Redis(site, "Redis", { size, disk: Disk.gib(5) }),
};
new WebTier(site, "Web", { machines: 1, streaming: { processes: 2 }, size, ...data });
new SidekiqGroup(site, "Everything", {
  queues: { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, scheduler: 1 },
  threads: 5,
  size,
  ...data,
});

app.synth();
