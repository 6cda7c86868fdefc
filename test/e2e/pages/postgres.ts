// PostgreSQL by itself, with two standbys that every commit waits for, and a pooler in front.

import { App, TerraformStack } from "cdktf";
import { Disk, Etcd, PgBouncer, Postgres, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "postgres");
const cloud = local({ memoryGib: 1, diskGib: 2 });
const site = new Site(stack, "Synchronous", { cloud, domain: "social.example", version: "4.7.6", network: "10.66.0.0/16" });
const size = Size.of({ cpus: 1, gib: 0.5 });
const database = new Postgres(site, "Database", { replicas: 2, synchronous: true, size, disk: Disk.gib(2) });
new Etcd(site, "Etcd", { on: database });
new PgBouncer(site, "Pool", { database, size });
app.synth();
