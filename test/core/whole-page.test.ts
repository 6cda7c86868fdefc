// What happens once a page is whole, and who may open pages on its machines.

import { App, TerraformStack, Testing } from "cdktf";
import { Machine, Site, Size } from "../../lib";
import { FakeCloud } from "../../lib/testing";

function page(administrators?: readonly string[]) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud(administrators === undefined ? {} : { administrators });
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const machine = (id: string, number: number) =>
    new Machine(site, id, {
      name: `own-${number}`,
      role: "own",
      range: site.plan.tier("own", 0),
      number,
      size: Size.of({ cpus: 1, gib: 1 }),
    });
  return { stack, cloud, site, machine };
}

test("what waits for the whole page runs once, sees hosts that come later, and changes their boot texts and flows", () => {
  const { stack, cloud, site, machine } = page();
  const seen: string[][] = [];
  site.whenWhole(() => {
    seen.push(site.hosts.map(({ name }) => name));
    for (const host of site.hosts) {
      host.program.add({ kind: "run", why: "added", script: `echo ${host.name} has seen the whole page\n` });
      host.open("monitoring", 9999, "its metrics");
    }
  });
  machine("One", 1);
  machine("Two", 2);
  expect(seen).toEqual([]);
  Testing.synth(stack);
  Testing.synth(stack);
  expect(seen).toEqual([["own-1", "own-2"]]);
  expect(cloud.machines.map((spec) => spec.bootText().match(/own-\d has seen the whole page/g))).toEqual([
    ["own-1 has seen the whole page"],
    ["own-2 has seen the whole page"],
  ]);
  expect(site.flows.map(({ from, to, port }) => [from, to.name, port])).toEqual([
    [{ kind: "role", role: "monitoring" }, "own-1", 9999],
    [{ kind: "role", role: "monitoring" }, "own-2", 9999],
  ]);
});

test("a page on a machine is open to the addresses of administrators, and to nobody where these log in", () => {
  const openings = (administrators?: readonly string[]) => {
    const { machine } = page(administrators);
    const one = machine("One", 1);
    one.openToAdministrators(9080, "the overview");
    return one.openings;
  };
  expect(openings()).toEqual([]);
  expect(openings(["10.20.0.1/32"])).toEqual([
    {
      from: { kind: "external", name: "administrators" },
      sources: ["10.20.0.1/32"],
      to: { kind: "host", name: "own-1", role: "own" },
      port: 9080,
      why: "the overview",
    },
  ]);
});
