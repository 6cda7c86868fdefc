import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ProvidersSchema, schemaCheck } from "../../lib/testing";
import { goldenTree, planOf } from "./golden-tree";

const schema = JSON.parse(readFileSync(join(__dirname, "../../providers/hcloud/schema.json"), "utf8")) as ProvidersSchema;

test("the plan of examples/hetzner, its boot texts and its flows", () => goldenTree("hetzner", "social"));

test("the plan is written as the provider wants it", () => {
  expect(schemaCheck(planOf("hetzner", "social"), schema)).toEqual([]);
});
