import { Machine, Size } from "../../../lib";
import { Architecture, Cpus, instanceType } from "../../../lib/clouds/aws/instance-types";
import { all, data, machine, page, problems } from "./page";

const choose = (architecture: Architecture, cpus: Cpus, count: number, gib: number) =>
  instanceType(architecture, cpus, Size.of({ cpus: count, gib }));

test.each([
  ["x86_64", "burstable", 1, 1, "t3.micro", 7.592],
  ["x86_64", "burstable", 2, 4, "t3.medium", 30.368],
  ["x86_64", "burstable", 3, 1, "t3.xlarge", 121.472],
  ["arm64", "burstable", 2, 2, "t4g.small", 12.264],
  ["arm64", "burstable", 8, 32, "t4g.2xlarge", 196.224],
  ["arm64", "steady", 1, 2, "c7g.medium", 26.4625],
  ["arm64", "steady", 2, 8, "m7g.large", 59.568],
  ["arm64", "steady", 2, 9, "r7g.large", 78.183],
  ["x86_64", "steady", 1, 1, "c7i.large", 65.1525],
  ["x86_64", "steady", 4, 8, "c7i.xlarge", 130.305],
  ["x86_64", "steady", 4, 32, "r7i.xlarge", 193.158],
  ["x86_64", "steady", 64, 512, "r7i.16xlarge", 3090.528],
] as const)("%s, %s: the cheapest with %d CPUs and %d GiB is %s", (architecture, cpus, count, gib, type, dollars) => {
  const choice = choose(architecture, cpus, count, gib);
  expect(choice).toMatchObject({ type, burstable: cpus === "burstable", dollars: expect.closeTo(dollars, 3) as number });
});

// Its number of CPUs counts against the account's quota, not that of the page.
test("a type has its own CPUs and memory, which may be more than the page asks for", () => {
  expect(choose("x86_64", "burstable", 1, 3)).toMatchObject({ type: "t3.medium", cpus: 2, gib: 4 });
});

test("a size that AWS does not have is refused with the largest", () => {
  expect(choose("arm64", "burstable", 9, 4)).toEqual({
    wrong: "AWS has no type of instance with 9 burstable CPUs of arm64 and 4 GiB",
    remedy: 'the largest here is t4g.2xlarge with 8 and 32: use more and smaller machines, or cpus: "steady"',
  });
  expect(choose("x86_64", "steady", 65, 4)).toEqual({
    wrong: "AWS has no type of instance with 65 steady CPUs of x86_64 and 4 GiB",
    remedy: "the largest here is r7i.16xlarge with 64 and 512: use more and smaller machines",
  });
});

test("a machine of such a size is named, and no plan asks AWS for its type", () => {
  const { stack, site } = page();
  const range = site.range(site, "own", "own");
  new Machine(site, "own-1", { name: "own-1", role: "own", range, number: 1, size: Size.of({ cpus: 16, gib: 16 }) });
  expect(problems(site)).toEqual([
    "stack/Social/own-1: AWS has no type of instance with 16 burstable CPUs of x86_64 and 16 GiB / " +
      'the largest here is t3.2xlarge with 8 and 32: use more and smaller machines, or cpus: "steady"',
  ]);
  expect(data(stack, "aws_ec2_instance_type_offerings")).toEqual({});
});

test("processors are as asked, for all or by role, and only burstable ones have credits", () => {
  const types = (props: Parameters<typeof page>[0]) => {
    const { stack, site } = page(props);
    machine(site, "own");
    machine(site, "db", "postgres");
    return Object.values(all(stack, "aws_instance")).map((one) => [one["instance_type"], one["credit_specification"]]);
  };
  expect(types({})).toEqual([
    ["t3.medium", { cpu_credits: "unlimited" }],
    ["t3.medium", { cpu_credits: "unlimited" }],
  ]);
  expect(types({ architecture: { postgres: "arm64" }, cpus: { postgres: "steady" } })).toEqual([
    ["c7g.large", undefined],
    ["t3.medium", { cpu_credits: "unlimited" }],
  ]);
});
