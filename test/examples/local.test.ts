import { expectPlan, planOf } from "./plan";

test.each(["local", "one-line", "settings", "old-version"])("examples/%s", (example) => expectPlan(example, "local"));

test("the page of one line and the page with every tier written out are the same plan", () => {
  const plan = (example: string) => planOf(example, "local").replaceAll(/"path": ".*\/terraform\.local\.tfstate"/g, "");
  expect(plan("one-line")).toBe(plan("local"));
});
