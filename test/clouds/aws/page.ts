// A page at AWS and what it synthesizes: `all(page().stack, "aws_instance")["Database_1_Machine"]`.

import { App, TerraformStack } from "cdktf";
import { Machine, Pool, Role, Site, SiteProps, Size } from "../../../lib";
import { aws, AwsCloud, AwsProps } from "../../../lib/clouds/aws";
import { planOf } from "../hetzner/page";

export { all, planOf, problems } from "../hetzner/page";

export const size = Size.of({ cpus: 2, gib: 4 });
export const CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/1";

export function page(
  props: Partial<AwsProps> = {},
  more: Partial<SiteProps> = {},
): { readonly stack: TerraformStack; readonly site: Site; readonly cloud: AwsCloud } {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = aws({ region: "eu-central-1", certificateArn: CERTIFICATE, ...props });
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

/** The kept machines of a tier. */
export function machines(site: Site, tier: string, count: number, role: Role = "own"): readonly Machine[] {
  const range = site.range(site, role, tier);
  return Array.from(
    { length: count },
    (_, at) => new Machine(site, `${tier}-${at + 1}`, { name: `${tier}-${at + 1}`, role, range, number: at + 1, size }),
  );
}

/** A tier of one machine. */
export function machine(site: Site, tier: string, role: Role = "own"): Machine {
  return machines(site, tier, 1, role)[0]!;
}

/** All data sources of a type, by their names without the site's. */
export function data(stack: TerraformStack, type: string): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const plan = planOf(stack) as unknown as { readonly data?: Readonly<Record<string, Record<string, Record<string, unknown>>>> };
  return Object.fromEntries(
    Object.entries(plan.data?.[type] ?? {}).map(([name, { "//": _, ...config }]) => [name.replace(/^Social_/, ""), config]),
  );
}
