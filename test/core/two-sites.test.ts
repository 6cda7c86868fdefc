// Two sites of one stack that would get in each other's way.

import { App, TerraformStack, Testing } from "cdktf";
import { Site } from "../../lib";
import { local } from "../../lib/clouds/local";
import { FakeCloud } from "../../lib/testing";
import { pageProblems } from "../page-problems";

const stack = () => new TerraformStack(new App(), "stack");

test("two sites of one name are refused: their machines and secrets would be the same", () => {
  const one = stack();
  const site = (id: string) => new Site(one, id, { cloud: new FakeCloud(), domain: "social.example", version: "4.7.6" });
  const [first, second, third] = [site("Social"), site("social"), site("Other")];
  const told = (of: Site) => of.problems.all().filter((line) => line.includes("its name"));
  expect(told(second)).toEqual([
    'stack/social: its name "social" is already used by stack/Social / give it another id: machines, disks and secrets are called after it',
  ]);
  expect([...told(first), ...told(third)]).toEqual([]);
});

test("two sites on the same host need ranges of their own", () => {
  const one = stack();
  const site = (id: string, network?: string) =>
    new Site(one, id, { cloud: local(), domain: "social.example", version: "4.7.6", ...(network !== undefined && { network }) });
  site("Social");
  const told = () => pageProblems(() => Testing.synth(one, true)).filter((line) => line.includes("network"));
  site("Third", "10.30.0.0/16");
  expect(told()).toEqual([]);
  site("Other");
  expect(told()).toEqual([
    "stack/Other: network 10.20.0.0/16 is already used by stack/Social / give each site of the local cloud a private range of its own, such as " +
      'network: "10.30.0.0/16"',
  ]);
});
