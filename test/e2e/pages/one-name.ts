// The smallest whole server: one host name, nothing in front of PostgreSQL, and nobody watching Redis. VERSION and WEB upgrade it and add machines.

import { App, TerraformStack } from "cdktf";
import { Disk, Postgres, Redis, SidekiqGroup, Site, Size, WebTier } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const version = process.env["VERSION"] ?? "4.3.23";
const app = new App();
const stack = new TerraformStack(app, "one-name");
const site = new Site(stack, "Small", {
  cloud: local({ images: "stand-in", memoryGib: 2 }),
  domain: "small.example",
  version,
  network: "10.63.0.0/16",
});

const size = Size.of({ cpus: 1, gib: 0.5 });
const data = {
  database: new Postgres(site, "Database", { size, disk: Disk.gib(5) }),
  redis: new Redis(site, "Redis", { size, disk: Disk.gib(5) }),
};
new WebTier(site, "Web", { machines: Number(process.env["WEB"] ?? 2), streaming: { processes: 2 }, size, ...data });
new SidekiqGroup(site, "Everything", {
  queues: { default: 8, push: 6, ingress: 4, mailers: 2, pull: 1, scheduler: 1, ...(version.startsWith("4.4.") && { fasp: 1 }) },
  threads: 5,
  size,
  ...data,
});

app.synth();
