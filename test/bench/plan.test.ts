import { samePlan } from "../../bench/plan";

test("cdktf's own notes make no difference, anything else does and is named", () => {
  const plan = { "//": { metadata: 1 }, locals: { a: "x" }, resource: { terraform_data: { one: { "//": 2, input: [1, 2] } } } };
  expect(samePlan(JSON.stringify(plan), JSON.stringify({ ...plan, "//": { metadata: 9 } }))).toBeUndefined();
  expect(samePlan(JSON.stringify(plan), JSON.stringify({ ...plan, locals: { a: "y" } }))).toBe('plan.locals.a is "x" and "y"');
  expect(samePlan(JSON.stringify(plan), JSON.stringify({ ...plan, output: {} }))).toBe("plan.output is in one only");
  const other = { ...plan, resource: { terraform_data: { one: { input: [1, 3] } } } };
  expect(samePlan(JSON.stringify(plan), JSON.stringify(other))).toBe("plan.resource.terraform_data.one.input.1 is 2 and 3");
});
