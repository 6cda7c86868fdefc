// The plan of an example and what stands in it: `expectPlan("hetzner", "social")` compares plan, boot texts and flows with their snapshots.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Plan {
  readonly locals: Record<string, unknown>;
  readonly output: Record<string, { readonly value: unknown }>;
  readonly terraform: { backend: { local: { path: string } } };
}

/** The text of the plan that an example writes for one of its stacks. */
export function planOf(example: string, stack: string): string {
  const directory = mkdtempSync(join(tmpdir(), "plan-"));
  process.env["CDKTF_OUTDIR"] = directory;
  try {
    jest.isolateModules(() => void require(`../../examples/${example}/main`));
    return readFileSync(join(directory, "stacks", stack, "cdk.tf.json"), "utf8");
  } finally {
    delete process.env["CDKTF_OUTDIR"];
    rmSync(directory, { recursive: true });
  }
}

/** The boot text of each host in a plan, by the host's name on the page. */
export function bootTexts(plan: string): Readonly<Record<string, string>> {
  const { locals } = JSON.parse(plan) as Plan;
  return Object.fromEntries(
    Object.entries(locals).flatMap(([name, text]) => {
      const host = /^Social_(.+?)(_Hosts_Pool|_Door|_Machine)?Boot_[0-9A-F]{8}$/.exec(name)?.[1];
      return host === undefined || typeof text !== "string" ? [] : [[host, text]];
    }),
  );
}

export function expectPlan(example: string, stack: string): void {
  const text = planOf(example, stack);
  const plan = JSON.parse(text) as Plan;
  plan.terraform.backend.local.path = `terraform.${stack}.tfstate`;
  const hosts = new Map(Object.entries(bootTexts(text)).map(([host, boot]) => [boot, host]));
  for (const [host, boot] of Object.entries(bootTexts(text))) expect(boot).toMatchSnapshot(`boot/${host}.txt`);
  for (const [name, local] of Object.entries(plan.locals)) {
    const host = typeof local === "string" ? hosts.get(local) : undefined;
    if (host !== undefined) plan.locals[name] = `boot/${host}.txt`;
  }
  expect(JSON.stringify(plan.locals["social_flows"], null, 2) + "\n").toMatchSnapshot("flows.json");
  plan.locals["social_flows"] = "flows.json";
  expect(JSON.stringify(plan, null, 2) + "\n").toMatchSnapshot("plan.json");
}
