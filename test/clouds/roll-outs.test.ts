// What goes wrong in the life of a site, on clouds whose resources are `terraform_data`: the real Terraform, and commands that only write down that
// they were called. Hetzner's cases are in test/e2e/roll-outs.test.ts.

import { ownCloud } from "../../examples/own-cloud/cloud";
import { local } from "../../lib/clouds/local";
import { FakeCloud, rollOuts } from "../../lib/testing";

const FOR_TRYING_OUT = "the local cloud removes the disks of what the page has no longer";

test("the local cloud keeps every rule but these", async () => {
  const excused = {
    "a renamed tier with data is not refused": FOR_TRYING_OUT,
    "a removed machine with data is not refused": FOR_TRYING_OUT,
    "a removed tier with data is not refused": FOR_TRYING_OUT,
  };
  expect(await rollOuts(() => local(), { excused })).toEqual([]);
}, 600_000);

test("a cloud is found out that deletes disks with their tier", async () => {
  const name = (finding: string) => finding.replaceAll(/ \S+_MachineSettings_[0-9A-F]{8},/g, "").replaceAll(/_[0-9A-F]{8}/g, "");
  expect((await rollOuts(() => ownCloud({ protectDisks: false }))).map(name)).toEqual([
    "a renamed tier with data is not refused: terraform_data.Probe_Kept1_Machine, terraform_data.Probe_Kept2_Machine",
    "a removed machine with data is not refused: terraform_data.Probe_Kept2_Machine",
    "a removed tier with data is not refused: terraform_data.Probe_Kept1_Machine, terraform_data.Probe_Kept2_Machine",
  ]);
}, 300_000);

test("a cloud is found out that has no gates, makes nothing by commands, and tells nothing of older machines", async () => {
  const found = (await rollOuts(() => new FakeCloud())).map((finding) => finding.split(": ")[0]);
  expect([...new Set(found)]).toEqual([
    "no gate is asked before members leave",
    "a failed roll-out passes, though no new member serves",
    "a smaller page after a failed roll-out passes, though no new member serves",
    "a smaller page after a failed roll-out ends members that serve",
    "a roll-out that failed leaves old members behind",
    "a renamed pool passes, though no new member serves",
    "a renamed pool ends members that serve",
    "a renamed tier with data is not refused",
    "a removed machine with data is not refused",
    "a removed tier with data is not refused",
    "no gate is asked when a pool has another text",
    "no gate is asked when an apply goes on after it was told to end",
    "an apply that goes on leaves old members behind",
    "a kept machine that is not made is no error",
    "the output does not tell which kept machines are older than the page",
    "another setting is not delivered once to each kept machine, and nothing else done",
  ]);
}, 300_000);
