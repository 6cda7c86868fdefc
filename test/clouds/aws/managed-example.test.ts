// The plans of both examples: what Terraform keeps of them in clear, and whether the provider takes them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { secretsInState } from "../../../lib/clouds/aws";
import { ProvidersSchema, schemaCheck } from "../../../lib/testing";
import { planOf } from "../../examples/plan";

const ROOT = join(__dirname, "../../..");
const schema = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;

test("the basic example keeps no secret in the state, in neither of its stacks", () => {
  for (const stack of ["social", "media"]) expect(secretsInState(planOf("aws", stack))).toEqual([]);
});

test("the managed one keeps ElastiCache's tokens there, and says so before all else", () => {
  const kept = secretsInState(planOf("aws-managed", "social"));
  expect(kept.map((line) => line.replace(/_[0-9A-F]{8}:/, ":"))).toEqual([
    "aws_elasticache_replication_group.Social_Caches: auth_token",
  ]);
  expect(secretsInState(planOf("aws-managed", "media"))).toEqual([]);
  const [first] = readFileSync(join(ROOT, "examples/aws-managed/main.ts"), "utf8").split("\n\n");
  expect(first).toMatch(/tokens of Redis \(ElastiCache\) stand in clear in Terraform's state.*encrypted backend/s);
});

test("its plans are written as the provider wants them, and no stack of the two waits for the other", () => {
  for (const stack of ["social", "media"]) {
    const plan = planOf("aws-managed", stack);
    expect(schemaCheck(plan, schema)).toEqual([]);
    expect(plan).not.toContain("terraform_remote_state");
  }
});
