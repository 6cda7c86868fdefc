// PostgreSQL and a watched Redis over small disks, to run them full: sizes from the environment, so that they can grow.

import { App, TerraformStack } from "cdktf";
import { Disk, Postgres, Redis, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "disks");
const site = new Site(stack, "Disks", {
  cloud: local({ images: "stand-in", memoryGib: 1, diskGib: 4 }),
  domain: "disks.example",
  version: "4.7.6",
  network: "10.90.0.0/16",
});

const size = Size.of({ cpus: 1, gib: 0.5 });
const disk = Disk.gib(Number(process.env["DISK_GIB"]));
new Postgres(site, "Database", { size, disk });
new Redis(site, "Redis", { size, disk, replicas: 2 });

app.synth();
