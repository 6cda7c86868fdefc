// PostgreSQL, a PgBouncer in front, and the machine "client" that may reach both. SETTINGS are lines that are added to PgBouncer's own.

import { App, TerraformStack } from "cdktf";
import { Disk, Machine, PgBouncer, Postgres, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "bench-pool");
const network = process.env["NETWORK"]!;
const site = new Site(stack, "Bench-Pool", { cloud: local(), domain: "pool.example", version: "4.7.6", network });
const size = Size.of({ cpus: 2, gib: 2 });

const db = new Postgres(site, "Database", { maxConnections: 1000, size, disk: Disk.gib(20) });
const pool = new PgBouncer(site, "Pool", { database: db, serverConnections: Number(process.env["SERVER_CONNECTIONS"]), size });
const client = new Machine(site, "Client", {
  name: "client",
  role: "own",
  range: site.range(site, "own", "client"),
  number: 1,
  size,
});
const { password } = db.reachedBy(client, "connections without a pooler");
pool.reachedBy(client, "connections through the pooler");
client.program
  .add({ kind: "package", names: process.env["PACKAGES"]!.split(" ") })
  .add({ kind: "file", path: "/root/.pgpass", content: `*:*:*:mastodon:${password}\n`, mode: "0600" });

app.synth();
