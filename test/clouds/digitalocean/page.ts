// A page at DigitalOcean and what it synthesizes: `all(page({ ssh }).stack, "digitalocean_droplet")["web_Pool"]`.

import { App, TerraformStack } from "cdktf";
import { Pool, Site, SiteProps, Size } from "../../../lib";
import { digitalocean, DigitalOceanCloud, digitalOceanDns, DigitalOceanProps } from "../../../lib/clouds/digitalocean";

export { all, planOf, problems } from "../hetzner/page";

export const size = Size.of({ cpus: 1, gib: 1 });
export const ZONE = digitalOceanDns({ zone: "social.example" });

export function page(
  props: Partial<DigitalOceanProps> = {},
  more: Partial<SiteProps> = {},
): { readonly stack: TerraformStack; readonly site: Site; readonly cloud: DigitalOceanCloud } {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = digitalocean({ region: "fra1", dns: ZONE, ...props });
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    queuesElsewhere: ["scheduler"],
    ...more,
  });
  return { stack, site, cloud };
}

export function pool(site: Site, name: string, machines = 2, roll: "start-first" | "stop-first" = "start-first"): Pool {
  const role = name === "web" ? "web" : "sidekiq";
  return new Pool(site, name, { name, role, range: site.range(site, role, name), machines, size, roll });
}

export function web(site: Site, machines = 2): Pool {
  const made = pool(site, "web", machines);
  site.frontDoor.route("social.example", made, { port: 80, path: "/health", status: 200 });
  return made;
}
