import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformOutput, TerraformStack, TerraformVariable, Testing } from "cdktf";
import { Cloud, SiteSpec } from "../../lib/cloud";
import { Pool, Secret, Site, Size } from "../../lib";
import { Construct } from "constructs";
import { TerraformData } from "../../lib/core/terraform-data";
import { FAKE_CLOUDS, FakeCloud } from "../../lib/testing";
import { pageProblems } from "../page-problems";
import { Terraform } from "../terraform";

/** A cloud with a store that Terraform's state has nothing of. */
class Store extends FakeCloud {
  constructor() {
    super({ ...FAKE_CLOUDS.chosen, secrets: "store" });
  }

  override open(scope: Construct, spec: SiteSpec) {
    return Object.assign(super.open(scope, spec), { finish: () => undefined });
  }
}

function siteOn(stack: TerraformStack, id: string, cloud: Cloud): Site {
  const network = `10.${20 + stack.node.children.length}.0.0/16`;
  return new Site(stack, id, { cloud, domain: `${id.toLowerCase()}.example`, version: "4.7.6", network });
}

function holds(site: Site, text: () => string): void {
  const pool = new Pool(site, "Web", {
    name: "web",
    role: "web",
    range: site.range(site, "web", "web"),
    machines: 1,
    size: Size.of({ cpus: 1, gib: 1 }),
  });
  pool.program.add({ kind: "file", path: "/etc/web.env", content: text, mode: "0600" });
}

function variables(stack: TerraformStack): Readonly<Record<string, unknown>> {
  const { variable } = JSON.parse(Testing.synth(stack, true)) as { readonly variable: Record<string, Record<string, unknown>> };
  return Object.fromEntries(Object.entries(variable).map(([name, { ephemeral }]) => [name, ephemeral]));
}

const newStack = () => new TerraformStack(new App(), "stack");
const secret = (scope: Construct, name: string) => new Secret(scope, name, { length: 32, description: name });

describe("which variables are ephemeral", () => {
  test("all of a site whose machines fetch secrets, but those that the page puts into the state", () => {
    const stack = newStack();
    const site = siteOn(stack, "Social", new Store());
    const [held, unused, kept] = ["held", "unused", "kept"].map((name) => secret(site, name));
    holds(site, () => `A=${String(held)} B=${String(kept)}`);
    new TerraformData(site, "Service", { input: { token: kept!.forState() } });
    expect(variables(stack)).toEqual({ held: true, unused: true, kept: undefined });
    expect([held, unused, kept].map((one) => one!.wanted)).toEqual([true, false, true]);
  });

  test("none of a site whose boot texts hold them", () => {
    const stack = newStack();
    const site = siteOn(stack, "Social", new FakeCloud());
    const [held] = ["held", "unused"].map((name) => secret(site, name));
    holds(site, () => `A=${String(held)}`);
    expect(variables(stack)).toEqual({ held: undefined, unused: undefined });
  });

  test("of those that sites share, the ones that no boot text holds", () => {
    const stack = newStack();
    const [ofOne, ofOther, ofBoth] = ["of_one", "of_other", "of_both"].map((name) => secret(stack, name));
    holds(siteOn(stack, "One", new Store()), () => `A=${String(ofOne)} B=${String(ofBoth)}`);
    const other = siteOn(stack, "Other", new FakeCloud());
    holds(other, () => `A=${ofOther!.inUrl} B=${String(ofBoth)}`);
    secret(other, "own");
    expect(variables(stack)).toEqual({ of_one: true, of_other: undefined, of_both: undefined, other_own: undefined });
  });

  test("what Terraform computes is no variable", () => {
    const stack = newStack();
    const site = siteOn(stack, "Social", new Store());
    const made = new Secret(site, "made", { length: 32, description: "made", value: new TerraformData(site, "Made", {}).id });
    holds(site, () => `A=${String(made)}`);
    expect([made.computed, made.ephemeral]).toEqual([true, false]);
    expect(JSON.parse(Testing.synth(stack, true)).variable).toBeUndefined();
  });
});

test("a sensitive variable that is no secret of the page never gets into the boot text of a machine that fetches secrets", () => {
  const texts = (cloud: Cloud) => {
    const stack = newStack();
    const site = siteOn(stack, "Social", cloud);
    const [open, mail] = [false, true].map(
      (sensitive) => new TerraformVariable(stack, sensitive ? "mail_password" : "mail_user", { type: "string", sensitive }),
    );
    holds(site, () => `A=${open!.stringValue} B=${mail!.stringValue}`);
    return pageProblems(() => Testing.synth(stack, true));
  };
  expect(texts(new FakeCloud())).toEqual([]);
  expect(texts(new Store())).toEqual([
    "stack/Social/Web: its boot text has the value of the sensitive variable mail_password, which would stand in the plan and in " +
      'Terraform\'s state / give it as new Secret(stack, "mail_password", …): machines on fake fetch secrets at boot',
  ]);
});

