// As many machines as examples/local has, its front door included, with nothing to do: seven that are kept, and six members of pools. The first
// names the packages of the example, so that all boot from the same Debian.

import { App, TerraformStack } from "cdktf";
import { Machine, Pool, Site, Size } from "cdktf-mastodon";
import { local } from "cdktf-mastodon/local";

const app = new App();
const stack = new TerraformStack(app, "bench-empty");
const network = process.env["NETWORK"]!;
const site = new Site(stack, "Bench-Empty", { cloud: local(), domain: "empty.example", version: "4.7.6", network });
const size = Size.of({ cpus: 1, gib: 0.5 });

const range = site.range(site, "own", "kept");
const kept = Array.from({ length: 7 }, (_, n) => {
  return new Machine(site, `Kept-${n + 1}`, { name: `kept-${n + 1}`, role: "own", range, number: n + 1, size });
});
kept[0]!.program.add({ kind: "package", names: process.env["PACKAGES"]!.split(" ") });
for (const [slot, machines] of [1, 2, 1, 1, 1].entries()) {
  const name = `pool-${slot + 1}`;
  new Pool(site, `Pool-${slot + 1}`, { name, role: "sidekiq", range: site.range(site, "sidekiq", name, slot), machines, size });
}

app.synth();
