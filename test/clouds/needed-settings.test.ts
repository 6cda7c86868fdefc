// Pools are rolled after changed settings have reached the kept machines that members need, and without those that nobody needs: a machine that only
// watches may be away.

import { App, TerraformStack, Testing } from "cdktf";
import { Cloud } from "../../lib/cloud";
import { digitalocean } from "../../lib/clouds/digitalocean";
import { hetzner } from "../../lib/clouds/hetzner";
import { local } from "../../lib/clouds/local";
import { Machine, Pool, Site, Size } from "../../lib";

const ssh = { keys: ["admin"], from: ["203.0.113.0/24"], settings: true };
const size = Size.of({ cpus: 1, gib: 1 });

test.each<[string, () => Cloud]>([
  ["local", () => local()],
  ["Hetzner", () => hetzner({ location: "fsn1", ssh })],
  ["DigitalOcean", () => digitalocean({ region: "fra1", ssh })],
])("at %s", (_, cloud) => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: cloud(), domain: "social.example", version: "4.7.6" });
  const kept = (id: string, needed?: boolean) => {
    const range = site.range(site, "postgres", id);
    new Machine(site, id, { name: id, role: "postgres", range, number: 1, size, ...(needed !== undefined && { needed }) });
  };
  kept("needed");
  kept("watching", false);
  new Pool(site, "web", {
    name: "web",
    role: "web",
    range: site.range(site, "web", "web"),
    machines: 1,
    size,
    roll: "start-first",
  });
  const { resource } = JSON.parse(Testing.synth(stack).replaceAll(/_[0-9A-F]{8}\b/g, "")) as {
    readonly resource: Readonly<Record<string, Readonly<Record<string, { readonly depends_on?: readonly string[] }>>>>;
  };
  const all = Object.values(resource).flatMap((ofType) => Object.values(ofType));
  const waitedFor = all
    .flatMap(({ depends_on = [] }) => depends_on)
    .filter((name) => /_(needed|watching)_MachineSettings$/.test(name));
  expect([...new Set(waitedFor)]).toEqual(["terraform_data.Social_needed_MachineSettings"]);
});
