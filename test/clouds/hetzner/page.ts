// A page at Hetzner and what it synthesizes: `resources(page({ ssh }).stack)["hcloud_server"]["Social_Web_Pool1"]`.

import { App, TerraformStack, Testing } from "cdktf";
import { Pool, Site, SiteProps, Size } from "../../../lib";
import { pageProblems } from "../../page-problems";
import { hetzner, HetznerCloud, HetznerProps } from "../../../lib/clouds/hetzner";

export const size = Size.of({ cpus: 1, gib: 1 });

export function page(
  props: Partial<HetznerProps> = {},
  more: Partial<SiteProps> = {},
): { readonly stack: TerraformStack; readonly site: Site; readonly cloud: HetznerCloud } {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = hetzner({ location: "fsn1", ...props });
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
  const role = ["web", "front"].includes(name) ? "web" : "sidekiq";
  return new Pool(site, name, { name, role, range: site.range(site, role, name), machines, size, roll });
}

export function web(site: Site, machines = 2): Pool {
  const made = pool(site, "web", machines);
  site.frontDoor.route("social.example", made, { port: 80, path: "/health", status: 200 });
  return made;
}

type Blocks = Readonly<Record<string, unknown>>;

export interface Plan {
  readonly resource: Readonly<Record<string, Readonly<Record<string, Blocks>>>>;
  readonly provider: Readonly<Record<string, readonly Blocks[]>>;
  readonly output: Readonly<Record<string, Blocks>>;
  readonly locals: Readonly<Record<string, string>>;
}

/** The plan without the hashes that Terraform's names end with. */
export function planOf(stack: TerraformStack): Plan {
  return JSON.parse(Testing.synth(stack).replaceAll(/_[0-9A-F]{8}(?![0-9A-Za-z])/g, "")) as Plan;
}

/** All resources of a type, by their names without the site's. */
export function all(stack: TerraformStack, type: string): Readonly<Record<string, Blocks>> {
  const found = planOf(stack).resource[type] ?? {};
  return Object.fromEntries(
    Object.entries(found).map(([name, { "//": _, ...config }]) => [name.replace(/^Social_/, ""), config]),
  );
}

/** What a page hears when it is synthesized. */
export function problems(site: Site): readonly string[] {
  return pageProblems(() => Testing.synth(site.node.scope as TerraformStack, true));
}
