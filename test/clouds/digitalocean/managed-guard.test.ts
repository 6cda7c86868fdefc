// What Terraform does to databases that DigitalOcean runs when a page no longer has them.

import { TerraformStack, Testing } from "cdktf";
import { Redis } from "../../../lib";
import { managedValkey } from "../../../lib/clouds/digitalocean";
import { Terraform } from "../../terraform";
import { builtIn } from "./built-in";
import { page, pool } from "./page";

// Terraform starts several times.
jest.setTimeout(300_000);

interface Change {
  readonly name: string;
  readonly index?: string;
  readonly change: { readonly actions: readonly string[] };
}

function valkeys(ids: readonly string[], protectDatabases = true): string {
  const { stack, site } = page({ protectDatabases });
  const jobs = pool(site, "jobs");
  for (const id of ids) Redis.external(managedValkey(site, id, { size: "db-s-1vcpu-2gb" })).reachedBy(jobs, "a probe");
  return planOf(stack);
}

function planOf(stack: TerraformStack): string {
  return builtIn(Testing.synth(stack, true));
}

const REFUSED = /Instance cannot be destroyed .*Social_Databases_\w+\["social-cache"\] has lifecycle.prevent_destroy set/;

test("a plan without a database, with another id of it, or without any is refused, and so is destroy, until the page says otherwise", () => {
  const terraform = new Terraform(valkeys(["Feeds", "Cache"]));
  const planned = (plan: string) => {
    terraform.write(plan);
    return terraform.plan({}, "-out=saved");
  };
  try {
    expect(terraform.apply({}).said).toContain("Apply complete!");
    for (const ids of [["Feeds"], ["Feeds", "Cache2"], []]) {
      const { status, said } = planned(valkeys(ids));
      expect(said).toMatch(REFUSED);
      expect(status).toBe(1);
    }
    terraform.write(valkeys(["Feeds", "Cache"]));
    expect(terraform.run("destroy", "-auto-approve").said).toMatch(REFUSED);
    expect(planned(valkeys(["Feeds"], false)).status).toBe(0);
    const { resource_changes } = JSON.parse(terraform.run("show", "-json", "saved").lines) as {
      readonly resource_changes: readonly Change[];
    };
    const databases = resource_changes.filter(({ name }) => name.startsWith("digitalocean_database_cluster__"));
    expect(databases.map(({ index, change }) => `${index}: ${change.actions.join(" ")}`)).toEqual([
      "social-cache: delete",
      "social-feeds: no-op",
    ]);
  } finally {
    terraform.remove();
  }
});
