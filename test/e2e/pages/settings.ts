// A PostgreSQL and a machine beside it, small. CONNECTIONS are PostgreSQL's, and with CALLER a machine of a role that the page did not have calls it.

import { App, TerraformStack } from "cdktf";
import { Disk, Machine, Postgres, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const { CONNECTIONS = "100", CALLER = "no" } = process.env;
const app = new App();
const stack = new TerraformStack(app, "settings");
const cloud = local({ memoryGib: 1, diskGib: 2 });
const site = new Site(stack, "Settled", { cloud, domain: "social.example", version: "4.7.6", network: "10.67.0.0/16" });
const size = Size.of({ cpus: 1, gib: 0.5 });
const database = new Postgres(site, "Database", { size, disk: Disk.gib(2), maxConnections: Number(CONNECTIONS) });
if (CALLER === "yes") {
  const caller = new Machine(site, "Caller", {
    name: "caller",
    role: "own",
    range: site.range(site, "own", "caller"),
    number: 1,
    size,
  });
  const { host, port } = database.reachedBy(caller, "a role that was not there before");
  caller.program.readyWhen(`timeout 5 bash -c '</dev/tcp/${host}/${port}' || { echo 'PostgreSQL is out of reach'; false; }`);
}
app.synth();
