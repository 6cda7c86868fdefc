// Two small sites side by side, of the core's words alone. GENERATION changes the pool's boot text, READY what its machines say of themselves,
// and without KEEPER the page has no kept machine.

import { App, TerraformStack } from "cdktf";
import { Machine, Pool, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const { GENERATION = "1", READY = "true", BOOT = "true", KEEPER = "yes" } = process.env;
const size = Size.of({ cpus: 1, gib: 0.5 });
const app = new App();
const stack = new TerraformStack(app, "two-sites");

for (const [name, network] of [
  ["North", "10.61.0.0/16"],
  ["South", "10.62.0.0/16"],
] as const) {
  const cloud = local({ memoryGib: 1, diskGib: 2, readySeconds: 20, bootSeconds: 120 });
  const site = new Site(stack, name, { cloud, domain: `${name.toLowerCase()}.example`, version: "4.7.6", network });
  if (KEEPER === "yes") {
    const keeper = new Machine(site, "Keeper", {
      name: "keeper",
      role: "own",
      range: site.range(site, "own", "keeper"),
      number: 1,
      size,
    });
    keeper.program.add({ kind: "run", why: "the keeper's own work", script: `${BOOT}\n` });
  }
  const pool = new Pool(site, "Web", { name: "web", role: "web", range: site.range(site, "web", "web"), machines: 2, size });
  pool.program
    .add({ kind: "package", names: ["nginx-light"] })
    .add({
      kind: "run",
      why: "a page",
      script: `rm -f /var/www/html/*\necho generation ${GENERATION} >/var/www/html/index.html\n`,
    })
    .add({ kind: "start", units: ["nginx.service"] })
    .readyWhen(`${READY} || { echo 'not willing'; false; }`);
  site.frontDoor.route(site.domain, pool, { port: 80, path: "/", status: 200 });
}

app.synth();
