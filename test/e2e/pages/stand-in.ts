// What the stand-in needs to be asked about everything that it does: one machine of each kind.

import { App, TerraformStack } from "cdktf";
import { Disk, Postgres, Redis, SidekiqGroup, Site, Size, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "stand-in");
const site = new Site(stack, "Stand", {
  cloud: local({ images: "stand-in", memoryGib: 2 }),
  domain: "stand.example",
  version: "4.7.6",
  network: "10.41.0.0/16",
});

const size = Size.of({ cpus: 1, gib: 0.5 });
const data = {
  database: new Postgres(site, "Database", { size, disk: Disk.gib(5) }),
  redis: new Redis(site, "Redis", { size, disk: Disk.gib(5) }),
};
new WebTier(site, "Web", { machines: 1, streaming: { processes: 1 }, size, ...data });
new SidekiqGroup(site, "Everything", {
  queues: ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"],
  threads: 5,
  size,
  ...data,
});

app.synth();
