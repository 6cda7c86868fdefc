import { Size } from "../../../lib";
import { Cpus, Location, serverType } from "../../../lib/clouds/hetzner/sizes";

const choose = (location: Location, cpus: Cpus, count: number, gib: number) =>
  serverType(location, cpus, Size.of({ cpus: count, gib }));

test.each([
  ["fsn1", "shared", 1, 1, "cpx12"],
  ["fsn1", "shared", 1, 4, "cpx22"],
  ["fsn1", "shared", 12, 4, "cpx52"],
  ["nbg1", "cost-optimized", 1, 1, "cx23"],
  ["hel1", "arm", 8, 10, "cax31"],
  ["hel1", "dedicated", 2, 9, "ccx23"],
  ["ash", "shared", 3, 4, "cpx21"],
  ["hil", "dedicated", 48, 192, "ccx63"],
  ["sin", "shared", 2, 4, "cpx22"],
] as const)("the smallest in %s with %s CPUs for %d and %d GiB is %s", (location, cpus, count, gib, type) => {
  expect(choose(location, cpus, count, gib)).toEqual({ type });
});

test("what does not exist at a location is refused with what does", () => {
  expect(choose("ash", "cost-optimized", 1, 1)).toEqual({
    wrong: "its CPUs are to be cost-optimized, which Hetzner does not offer in ash",
    remedy: "use shared or dedicated there, or one of the locations fsn1, nbg1, hel1",
  });
  expect(choose("fsn1", "shared", 16, 64)).toEqual({
    wrong: "Hetzner has no server in fsn1 with 16 shared CPUs and 64 GiB",
    remedy: "the largest is cpx62 with 16 and 32: use more and smaller machines, or dedicated CPUs",
  });
  expect(choose("fsn1", "dedicated", 64, 64)).toEqual({
    wrong: "Hetzner has no server in fsn1 with 64 dedicated CPUs and 64 GiB",
    remedy: "the largest is ccx63 with 48 and 192: use more and smaller machines",
  });
});
