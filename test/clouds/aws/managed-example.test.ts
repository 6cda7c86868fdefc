// The plans of both examples: what Terraform keeps of them in clear, and whether the provider takes them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { secretsInState } from "../../../lib/clouds/aws";
import { ProvidersSchema, schemaCheck } from "../../../lib/testing";
import { planOf } from "../../examples/plan";

const ROOT = join(__dirname, "../../..");
const schema = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;

test("the basic example keeps no secret in the state", () => {
  expect(secretsInState(planOf("aws", "social"))).toEqual([]);
});

test("the managed one keeps ElastiCache's tokens there, and says so before all else", () => {
  const kept = secretsInState(planOf("aws-managed", "social"));
  expect(kept.map((line) => line.replace(/_[0-9A-F]{8}:/, ":"))).toEqual([
    "aws_elasticache_replication_group.Social_Caches: auth_token",
  ]);
  const [first] = readFileSync(join(ROOT, "examples/aws-managed/main.ts"), "utf8").split("\n\n");
  expect(first).toMatch(/tokens of Redis \(ElastiCache\) stand in clear in Terraform's state.*encrypted backend/s);
});

test("its plan is written as the provider wants it", () => {
  expect(schemaCheck(planOf("aws-managed", "social"), schema)).toEqual([]);
});
