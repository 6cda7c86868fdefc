// PostgreSQL with a standby, etcd on its machines and the pooler's, and the machine "app" that writes through the pooler.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Disk, Etcd, Machine, PgBouncer, Postgres, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "bench-postgres");
const network = process.env["NETWORK"]!;
const site = new Site(stack, "Bench-Postgres", { cloud: local(), domain: "postgres.example", version: "4.7.6", network });
const size = Size.of({ cpus: 1, gib: 0.5 });

const database = new Postgres(site, "Database", { replicas: 1, size, disk: Disk.gib(5) });
const pool = new PgBouncer(site, "Pool", { database, size });
new Etcd(site, "Etcd", { on: [database, pool] });
const writer = new Machine(site, "App", { name: "app", role: "own", range: site.range(site, "own", "app"), number: 1, size });
const { host, port, user, name, password } = pool.reachedBy(writer, "writes rows");
writer.program
  .add({ kind: "package", names: process.env["PACKAGES"]!.split(" ") })
  .add({ kind: "file", path: "/root/.pgpass", content: `*:*:*:${user}:${password}\n`, mode: "0600" })
  .add({ kind: "file", path: "/etc/postgres-writer", content: `host=${host} port=${port} user=${user} dbname=${name}\n` })
  .add({
    kind: "file",
    path: "/usr/local/bin/postgres-writer",
    content: readFileSync(join(process.env["INSIDE"]!, "postgres-writer.sh"), "utf8"),
    mode: "0755",
  });

app.synth();
