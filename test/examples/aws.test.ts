import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ProvidersSchema, schemaCheck } from "../../lib/testing";
import { planOf } from "./plan";
import { examplesOn, expectPage, problemsOf } from "./snapshots";

const schema = JSON.parse(readFileSync(join(__dirname, "../clouds/aws/schema.json"), "utf8")) as ProvidersSchema;

/** They name no object store and no mail server: on the local cloud they need none. */
const REFUSED = ["alerts", "beside-existing", "fork", "local", "monitored", "old-version", "one-line"];

test.each(examplesOn("aws").filter((example) => !REFUSED.includes(example)))("examples/%s at AWS", (example) =>
  expectPage(example, "aws"),
);

test.each(REFUSED)("examples/%s is told what it lacks at AWS", (example) => {
  expect(problemsOf(example, "aws")).toMatchSnapshot();
});

test.each([
  ["aws", "social"],
  ["aws", "media"],
  ["aws-managed", "social"],
  ["aws-managed", "media"],
  ["aws-scaled", "social"],
  ["aws-ses", "social"],
  ["aws-ses", "media"],
  ["aws-ses", "mail"],
  ["aws-existing", "social"],
  ["aws-existing", "certificate"],
])("the plan of examples/%s, stack %s, is written as the provider wants it", (example, stack) => {
  expect(schemaCheck(planOf(example, stack), schema)).toEqual([]);
});
