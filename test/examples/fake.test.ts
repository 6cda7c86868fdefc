import { Testing } from "cdktf";
import { FAKE_CLOUDS, FakeCloud } from "../../lib/testing";
import { Terraform } from "../terraform";
import { stackOf } from "./plan";
import { examplesOn, expectPage } from "./snapshots";

test.each(examplesOn("fake"))(
  "examples/%s on a cloud that computes addresses and has zones, scaling groups and a store of secrets",
  (example) => expectPage(example, "fake"),
);

// Machines name each other. Where addresses are computed, a boot text that held one would be a cycle.
describe.each(["chosen", "computed"] as const)("on a cloud with %s addresses", (addresses) => {
  test.each(examplesOn("fake"))("Terraform finds no fault and no cycle in examples/%s", (example) => {
    const plan = Testing.synth(
      stackOf(example, () => new FakeCloud(FAKE_CLOUDS[addresses])),
      true,
    );
    const terraform = new Terraform(plan);
    try {
      expect(terraform.run("validate").said).toContain("Success! The configuration is valid.");
    } finally {
      terraform.remove();
    }
  });
});
