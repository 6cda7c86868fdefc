// The inventory in Terraform's state: what Terraform has computed, and which release was deployed before.

import { App, TerraformOutput, TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import { Size } from "../../lib";
import { Inventory, Release } from "../../lib/core/inventory";
import { Machine } from "../../lib/core/machine";
import { Releases } from "../../lib/core/releases";
import { Site } from "../../lib/mastodon/site";
import { FakeCloud } from "../../lib/testing";
import { Terraform } from "../terraform";

function cellar(site: Site): void {
  const tier = new Construct(site, "Cellar");
  site.inventory.tier(tier, { kind: "Cellar", why: "keeps ${wine}" });
  const range = site.range(tier, "own", "cellar", 3);
  const size = Size.of({ cpus: 1, gib: 1 });
  const machine = new Machine(tier, "1", { name: "cellar-1", role: "own", range, number: 1, size });
  const facts = { port: 1855, label: "%{no} template", kinds: ["${red}", "white"] };
  machine.runs(tier, { unit: "wine.service", what: "wine", facts });
}

/** Plans are told apart by the second in which they were made. */
function nextSecond(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1001 - (Date.now() % 1000));
}

const release = (version: string): Release => ({ version, image: `registry.example/mastodon:v${version}` });

/** A page with one machine, and behind all else something that cannot be made, if it is told to fail. */
function plan(version: string, fails = false): string {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", { cloud: new FakeCloud({ addresses: "computed" }), domain: "social.example", version });
  cellar(site);
  site.inventory.serves(release(version));
  const text = Testing.synth(stack, true);
  if (!fails) return text;
  const whole = JSON.parse(text) as { readonly resource: { readonly terraform_data: Record<string, object> } };
  // As a pool that is not healthy: behind the releases, which the serving path reads.
  whole.resource.terraform_data["fails"] = {
    depends_on: Object.keys(whole.resource.terraform_data).map((name) => `terraform_data.${name}`),
    provisioner: [{ "local-exec": { command: "exit 1" } }],
  };
  return JSON.stringify(whole);
}

test("the state has what was computed, and the release before, which a deploy that fails in between does not push out", () => {
  const terraform = new Terraform(plan("4.7.5"));
  try {
    const deploy = (version: string, fails = false) => {
      nextSecond();
      terraform.write(plan(version, fails));
      const { status, said } = terraform.apply({});
      expect({ version, fails: status !== 0, said }).toEqual({ version, fails, said: expect.anything() });
      return said;
    };
    const deployed = () => JSON.parse(terraform.run("output", "-json", "social_inventory").lines) as Inventory;
    const told = () => [deployed().release, ...deployed().previous!].map((one) => one!.version);
    expect(deploy("4.7.5")).toContain("social_inventory = <sensitive>");
    const first = deployed();
    expect([first.release, first.previous]).toEqual([release("4.7.5"), []]);
    expect(first.machines[0]!.address).toMatch(/^[0-9a-f]{8}-/);
    expect(first.machines[0]!.units[0]!.facts).toEqual({ port: 1855, label: "%{no} template", kinds: ["${red}", "white"] });
    // Tried twice, and given up for the next release.
    deploy("4.7.6", true);
    deploy("4.7.6", true);
    deploy("4.7.7");
    expect(told()).toEqual(["4.7.7", "4.7.6", "4.7.5"]);
    expect(deployed().previous).toEqual([release("4.7.6"), release("4.7.5")]);
    // Tried until it goes well.
    deploy("4.7.8", true);
    deploy("4.7.8");
    expect(told()).toEqual(["4.7.8", "4.7.7", "4.7.6"]);
    // Tried and taken back.
    deploy("4.7.9", true);
    deploy("4.7.8");
    expect(told()).toEqual(["4.7.8", "4.7.9", "4.7.7"]);
  } finally {
    terraform.remove();
  }
}, 180_000);

test("the state remembers the releases before, through deploys that change nothing, rollbacks, and many releases", () => {
  const page = (version: string) => {
    const stack = new TerraformStack(new App(), "stack");
    const { previous } = new Releases(stack, { version, image: "registry.example/own:${tag}" });
    new TerraformOutput(stack, "kept", { value: { previous } });
    return Testing.synth(stack, true);
  };
  const terraform = new Terraform(page("1"));
  try {
    const before = (version: string) => {
      nextSecond();
      terraform.write(page(version));
      const { status, said } = terraform.apply({});
      expect({ version, status, said }).toMatchObject({ status: 0 });
      const { previous } = JSON.parse(terraform.run("output", "-json", "kept").lines) as { previous: readonly Release[] };
      for (const { image } of previous) expect(image).toBe("registry.example/own:${tag}");
      expect(terraform.plan({}, "-detailed-exitcode").status).toBe(0);
      return previous.map((one) => one.version).join(" ");
    };
    // The last three: an upgrade that is taken back, then a later one.
    expect(["1", "2", "2", "1", "3", "4", "3", "5"].map(before)).toEqual(["", "1", "1", "2", "1 2", "3 1", "4 1", "3 4"]);
  } finally {
    terraform.remove();
  }
}, 180_000);
