import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ProvidersSchema, schemaCheck } from "../../lib/testing";
import { expectPlan, planOf } from "./plan";

const schema = JSON.parse(readFileSync(join(__dirname, "../../providers/hcloud/schema.json"), "utf8")) as ProvidersSchema;

test("examples/hetzner", () => expectPlan("hetzner", "social"));

test("the plan is written as the provider wants it", () => {
  expect(schemaCheck(planOf("hetzner", "social"), schema)).toEqual([]);
});
