import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ProvidersSchema, schemaCheck } from "../../lib/testing";
import { planOf } from "./plan";
import { examplesOn, expectPage, problemsOf, STORE_AND_MAIL } from "./snapshots";

const schema = JSON.parse(readFileSync(join(__dirname, "../../providers/hcloud/schema.json"), "utf8")) as ProvidersSchema;

/** They name no object store and no mail server: on the local cloud they need none. */
const REFUSED = ["alerts", "beside-existing", "fork", "local", "monitored", "old-version", "one-line"];

test.each(examplesOn("hetzner").filter((example) => !REFUSED.includes(example)))("examples/%s at Hetzner", (example) =>
  expectPage(example, "hetzner"),
);

test.each(REFUSED)("examples/%s at Hetzner, with an object store and a mail server", (example) =>
  expectPage(example, "hetzner", STORE_AND_MAIL),
);

test.each(REFUSED)("examples/%s is told what it lacks at Hetzner", (example) => {
  expect(problemsOf(example, "hetzner")).toMatchSnapshot();
});

test("the plan is written as the provider wants it", () => {
  expect(schemaCheck(planOf("hetzner", "social"), schema)).toEqual([]);
});
