// The votes that decide which PostgreSQL is primary: where its members are, what each is told, and who may reach it.

import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { Disk, Etcd, EtcdProps, Machine, PgBouncer, Postgres, Redis, Site, Size } from "../../lib";
import { Inventory } from "../../lib/core/inventory";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud, FakeCloudOptions, renderPage } from "../../lib/testing";

interface Files {
  readonly [path: string]: { readonly content: string; readonly permissions: string };
}

function page(on: "redis" | "database" | "own" | "short" | EtcdProps, options: FakeCloudOptions = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud(options);
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const redis = new Redis(site, "Redis", { replicas: 2 });
  const database = new Postgres(site, "Database", { replicas: 1 });
  const pool = new PgBouncer(site, "Pool", { database });
  const short = new Redis(site, "Cache", { use: "cache", on: redis });
  const tiers = { redis: { on: redis }, database: { on: [database, pool] }, own: {}, short: { on: short } };
  const etcd = new Etcd(site, "Etcd", typeof on === "string" ? tiers[on] : on);
  return { stack, cloud, site, etcd, redis, database, pool };
}

const problemsOf = ({ site }: { readonly site: Site }) =>
  site.problems.all().filter((line) => line.startsWith("stack/Social/Etcd:"));

function filesOf(machine: Machine): Files {
  const { write_files } = parse(readableText(machine.bootText())) as {
    readonly write_files: readonly { readonly path: string; readonly content: string; readonly permissions: string }[];
  };
  return Object.fromEntries(write_files.map(({ path, content, permissions }) => [path, { content, permissions }]));
}

/** What a member is told, whole. */
const SETTINGS = (self: string, directory: string, all: readonly string[]) => `ETCD_NAME=${self}
ETCD_DATA_DIR=${directory}/${self}
ETCD_LISTEN_CLIENT_URLS=http://[::]:2379
ETCD_ADVERTISE_CLIENT_URLS=http://${self}:2379
ETCD_LISTEN_PEER_URLS=http://[::]:2380
ETCD_INITIAL_ADVERTISE_PEER_URLS=http://${self}:2380
ETCD_INITIAL_CLUSTER=${all.map((name) => `${name}=http://${name}:2380`).join(",")}
ETCD_INITIAL_CLUSTER_TOKEN=etcd
ETCD_INITIAL_CLUSTER_STATE=new
ETCD_HEARTBEAT_INTERVAL=200
ETCD_ELECTION_TIMEOUT=2000
ETCD_QUOTA_BACKEND_BYTES=268435456
ETCD_AUTO_COMPACTION_MODE=periodic
ETCD_AUTO_COMPACTION_RETENTION=1h
ETCD_LOG_LEVEL=error
`;

describe.each([
  ["Redis' machines", "redis", ["redis-1", "redis-2", "redis-3"], ["/var/lib/redis/etcd"], "/var/lib/redis"],
  [
    "the databases' and the pooler's machines",
    "database",
    ["database-1", "database-2", "pool-1"],
    ["/var/lib/postgresql/etcd", "/var/lib/postgresql/etcd", "/var/lib/etcd"],
    "/var/lib/postgresql",
  ],
  ["machines of its own", "own", ["etcd-1", "etcd-2", "etcd-3"], ["/var/lib/etcd"], "/var/lib/etcd"],
] as const)("on %s", (_, on, names, directories, mount) => {
  const made = page(on);
  const { machines } = made.etcd;
  const directory = (n: number) => directories[n] ?? directories[0];

  test("the page has no problem, and each of its machines has one member", () => {
    expect(made.site.problems.all()).toEqual([]);
    expect(machines.map(({ name }) => name)).toEqual(names);
    for (const { program } of machines)
      expect(program.steps.filter((step) => step.kind === "file" && step.path === "/etc/default/etcd")).toHaveLength(1);
  });

  test("every member knows itself and all others by name, and keeps its data on the disk that its machine keeps", () => {
    for (const [n, machine] of machines.entries()) {
      expect(filesOf(machine)["/etc/default/etcd"]).toEqual({
        permissions: "0644",
        content: SETTINGS(machine.name, directory(n), names),
      });
      // All names, its own too, which otherwise means the loopback.
      for (const other of machines) expect(machine.bootText()).toMatch(new RegExp(`\\b${other.name}( # cdktf-mastodon)?$`, "m"));
      expect(filesOf(machine)["/etc/systemd/system/etcd.service.d/10-mastodon.conf"]!.content).toContain(
        `RequiresMountsFor=${directory(n)}\n`,
      );
    }
    const at = machines[0]!.program.steps.flatMap((step) => (step.kind === "mount" ? [step.at] : []));
    expect(at).toEqual([mount]);
  });

  test("only the first may begin a cluster", () => {
    const first = machines.map((machine) => /^FIRST='(.*)'$/m.exec(filesOf(machine)["/usr/local/sbin/etcd-start"]!.content)![1]);
    expect(first).toEqual(["yes", "no", "no"]);
  });

  test("its users are made at each start, since it may have lost its disk", () => {
    for (const machine of machines)
      expect(filesOf(machine)["/etc/systemd/system/etcd.service.d/10-mastodon.conf"]!.content).toContain(
        "\nWants=etcd-users.service\n",
      );
  });

  test("its password is in one file, for root alone", () => {
    for (const machine of machines) {
      const files = filesOf(machine);
      expect(files["/etc/mastodon/etcd.secrets"]).toEqual({
        permissions: "0600",
        content: "ETCD_PASSWORD=<secret etcd_password>\n",
      });
      const holding = Object.entries(files).filter(([, { content }]) => content.includes("etcd_password"));
      // A database's machine has it a second time, for Patroni.
      const database = machine.role === "postgres" ? ["/etc/mastodon/postgres/secrets"] : [];
      expect(holding.map(([path]) => path).sort()).toEqual(["/etc/mastodon/etcd.secrets", ...database]);
    }
  });
});

