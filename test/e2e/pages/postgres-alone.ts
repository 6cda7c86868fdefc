// PostgreSQL on one machine with a pooler, which grows to a primary with a standby when GROWN is set, and then has etcd on three of its machines.

import { App, TerraformStack } from "cdktf";
import { Disk, Etcd, PgBouncer, Postgres, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const grown = process.env["GROWN"] !== undefined;
const app = new App();
const stack = new TerraformStack(app, "alone");
const cloud = local({ memoryGib: 1, diskGib: 2 });
const site = new Site(stack, "Alone", { cloud, domain: "social.example", version: "4.7.6", network: "10.65.0.0/16" });
const size = Size.of({ cpus: 1, gib: 0.5 });
const database = new Postgres(site, "Database", { replicas: grown ? 1 : 0, size, disk: Disk.gib(2) });
const pool = new PgBouncer(site, "Pool", { database, size });
if (grown) new Etcd(site, "Etcd", { on: [pool, database] });
app.synth();
