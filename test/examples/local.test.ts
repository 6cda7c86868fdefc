import { planOf } from "./plan";
import { examplesOn, expectPage } from "./snapshots";

test.each(examplesOn("local"))("examples/%s on the local cloud", (example) => expectPage(example, "local"));

test("the page of one line and the page with every tier written out are the same plan", () => {
  const plan = (example: string) => planOf(example, "local").replaceAll(/"path": ".*\/terraform\.local\.tfstate"/g, "");
  expect(plan("one-line")).toBe(plan("local"));
});
