// Four Redis, each with two replicas and three sentinels that call its master dead after another time, and the machine "app" that writes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Disk, Machine, Redis, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "bench-redis");
const network = process.env["NETWORK"]!;
const site = new Site(stack, "Bench-Redis", { cloud: local(), domain: "redis.example", version: "4.7.6", network });
const size = Size.of({ cpus: 1, gib: 0.5 });

const writer = new Machine(site, "App", { name: "app", role: "own", range: site.range(site, "own", "app"), number: 1, size });
for (const [slot, downAfterSeconds] of process.env["DOWN_AFTER_SECONDS"]!.split(" ").map(Number).entries()) {
  const redis = new Redis(site, `After-${downAfterSeconds}`, { replicas: 2, downAfterSeconds, size, disk: Disk.gib(1), slot });
  const { password } = redis.reachedBy(writer, "writes every 20 ms");
  if (slot > 0) continue;
  writer.program
    .add({ kind: "package", names: process.env["PACKAGES"]!.split(" ") })
    .add({ kind: "file", path: "/etc/redis-writer/password", content: `${password}`, mode: "0600" })
    .add({
      kind: "file",
      path: "/usr/local/bin/redis-writer",
      content: readFileSync(join(process.env["INSIDE"]!, "redis-writer.py"), "utf8"),
      mode: "0755",
    });
}

app.synth();
