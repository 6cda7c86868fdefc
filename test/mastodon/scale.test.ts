import { App, TerraformStack, Testing } from "cdktf";
import { Monitoring, Pool, Postgres, Redis, Scale, Site, Size, StreamingPool, WebTier, WebTierProps } from "../../lib";
import { watched } from "../../lib/mastodon/monitoring/watched";
import { FakeCloud } from "../../lib/testing";
import { pageProblems } from "../page-problems";

interface Page extends Pick<WebTierProps, "streaming"> {
  readonly scales?: boolean;
  readonly scalesByUse?: boolean;
  readonly monitored?: boolean;
  readonly version?: string;
  /** WebSockets of streaming. */
  readonly clients?: number;
  readonly size?: Size;
}

function page(scale: Scale | undefined, of: Page = {}) {
  const { scales = true, scalesByUse = true, monitored = false, version = "4.7.6", clients, size } = of;
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud({ scales, scalesByUse });
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version,
    queuesElsewhere: ["default", "push", "ingress", "mailers", "pull", ...(version > "4.4" ? ["fasp"] : []), "scheduler"],
  });
  const data = { database: new Postgres(site, "Database", { maxConnections: 1000 }), redis: new Redis(site, "Redis") };
  const own = { ...(clients !== undefined && { clients }), ...(size && { size }) };
  const live = new StreamingPool(site, "Streaming", { machines: 2, processes: 1, ...own, ...data, ...(scale && { scale }) });
  const streaming = of.streaming ?? live;
  new WebTier(site, "Web", { machines: 3, processes: 2, threads: 5, streaming, ...data, ...(scale && { scale }) });
  if (monitored) new Monitoring(site, "Monitoring");
  return { stack, site, cloud, problems: () => pageProblems(() => Testing.synth(stack, true)) };
}

test("a cloud that scales gets both limits and how busy processors are kept, for web and streaming", () => {
  const { cloud, problems } = page({ most: 8 });
  expect(problems()).toEqual([]);
  const told = cloud.pools.map(({ name, machines, scale }) => ({ name, machines, scale }));
  expect(told).toEqual([
    { name: "streaming", machines: 2, scale: { most: 8, cpuPercent: 60 } },
    { name: "web", machines: 3, scale: { most: 8, cpuPercent: 60 } },
  ]);
  expect(page({ most: 8, cpuPercent: 40 }).cloud.pools[1]!.scale).toEqual({ most: 8, cpuPercent: 40 });
});

test("without scale the cloud is told nothing of it", () => {
  const { cloud, problems } = page(undefined);
  expect(problems()).toEqual([]);
  for (const pool of cloud.pools) expect(pool).not.toHaveProperty("scale");
});

test("connections to databases are counted with the most machines that there may be", () => {
  const sums = (scale: Scale | undefined) => {
    const { locals } = JSON.parse(Testing.synth(page(scale).stack, true)) as {
      readonly locals: Readonly<Record<string, Readonly<Record<string, { readonly tiers: Readonly<Record<string, string>> }>>>>;
    };
    const [{ tiers }] = Object.values(locals["social_database_connections"]!) as [{ tiers: Record<string, string> }];
    return { streaming: tiers["streaming"], web: tiers["web"] };
  };
  expect(sums(undefined)).toEqual({
    streaming: "2 x 10, twice in a roll-out",
    web: expect.stringMatching(/^6 x \d+, twice in a roll-out$/) as string,
  });
  expect(sums({ most: 8 })).toEqual({
    streaming: "8 x 10, twice in a roll-out",
    web: expect.stringMatching(/^16 x \d+, twice in a roll-out$/) as string,
  });
});

test("a cloud that does not scale refuses it, once for the page, and is told nothing of it", () => {
  const { cloud, problems } = page({ most: 8 }, { scales: false });
  expect(problems()).toEqual([
    expect.stringMatching(
      /its number of machines is to follow their load, and fake does not change it \/ leave scale out, and give as many machines as the highest load needs/,
    ),
  ]);
  for (const pool of cloud.pools) expect(pool).not.toHaveProperty("scale");
});

test("a wrong scale is told with its limits", () => {
  expect(page({ most: 2, cpuPercent: 95 }).problems()).toEqual([
    "stack/Social/Streaming/Hosts: cpuPercent of scale is 95 / use a whole number from 10 to 90",
    expect.stringMatching(
      /^stack\/Social\/Web\/Hosts: most of scale is 2 \/ use a whole number from 3 to \d+: a roll-out doubles the pool inside /,
    ),
    "stack/Social/Web/Hosts: cpuPercent of scale is 95 / use a whole number from 10 to 90",
  ]);
  for (const most of [2.5, 1000])
    expect(
      page({ most })
        .problems()
        .filter((line) => line.includes(`most of scale is ${most}`)),
    ).toHaveLength(2);
});

const BY_USE: Scale = { most: 8, usedPercent: 60 };
const told = ({ cloud }: ReturnType<typeof page>) => cloud.pools.map(({ scale }) => scale);

