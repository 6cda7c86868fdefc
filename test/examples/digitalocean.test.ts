import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ProvidersSchema, schemaCheck } from "../../lib/testing";
import { planOf } from "./plan";
import { examplesOn, expectPage, problemsOf } from "./snapshots";

const path = join(__dirname, "../clouds/digitalocean/schema.json");
const schema = JSON.parse(readFileSync(path, "utf8")) as ProvidersSchema;

/** They name no object store and no mail server: on the local cloud they need none. */
const REFUSED = ["alerts", "beside-existing", "fork", "local", "monitored", "old-version", "one-line"];

test.each(examplesOn("digitalocean").filter((example) => !REFUSED.includes(example)))("examples/%s at DigitalOcean", (example) =>
  expectPage(example, "digitalocean"),
);

test.each(REFUSED)("examples/%s is told what it lacks at DigitalOcean", (example) => {
  expect(problemsOf(example, "digitalocean")).toMatchSnapshot();
});

test.each(["social", "media"])("the plan of the stack %s is written as the provider wants it", (stack) => {
  expect(schemaCheck(planOf("digitalocean", stack), schema)).toEqual([]);
});
