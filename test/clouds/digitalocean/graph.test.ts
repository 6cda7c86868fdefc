import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformStack, Testing } from "cdktf";
import { Etcd, Pool, Postgres, Redis } from "../../../lib";
import { planOf } from "../../examples/plan";
import { Terraform } from "../../terraform";
import { builtIn } from "./built-in";
import { page, pool, size, web } from "./page";

// Terraform starts several times.
jest.setTimeout(300_000);

// Machines name each other, and a load balancer, its firewall and its members as well.
test.each([
  ["digitalocean", "social"],
  ["digitalocean", "media"],
  ["digitalocean-managed", "social"],
])("Terraform finds no cycle in examples/%s, stack %s", (example, stack) => {
  const terraform = new Terraform(builtIn(planOf(example, stack)));
  try {
    expect(terraform.run("validate").said).toContain("Success! The configuration is valid.");
    const { status, lines } = terraform.run("graph");
    expect(status).toBe(0);
    expect(lines).toContain("digraph G");
  } finally {
    terraform.remove();
  }
});

/** A page with kept machines that name each other and are named by members. */
function whole(members: number, image = "debian-13-x64"): TerraformStack {
  const { stack, site } = page({ image });
  const front = web(site, members);
  const jobs = pool(site, "jobs");
  const db = new Postgres(site, "Database", { replicas: 1 });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  new Etcd(site, "Etcd", { on: redis });
  for (const one of [front, jobs]) {
    db.reachedBy(one, "a probe");
    redis.reachedBy(one, "a probe");
  }
  return stack;
}

interface Change {
  readonly name: string;
  readonly index?: number | string;
  readonly change: { readonly actions: readonly string[] };
}

class Deployed {
  private readonly terraform = new Terraform("{}");

  /** Carries a page out; returns what Terraform printed. */
  deploy(stack: TerraformStack, ...more: readonly string[]): string {
    const { status, said, lines } = this.terraform.apply(this.write(stack), ...more);
    if (status !== 0) throw new Error(said);
    return lines;
  }

  /** The kept machines that are older than the page. */
  get older(): readonly string[] {
    const { lines } = this.terraform.run("output", "-json", "social_machines_older_than_the_page");
    return Object.keys(JSON.parse(lines) as object);
  }

  /** What a plan of a page would do to droplets. */
  changes(stack: TerraformStack, ...more: readonly string[]): readonly string[] {
    const { status, said } = this.terraform.plan(this.write(stack), "-out=saved", ...more);
    if (status !== 0) throw new Error(said);
    const { lines } = this.terraform.run("show", "-json", "saved");
    const { resource_changes } = JSON.parse(lines) as { readonly resource_changes: readonly Change[] };
    return resource_changes
      .filter(({ name, change }) => name.startsWith("digitalocean_droplet__") && change.actions.join() !== "no-op")
      .map(({ name, index, change }) =>
        [
          name.split("_Social_")[1]!.replace(/_[0-9A-F]{8}$/, ""),
          ...(index === undefined ? [] : [index]),
          ...change.actions,
        ].join(" "),
      );
  }

  remove(): void {
    this.terraform.remove();
  }

  /** Writes the plan, and makes a value for each of its secrets. */
  private write(stack: TerraformStack): Readonly<Record<string, string>> {
    const plan = builtIn(Testing.synth(stack, true));
    writeFileSync(join(this.terraform.directory, "cdk.tf.json"), plan);
    const { variable = {} } = JSON.parse(plan) as { readonly variable?: object };
    return Object.fromEntries(Object.keys(variable).map((name) => [name, "0123456789abcdef"]));
  }
}

/** The first database's address in Terraform. */
function databaseOf(stack: TerraformStack): string {
  const { resource } = JSON.parse(Testing.synth(stack)) as { readonly resource: Readonly<Record<string, object>> };
  const name = Object.keys(resource["digitalocean_droplet"]!).find((droplet) => droplet.startsWith("Social_Database_1_Machine"))!;
  return `terraform_data.digitalocean_droplet__${name}`;
}

test("one more member, and a kept machine that is renewed, change no other droplet", () => {
  const deployed = new Deployed();
  try {
    deployed.deploy(whole(2));
    expect(deployed.changes(whole(2))).toEqual([]);
    expect(deployed.changes(whole(3))).toEqual(["web_Pool 2 create"]);
    const renewal = `-replace=${databaseOf(whole(2))}`;
    expect(deployed.changes(whole(2), renewal)).toEqual(["Database_1_Machine delete create"]);
  } finally {
    deployed.remove();
  }
});

test("a kept machine is older than the page from a change of its boot text to its renewal", () => {
  const deployed = new Deployed();
  const all = ["database-1", "database-2", "redis-1", "redis-2", "redis-3"];
  try {
    deployed.deploy(whole(1));
    expect(deployed.older).toEqual([]);
    deployed.deploy(whole(1, "debian-14-x64"));
    expect(deployed.older).toEqual(all);
    deployed.deploy(whole(1, "debian-14-x64"), `-replace=${databaseOf(whole(1))}`);
    expect(deployed.older).toEqual(all.slice(1));
  } finally {
    deployed.remove();
  }
});

test("a pool under another name serves before the droplets with the old name are deleted, and the load balancer stays", () => {
  const named = (name: string) => {
    const { stack, site } = page();
    const members = new Pool(site, name, {
      name,
      role: "web",
      range: site.range(site, "web", name),
      machines: 1,
      size,
      roll: "start-first",
    });
    site.frontDoor.route("social.example", members, { port: 80, path: "/health", status: 200 });
    return stack;
  };
  const deployed = new Deployed();
  try {
    deployed.deploy(named("web"));
    const lines = deployed.deploy(named("front"));
    const order = [
      /_front_Pool_.*: Creation complete/,
      /_front_PoolSettled_.*: Creation complete/,
      /_Retired-web_.*: Creation complete/,
    ];
    const at = [...order, /_web_Pool_.*: Destroying/].map((line) => lines.search(line));
    expect(at.every((one) => one >= 0)).toBe(true);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(lines).not.toMatch(/digitalocean_loadbalancer__.*: (Destroying|Modifying)/);
  } finally {
    deployed.remove();
  }
});