test("a cloud that scales by it gets how much is kept in use, and what measures it: a program on the monitoring machine, of which no other host has one", () => {
  const made = page(BY_USE, { monitored: true });
  expect(made.problems()).toEqual([]);
  expect(told(made)).toEqual([
    { most: 8, cpuPercent: 60, usedPercent: 60 },
    { most: 8, cpuPercent: 60, usedPercent: 60 },
  ]);
  const { machines, pools } = made.cloud;
  const measuring = [...machines, ...pools].map(({ name, poolsUsed }) => [name, poolsUsed!()] as const);
  expect(measuring.filter(([, program]) => program !== undefined)).toEqual([["monitoring-1", "/usr/local/sbin/pools-used"]]);
  const [monitoring] = machines.filter(({ name }) => name === "monitoring-1");
  expect(monitoring!.bootText()).toContain("path: /usr/local/sbin/pools-used");
  expect(monitoring!.packages()).toEqual(expect.arrayContaining(["curl", "jq", "prometheus"]));
});

test("without usedPercent the monitoring machine has neither the program nor the series, and the cloud is told nothing of it", () => {
  const made = page({ most: 8 }, { monitored: true });
  expect(made.problems()).toEqual([]);
  expect(told(made)).toEqual([
    { most: 8, cpuPercent: 60 },
    { most: 8, cpuPercent: 60 },
  ]);
  expect(made.cloud.machines.map(({ poolsUsed }) => poolsUsed!())).toEqual(made.cloud.machines.map(() => undefined));
  expect(watched(made.site).used).toEqual([]);
});

test("what is measured: Puma's threads, and WebSockets of those for which each process is meant", () => {
  const used = (of: Page) => {
    const made = page(BY_USE, { monitored: true, ...of });
    expect(made.problems()).toEqual([]);
    return watched(made.site).used;
  };
  const threads = { pool: "web", threads: true, webSockets: undefined };
  const streaming = (webSockets: number) => ({ pool: "streaming", threads: false, webSockets });
  // By the limits of a machine, by the page, when the other machine is lost, and by the memory of a small machine.
  expect(used({})).toEqual([streaming(4096), threads]);
  expect(used({ clients: 3000 })).toEqual([streaming(3000), threads]);
  expect(used({ size: Size.of({ cpus: 1, gib: 0.5 }) })).toEqual([streaming(711), threads]);
  // On web machines both are measured, each of two processes for a half.
  expect(used({ streaming: { processes: 2, clients: 6000 } })).toEqual([
    streaming(4096),
    { pool: "web", threads: true, webSockets: 1500 },
  ]);
  // Up to 4.1 nobody knows how many WebSockets there are.
  expect(watched(page(BY_USE, { streaming: { processes: 2 }, version: "4.1.25" }).site).used).toEqual([threads]);
});

test("nothing measures a page without Monitoring: refused, once for a site", () => {
  expect(page(BY_USE).problems()).toEqual([
    "stack/Social/Streaming: usedPercent of scale is 60, and nothing on the page measures how much of its machines is used / " +
      "add a Monitoring to the site, or leave usedPercent out: the number of machines then follows the processors alone",
  ]);
});

test("a cloud that does not scale by it refuses it, once, and is told nothing of it", () => {
  const made = page(BY_USE, { scalesByUse: false, monitored: true });
  expect(made.problems()).toEqual([
    "stack/Social/Streaming/Hosts: usedPercent of scale is 60, and fake does not scale by how much of a pool is used / " +
      "leave it out: the number of machines then follows the processors alone",
  ]);
  expect(told(made)).toEqual([
    { most: 8, cpuPercent: 60 },
    { most: 8, cpuPercent: 60 },
  ]);
  for (const host of [...made.cloud.machines, ...made.cloud.pools]) expect(host).not.toHaveProperty("poolsUsed");
  // Where nothing scales at all, that alone is said.
  expect(page(BY_USE, { scales: false, scalesByUse: false }).problems()).toEqual([
    expect.stringMatching(/its number of machines is to follow their load, and fake does not change it/),
  ]);
});

test("streaming before 4.2 tells nobody how many WebSockets it has: refused there", () => {
  expect(page(BY_USE, { version: "4.1.25", monitored: true }).problems()).toEqual([
    "stack/Social/Streaming: usedPercent of scale is 60, and streaming of Mastodon 4.1.25 tells nobody how many WebSockets it has / " +
      "leave it out, or use Mastodon 4.2 or later",
  ]);
});

test("of a pool of the page's own nothing is measured: refused there", () => {
  const { site, problems } = page(undefined, { monitored: true });
  const range = site.range(site, "own", "tools");
  new Pool(site, "Tools", {
    name: "tools",
    role: "own",
    range,
    machines: 1,
    size: Size.of({ cpus: 1, gib: 1 }),
    scale: { most: 2, usedPercent: 60 },
  });
  expect(problems()).toEqual([
    "stack/Social/Tools: usedPercent of scale is 60, and nothing measures how much of this pool is used / " +
      "leave it out: the number of machines then follows the processors alone",
  ]);
});

test("a wrong usedPercent is told with its limits", () => {
  for (const usedPercent of [9, 91, 60.5])
    expect(page({ most: 8, usedPercent }, { monitored: true }).problems()).toEqual(
      ["Streaming", "Web"].map(
        (tier) => `stack/Social/${tier}/Hosts: usedPercent of scale is ${usedPercent} / use a whole number from 10 to 90`,
      ),
    );
});
