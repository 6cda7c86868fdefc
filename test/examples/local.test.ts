import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectGolden } from "../golden";

interface Plan {
  readonly locals: Record<string, unknown>;
  readonly output: Record<string, { readonly value: unknown }>;
  readonly terraform: { backend: { local: { path: string } } };
}

/** The plan that a page writes. */
function planOf(example: string): Plan {
  const directory = mkdtempSync(join(tmpdir(), "plan-"));
  process.env["CDKTF_OUTDIR"] = directory;
  try {
    jest.isolateModules(() => void require(`../../examples/${example}/main`));
    return JSON.parse(readFileSync(join(directory, "stacks/local/cdk.tf.json"), "utf8")) as Plan;
  } finally {
    delete process.env["CDKTF_OUTDIR"];
    rmSync(directory, { recursive: true });
  }
}

test.each(["local", "one-line", "settings", "old-version"])(
  "the plan of examples/%s, its boot texts and its flows",
  (example) => {
    const plan = planOf(example);
    plan.terraform.backend.local.path = "terraform.local.tfstate";
    for (const [name, text] of Object.entries(plan.locals)) {
      if (typeof text !== "string" || !/Boot_[0-9A-F]{8}$/.test(name)) continue;
      const host = name.replace(/^Social_/, "").replace(/(_Hosts_Pool|_Door|_Machine)?Boot_[0-9A-F]{8}$/, "");
      expectGolden(`examples/${example}/boot/${host}.txt`, text);
      plan.locals[name] = `boot/${host}.txt`;
    }
    expectGolden(`examples/${example}/flows.json`, JSON.stringify(plan.locals["social_flows"], null, 2) + "\n");
    plan.locals["social_flows"] = "flows.json";
    expectGolden(`examples/${example}/plan.json`, JSON.stringify(plan, null, 2) + "\n");
  },
);

test("the page of one line and the page with every tier written out are the same plan", () => {
  expect(planOf("one-line")).toEqual(planOf("local"));
});
