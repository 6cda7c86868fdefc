import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformStack, Testing } from "cdktf";
import { Postgres, Redis } from "../../../lib";
import { planOf } from "../../examples/plan";
import { Terraform } from "../../terraform";
import { builtIn } from "./built-in";
import { page, pool, web } from "./page";

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
function whole(members: number): TerraformStack {
  const { stack, site } = page();
  const front = web(site, members);
  const jobs = pool(site, "jobs");
  const db = new Postgres(site, "Database", { replicas: 1 });
  const redis = new Redis(site, "Redis", { replicas: 2 });
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

  /** Carries a page out. */
  deploy(stack: TerraformStack): void {
    const { status, said } = this.terraform.apply(this.write(stack));
    if (status !== 0) throw new Error(said);
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

test("one more member, and a kept machine that is renewed, change no other droplet", () => {
  const deployed = new Deployed();
  try {
    deployed.deploy(whole(2));
    expect(deployed.changes(whole(2))).toEqual([]);
    expect(deployed.changes(whole(3))).toEqual(["web_Pool 2 create"]);
    const kept = Object.keys(JSON.parse(Testing.synth(whole(2), true)).resource.digitalocean_droplet as object);
    const database = kept.find((name) => name.startsWith("Social_Database_1_Machine"))!;
    const renewal = `-replace=terraform_data.digitalocean_droplet__${database}`;
    expect(deployed.changes(whole(2), renewal)).toEqual(["Database_1_Machine delete create"]);
  } finally {
    deployed.remove();
  }
});