test("databases may ask it, and its members each other; nobody else", () => {
  const flowsOf = (on: Parameters<typeof page>[0]) => {
    const { stack } = page(on);
    const all = Object.entries(renderPage(stack).flows["social"]!);
    return Object.fromEntries(all.filter(([to]) => /:(2379|2380)$/.test(to)));
  };
  const asked = (...roles: readonly string[]) => roles.map((role) => `${role}: which PostgreSQL is primary`);
  const among = (...roles: readonly string[]) => roles.map((role) => `${role}: members of etcd among themselves`);
  const each = (names: readonly string[], clients: readonly string[], peers: readonly string[]) =>
    Object.fromEntries(
      names.flatMap((name) => [
        [`${name}:2379`, asked(...clients)],
        [`${name}:2380`, among(...peers)],
      ]),
    );
  expect(flowsOf("redis")).toEqual(each(["redis-1", "redis-2", "redis-3"], ["postgres", "redis"], ["redis"]));
  expect(flowsOf("own")).toEqual(each(["etcd-1", "etcd-2", "etcd-3"], ["etcd", "postgres"], ["etcd"]));
  const both = ["pgbouncer", "postgres"];
  expect(flowsOf("database")).toEqual(each(["database-1", "database-2", "pool-1"], both, both));
});

// With one loss of power for both, etcd's new leader would begin the lease of the lost primary anew.
test("a member beside PostgreSQL gives the leadership away while the primary is there; others have no such timer", () => {
  const { site, etcd } = page("database");
  expect(site.problems.all()).toEqual([]);
  const [first, second, pooler] = etcd.machines;
  const scripts = [first!, second!].map((machine) => filesOf(machine)["/usr/local/sbin/etcd-leader"]!.content);
  for (const [n, text] of scripts.entries())
    expect(text).toContain(`SELF='database-${n + 1}'\nMEMBERS='database-1 database-2 pool-1'\n`);
  const starts = ({ program }: Machine) => program.steps.flatMap((step) => (step.kind === "start" ? step.units : []));
  expect([first, second, pooler].map((machine) => starts(machine!).includes("etcd-leader.timer"))).toEqual([true, true, false]);
  expect(page("redis").etcd.machines.some((machine) => starts(machine).includes("etcd-leader.timer"))).toBe(false);
});

