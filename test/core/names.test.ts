import { App, TerraformStack, Testing } from "cdktf";
import { Disk, Etcd, Machine, Pool, Postgres, Site, Size } from "../../lib";
import { hostName, shortened, wrongSiteId } from "../../lib/core/names";
import { FakeCloud } from "../../lib/testing";
import { pageProblems } from "../page-problems";

function site(id = "Social", network?: string) {
  const stack = new TerraformStack(new App(), "stack");
  const made = new Site(stack, id, {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
    ...(network !== undefined && { network }),
  });
  return { site: made, heard: () => pageProblems(() => Testing.synth(stack, true)) };
}

const size = Size.of({ cpus: 1, gib: 1 });

test.each(["Social", "social-2", "MyServer", "Übung", "a".repeat(40)])("%s is the id of a site", (id) =>
  expect(wrongSiteId(id)).toBeUndefined(),
);

test.each([
  ["数据", 'stack/数据: its id is "数据", of which no name can be made / give an id of which the letters a to z'],
  ["1st", 'stack/1st: its id is "1st", which makes the name "1st" / give an id'],
  [
    "a".repeat(41),
    `which makes the name "${"a".repeat(41)}" / give an id of which the letters a to z, digits and dashes make a name of at most 40`,
  ],
  ["All", 'stack/All: its id is "All", which is a word of commands / give another id'],
  ["all", 'stack/all: its id is "all", which is a word of commands / give another id'],
])("%s is none", (id, said) => {
  expect(site(id).heard()).toEqual([expect.stringContaining(said)]);
});

test.each(["数据库", "42", "d".repeat(47)])("a tier called %s is refused once, not once for each of its machines", (id) => {
  const { site: one, heard } = site();
  new Postgres(one, id, { replicas: 1, quorum: new Etcd(one, "Etcd") });
  expect(heard()).toEqual([
    expect.stringMatching(
      /^stack\/Social\/.*: its id is ".*"(, of which no name can be made|, which makes the name ".*") \/ give an id /,
    ),
  ]);
});

test("the longest name of a tier leaves room for what clouds put around it", () => {
  const { site: one, heard } = site();
  const id = "d".repeat(46);
  const postgres = new Postgres(one, id, { replicas: 1, quorum: new Etcd(one, "Etcd") });
  expect(heard()).toEqual([]);
  // Hetzner's volume of the standby, and a member of a pool.
  expect(`social-${postgres.machines[1]!.name}-data`.length).toBeLessThanOrEqual(63);
  expect(`social-${hostName(id)}-58-abcdef`.length).toBe(63);
});

test.each(["Bastion_1 x", "bastion_1", "-a", "a-", "", "7", "a.b", "a".repeat(57)])("a machine cannot be called %j", (name) => {
  const { site: one, heard } = site();
  new Machine(one, "Bastion", { name, role: "own", range: one.range(one, "own", "bastion"), number: 1, size });
  new Pool(one, "Workers", { name: `${name} `, role: "own", range: one.range(one, "own", "workers"), machines: 1, size });
  expect(heard()).toEqual([
    expect.stringContaining(
      `stack/Social/Bastion: name is "${name}" / use a host name of at most 56 characters: lower-case letters`,
    ),
    expect.stringContaining(`stack/Social/Workers: name is "${name} " / use a host name`),
  ]);
});

test("a name that is nearly right comes with the right one", () => {
  const { site: one, heard } = site();
  new Machine(one, "Bastion", { name: "Bastion_1 x", role: "own", range: one.range(one, "own", "bastion"), number: 1, size });
  expect(heard()).toEqual([expect.stringMatching(/such as "bastion-1-x"$/)]);
});

test("a disk is called like a machine, and fits behind its name", () => {
  const { site: one, heard } = site();
  const range = one.range(one, "own", "bastion");
  const disks = { data: Disk.gib(1), "My Disk": Disk.gib(1), ["d".repeat(49)]: Disk.gib(1) };
  const machine = new Machine(one, "Bastion", { name: "bastion", role: "own", range, number: 1, size, disks });
  machine.program.add({ kind: "mount", device: () => machine.device("other"), at: "/srv" });
  const long = "d".repeat(49);
  expect(heard()).toEqual([
    expect.stringContaining('stack/Social/Bastion: the name of a disk is "My Disk" / use a host name of at most 48 characters'),
    expect.stringContaining(`stack/Social/Bastion: the name of a disk is "${long}" / use a host name of at most 48 characters`),
    `stack/Social/Bastion: its program wants a disk "other" / name one that it has: data, My Disk, ${long}`,
  ]);
});

test("what is cut off a long name shows in a hash, and a short one stays", () => {
  expect(shortened("web", 63)).toBe("web");
  const [one, other] = ["a", "b"].map((end) => shortened(`${"x".repeat(70)}${end}`, 63));
  expect(one).toHaveLength(63);
  expect(one).not.toBe(other);
  expect(one).toMatch(/^x{54}-[0-9a-f]{8}$/);
});

test.each(["10.20.0.0/16", "172.16.0.0/16", "172.31.0.0/16", "192.168.0.0/16"])("%s is a network", (network) =>
  expect(site("Social", network).heard()).toEqual([]),
);

test.each(["10.20.0.0/24", "10.256.0.0/16", "172.32.0.0/16", "192.167.0.0/16", "8.8.0.0/16", "010.20.0.0/16", "nonsense"])(
  "%s is none, and is told with all else",
  (network) => {
    const { site: one, heard } = site("Social", network);
    new Pool(one, "Web", { name: "web", role: "web", range: one.range(one, "web", "web"), machines: 0, size });
    expect(heard()).toEqual([
      `stack/Social: network is "${network}" / give a private /16 such as 10.20.0.0/16, 172.16.0.0/16 or 192.168.0.0/16`,
      expect.stringContaining("stack/Social/Web: machines is 0"),
    ]);
  },
);

test.each([
  [Size.of({ cpus: 0, gib: 1 }), "cpus of its size is 0 / use a whole number from 1"],
  [Size.of({ cpus: 1.5, gib: 1 }), "cpus of its size is 1.5 / use a whole number from 1"],
  [Size.of({ cpus: 1, gib: 0 }), "gib of its size is 0 / use a number above 0"],
  [Size.of({ cpus: 1, gib: NaN }), "gib of its size is NaN / use a number above 0"],
])("a size that cannot be is told once, by whom it is given", (wrong, said) => {
  const { site: one, heard } = site();
  new Pool(one, "Web", { name: "web", role: "web", range: one.range(one, "web", "web"), machines: 1, size: wrong });
  new Pool(one, "More", { name: "more", role: "web", range: one.range(one, "web", "more"), machines: 1, size: wrong });
  expect(heard()).toEqual([`stack/Social/Web: ${said}`]);
});

test("so are a disk and a number that cannot be", () => {
  const { site: one, heard } = site();
  const range = one.range(one, "own", "bastion");
  new Machine(one, "Bastion", { name: "bastion", role: "own", range, number: 200, size, disks: { data: Disk.gib(0.5) } });
  expect(heard()).toEqual([
    "stack/Social/Bastion: gib of its disk is 0.5 / use a whole number from 1",
    "stack/Social/Bastion: number is 200 / use a whole number from 1 to 117",
  ]);
});
