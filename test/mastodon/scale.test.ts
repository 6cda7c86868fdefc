import { App, TerraformStack, Testing } from "cdktf";
import { Postgres, Redis, Scale, Site, StreamingPool, WebTier } from "../../lib";
import { FakeCloud } from "../../lib/testing";
import { pageProblems } from "../page-problems";

function page(scale: Scale | undefined, scales = true) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud({ scales });
  const site = new Site(stack, "Social", {
    cloud,
    domain: "social.example",
    version: "4.7.6",
    queuesElsewhere: ["default", "push", "ingress", "mailers", "pull", "fasp", "scheduler"],
  });
  const data = { database: new Postgres(site, "Database", { maxConnections: 500 }), redis: new Redis(site, "Redis") };
  const streaming = new StreamingPool(site, "Streaming", { machines: 2, processes: 1, ...data, ...(scale && { scale }) });
  new WebTier(site, "Web", { machines: 3, processes: 2, threads: 5, streaming, ...data, ...(scale && { scale }) });
  return { stack, cloud, problems: () => pageProblems(() => Testing.synth(stack, true)) };
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
  const { cloud, problems } = page({ most: 8 }, false);
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