const PIECE = "Zx9q7w2";

describe("with the real Terraform", () => {
  const stack = newStack();
  const site = siteOn(stack, "Social", new Store());
  const digits = new Secret(site, "digits", { length: 9, pattern: "^[0-9]{4,9}$", description: "" });
  const [one, two] = ["one", "two"].map((name) =>
    secret(site, name).readBy({ reader: "a reader", pattern: "^[a-z0-9A-Z]*$", unless: "^[0-9]+$", allowed: "no number" }),
  );
  holds(site, () => `A=${String(digits)} B=${String(one)} C=${two!.inUrl}`);
  const terraform = new Terraform(Testing.synth(stack, true));
  afterAll(() => terraform.remove());
  const told = (said: string) => said.match(/(These secrets|The secret) [^.]*\./g);

  test("without the file there is one message, which names all", () => {
    const { status, said } = terraform.plan({});
    expect({ status, errors: said.match(/Error: /g)?.length, told: told(said) }).toEqual({
      status: 1,
      errors: 1,
      told: ["These secrets have no value: digits, one, two."],
    });
    expect(said).toContain('Name the file that holds them, as in --var-file="$PWD/secrets.tfvars.json".');
  });

  test("everything that is missing and malformed is told at once, with no part of a value", () => {
    for (const { status, said, lines } of [
      terraform.plan({ digits: PIECE, one: "123456789012" }),
      terraform.apply({ digits: PIECE, one: "123456789012" }),
    ]) {
      expect(status).toBe(1);
      expect(told(said)).toEqual([
        "The secret digits is malformed: it takes 4 to 9 of the characters [0-9].",
        "The secret one is malformed: a reader takes no number.",
        "The secret two has no value.",
      ]);
      expect(lines).not.toMatch(/Zx9q|1234567/);
    }
    expect(terraform.run("show").lines).not.toContain("terraform_data");
  });

  test("a plan of a few resources is checked too", () => {
    const [pool] = Object.keys(JSON.parse(Testing.synth(stack, true)).resource.terraform_data).filter((name) =>
      name.startsWith("Social_Web"),
    );
    expect(terraform.plan({}, `-target=terraform_data.${pool}`).said).toContain("These secrets have no value: digits, one, two.");
  });

  test("values that are right are in neither plan nor state, and nothing asks for them to destroy", () => {
    const values = { digits: "987654321", one: `${PIECE}one`, two: `${PIECE}two` };
    expect(terraform.plan(values, "-out=plan").status).toBe(0);
    const plan = terraform.run("show", "-json", "plan").lines;
    expect(JSON.parse(plan).variables).toEqual({ digits: { value: "" }, one: { value: "" }, two: { value: "" } });
    expect(terraform.apply(values).status).toBe(0);
    const state = readFileSync(join(terraform.directory, "terraform.tfstate"), "utf8");
    expect(state).toContain("boot_text");
    for (const value of Object.values(values)) for (const text of [plan, state]) expect(text).not.toContain(value);
    expect(terraform.run("destroy", "-auto-approve")).toMatchObject({ status: 0 });
  });
});

test("beside secrets that boot texts hold, each kind has its messages", () => {
  const stack = newStack();
  const [fetched, written] = ["fetched", "written"].map((name) => secret(stack, name));
  holds(siteOn(stack, "One", new Store()), () => `A=${String(fetched)}`);
  holds(siteOn(stack, "Other", new FakeCloud()), () => `A=${String(written)}`);
  const terraform = new Terraform(Testing.synth(stack, true));
  try {
    const missing = terraform.plan({}).said;
    expect(missing).toContain("These secrets have no value: written. ");
    expect(missing).toContain("These secrets have no value: fetched. ");
    const malformed = terraform.plan({ fetched: "a b", written: "a b" }).said;
    expect(malformed).toContain("- written holds a space; it takes 1 to 32 printable characters of ASCII but a space");
    expect(malformed).toContain("The secret fetched is malformed: it takes 1 to 32 printable characters of ASCII but a space. ");
    expect(terraform.plan({ fetched: "a", written: "b" }).status).toBe(0);
  } finally {
    terraform.remove();
  }
});

test("Terraform refuses a value in an attribute that it keeps, unless the page says forState", () => {
  const plan = (value: (secret: Secret) => string) => {
    const stack = newStack();
    siteOn(stack, "Social", new Store());
    new TerraformOutput(stack, "kept", { value: value(secret(stack, "token")), sensitive: true });
    const terraform = new Terraform(Testing.synth(stack, true));
    try {
      return terraform.plan({ token: "abc" }).said;
    } finally {
      terraform.remove();
    }
  };
  expect(plan(String)).toContain("phemeral");
  expect(plan((one) => one.forState())).not.toContain("Error");
});
