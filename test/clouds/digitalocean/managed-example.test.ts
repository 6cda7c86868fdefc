// The plans of both examples: what Terraform keeps of them in clear, and whether the provider takes them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { secretsInState } from "../../../lib/clouds/digitalocean";
import { ProvidersSchema, schemaCheck } from "../../../lib/testing";
import { planOf } from "../../examples/plan";

const ROOT = join(__dirname, "../../..");
const schema = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;

test("the basic example keeps no secret in the state, in neither of its stacks", () => {
  for (const stack of ["social", "media"]) expect(secretsInState(planOf("digitalocean", stack))).toEqual([]);
});

test("the managed one keeps the clusters' passwords there, and says so before all else", () => {
  const kept = secretsInState(planOf("digitalocean-managed", "social")).filter((line) => line.endsWith(": password"));
  expect(kept.map((line) => line.replace(/_[0-9A-F]{8}:/, ":"))).toEqual([
    "digitalocean_database_cluster.Social_Databases: password",
    "digitalocean_database_connection_pool.Social_Database_Pool: password",
  ]);
  expect(secretsInState(planOf("digitalocean-managed", "media"))).toEqual([]);
  const [first] = readFileSync(join(ROOT, "examples/digitalocean-managed/main.ts"), "utf8").split("\n\n");
  expect(first).toMatch(/stand in clear in\n\/\/ Terraform's state.*encrypted backend/s);
});

test("its plans are written as the provider wants them, and no stack of the two waits for the other", () => {
  for (const stack of ["social", "media"]) {
    const plan = planOf("digitalocean-managed", stack);
    expect(schemaCheck(plan, schema)).toEqual([]);
    expect(plan).not.toContain("terraform_remote_state");
  }
});
