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

test("the state has the addresses that were computed, and what was deployed before", () => {
  const plan = (version: string) => {
    const stack = new TerraformStack(new App(), "stack");
    const site = new Site(stack, "Social", {
      cloud: new FakeCloud({ addresses: "computed" }),
      domain: "social.example",
      version,
    });
    cellar(site);
    site.inventory.serves({ version, image: `registry.example/mastodon:v${version}` });
    return Testing.synth(stack, true);
  };
  const terraform = new Terraform(plan("4.7.5"));
  try {
    const deployed = (version: string) => {
      terraform.write(plan(version));
      const { status, said } = terraform.apply({});
      expect({ status, said }).toMatchObject({ status: 0 });
      expect(said).toContain("social_inventory = <sensitive>");
      return JSON.parse(terraform.run("output", "-json", "social_inventory").lines) as Inventory;
    };
    const release = (version: string) => ({ version, image: `registry.example/mastodon:v${version}` });
    const first = deployed("4.7.5");
    expect([first.release, first.previous]).toEqual([release("4.7.5"), null]);
    expect(first.machines[0]!.address).toMatch(/^[0-9a-f]{8}-/);
    expect(first.machines[0]!.units[0]!.facts).toEqual({ port: 1855, label: "%{no} template", kinds: ["${red}", "white"] });
    const second = deployed("4.7.6");
    expect([second.release, second.previous]).toEqual([release("4.7.6"), release("4.7.5")]);
  } finally {
    terraform.remove();
  }
}, 60_000);

test("the state remembers the release before, through deploys that change nothing, rollbacks, and many releases", () => {
  const plan = (version: string) => {
    const stack = new TerraformStack(new App(), "stack");
    const { previous } = new Releases(stack, { version, image: "registry.example/own:${tag}" });
    new TerraformOutput(stack, "kept", { value: { previous } });
    return Testing.synth(stack, true);
  };
  const terraform = new Terraform(plan("1"));
  try {
    const before = (version: string) => {
      // Plans are told apart by the second in which they were made.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1001 - (Date.now() % 1000));
      terraform.write(plan(version));
      const { status, said } = terraform.apply({});
      expect({ version, status, said }).toMatchObject({ status: 0 });
      const { previous } = JSON.parse(terraform.run("output", "-json", "kept").lines) as { previous: Release | null };
      if (previous !== null) expect(previous.image).toBe("registry.example/own:${tag}");
      expect(terraform.plan({}, "-detailed-exitcode").status).toBe(0);
      return previous?.version;
    };
    // The last three: an upgrade that is taken back, then a later one.
    expect(["1", "2", "2", "1", "3", "4", "3", "5"].map(before)).toEqual([undefined, "1", "1", "2", "1", "3", "4", "3"]);
  } finally {
    terraform.remove();
  }
}, 120_000);
