import { Testing } from "cdktf";
import { Terraform } from "../terraform";
import { stackOf } from "./plan";
import { expectPage } from "./snapshots";

test("examples/own-cloud on the cloud that stands beside it", () => expectPage("own-cloud", "own"));

test("Terraform finds no fault and no cycle in it", () => {
  const terraform = new Terraform(Testing.synth(stackOf("own-cloud"), true));
  try {
    expect(terraform.run("validate").said).toContain("Success! The configuration is valid.");
  } finally {
    terraform.remove();
  }
});