test("the inventory has it as a tier, and a unit on each of its machines", () => {
  const inventoryOf = ({ site }: ReturnType<typeof page>): Inventory => site.inventory.whole;
  const shared = inventoryOf(page("redis"));
  expect(shared.tiers.find(({ id }) => id === "Etcd")).toEqual({
    path: "stack/Social/Etcd",
    id: "Etcd",
    kind: "Etcd",
    why: "decides which PostgreSQL is primary",
    hosts: [],
  });
  const units = (inventory: Inventory) =>
    Object.fromEntries(
      inventory.machines.flatMap(({ name, units }) => {
        const own = units.filter(({ what }) => what === "etcd");
        return own.length === 0 ? [] : [[name, own]];
      }),
    );
  const unit = (first: boolean) => [
    { unit: "etcd.service", what: "etcd", tier: "stack/Social/Etcd", facts: { port: 2379, first } },
  ];
  expect(units(shared)).toEqual({ "redis-1": unit(true), "redis-2": unit(false), "redis-3": unit(false) });
  const own = inventoryOf(page("own"));
  expect(own.tiers.find(({ id }) => id === "Etcd")!.hosts).toEqual(["etcd-1", "etcd-2", "etcd-3"]);
  expect(units(own)).toEqual({ "etcd-1": unit(true), "etcd-2": unit(false), "etcd-3": unit(false) });
  expect(own.machines.find(({ name }) => name === "etcd-1")).toMatchObject({
    role: "etcd",
    cpus: 1,
    gib: 1,
    disks: [{ name: "data", gib: 10 }],
  });
});

test("five members, of a size and with disks that the page names", () => {
  const { site, etcd } = page({ members: 5, size: Size.of({ cpus: 2, gib: 2 }), disk: Disk.gib(20) });
  expect(site.problems.all()).toEqual([]);
  expect(etcd.machines.map(({ described }) => [described.name, described.cpus, described.gib, described.disks])).toEqual(
    [1, 2, 3, 4, 5].map((n) => [`etcd-${n}`, 2, 2, [{ name: "data", gib: 20 }]]),
  );
});

test.each<[string, Parameters<typeof page>[0], FakeCloudOptions, readonly string[]]>([
  [
    "an even number of members",
    { members: 4 as 3 },
    {},
    ["members is 4 / use 3 or 5: with an even number one more machine may be lost, and no more than with one less"],
  ],
  [
    "too few machines",
    "short",
    {},
    ["`on` names 1 machines for 3 members / name tiers with 3 kept machines in all, or leave `on` out"],
  ],
  [
    "too few machines for five",
    { on: page("redis").redis, members: 5 },
    {},
    ["`on` names 3 machines for 5 members / name tiers with 5 kept machines in all, or leave `on` out"],
  ],
  [
    "a size, a disk and a slot of machines that it does not have",
    { on: page("redis").redis, size: Size.of({ cpus: 1, gib: 1 }), disk: Disk.gib(10), slot: 1 },
    {},
    ["size, disk, slot is given, but it has no machines of its own / leave it out, or leave `on` out"],
  ],
])("%s is refused", (_, on, options, said) => {
  expect(problemsOf(page(on, options))).toEqual(said.map((line) => `stack/Social/Etcd: ${line}`));
});

test("two of three members in one zone are refused: that zone would take the majority with it", () => {
  expect(problemsOf(page("own", { zones: 2 }))).toEqual([
    expect.stringMatching(
      /^stack\/Social\/Etcd: with 2 zones, 2 of its 3 members are in one of them: while that zone is away, .* \/ give the cloud three zones, or say quorumInTwoZones: true if that may be$/,
    ),
  ]);
  expect(problemsOf(page("own", { zones: 3 }))).toEqual([]);
  // Database 1, database 2 and the pooler in the zones 1, 2 and 1.
  expect(problemsOf(page("database", { zones: 3 }))).toHaveLength(1);
});
