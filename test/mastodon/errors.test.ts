import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack, Testing } from "cdktf";
import { Mastodon, Postgres, Redis, SidekiqGroup, Site, SiteProps, StreamingPool } from "../../lib";
import { PageError } from "../../lib/core/problems";
import { FakeCloud } from "../../lib/testing";
import { DOCUMENTED, heardOf, OTHERS } from "./mistakes";

const ROOT = join(__dirname, "../..");

test.each(Object.entries({ ...DOCUMENTED, ...OTHERS }))("%s is one mistake and one line", (_, mistake) => {
  expect(heardOf(mistake)).toEqual([expect.stringMatching(/^stack\/[^:]+: .* \/ .*$/)]);
});

test("docs/errors.md shows what pages with these mistakes really hear", () => {
  const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
  const shown = [...page.matchAll(/```text\n(stack\/.*)\n```/g)].map((match) => match[1]!);
  // Numbers of bytes are those of the day.
  const still = (line: string) => line.replace(/\d{5,}/g, "N");
  expect(shown.map(still)).toEqual(Object.values(DOCUMENTED).flatMap(heardOf).map(still));
});

test("two mistakes on two sites of one page are told together", () => {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  for (const [id, network] of [
    ["North", "10.1.0.0/24"],
    ["South", "10.2.0.0/24"],
  ] as const) {
    new Site(stack, id, { cloud, domain: `${id}.example`, version: "4.7.6", network });
  }
  const [north, south] = ["North", "South"].map((id, n) => [
    `  stack/${id}: network is "10.${n + 1}.0.0/24" / give a private /16 such as 10.20.0.0/16, 172.16.0.0/16 or 192.168.0.0/16`,
    `  stack/${id}: domain is "${id}.example" / give a lower-case host name such as social.example, without scheme or path: write "${id.toLowerCase()}.example"`,
  ]);
  const heard = () => Testing.synth(stack, true);
  expect(heard).toThrow(PageError);
  expect(heard).toThrow(["4 problems on this page, and no plan was made:", ...north!, ...south!].join("\n"));
});

test("a page that is run shows its problems once, behind no path twice and in no stack", () => {
  const script = `
    const { App, TerraformStack } = require("cdktf");
    const { Mastodon } = require("${ROOT}/lib");
    const { local } = require("${ROOT}/lib/clouds/local");
    const app = new App();
    new Mastodon(new TerraformStack(app, "social"), "Social", { cloud: local(), domain: "Social.example" });
    app.synth();`;
  const { status, stderr, stdout } = spawnSync(process.execPath, ["--import", require.resolve("tsx"), "--eval", script], {
    cwd: ROOT,
    encoding: "utf8",
    env: { PATH: process.env["PATH"]!, CDKTF_OUTDIR: "/nonexistent", HOME: "/nonexistent" },
  });
  expect(status).not.toBe(0);
  const said = stderr + stdout;
  expect(said.match(/domain is "Social\.example"/g)).toHaveLength(1);
  expect(said).toContain('1 problem on this page, and no plan was made:\n  social/Social: domain is "Social.example" / give');
  expect(said).not.toMatch(/^ +at /m);
  expect(said).not.toContain("skipValidation");
});

const QUEUES = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"] as const;

/** The images of a page's processes, and what it hears. */
function forked(props: Pick<SiteProps, "version" | "images">, both = true) {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud();
  const site = new Site(stack, "Social", { cloud, domain: "social.example", ...props });
  const data = { database: new Postgres(site, "Database"), redis: new Redis(site, "Redis") };
  if (both) new StreamingPool(site, "Streaming", { machines: 1, processes: 1, ...data });
  new SidekiqGroup(site, "Jobs", { queues: QUEUES, threads: 5, ...data });
  return { images: cloud.pools.flatMap((pool) => pool.images()), heard: site.problems.all() };
}

const FORK = { mastodon: "ghcr.io/glitch-soc/mastodon:v4.5.3", streaming: "ghcr.io/glitch-soc/mastodon-streaming:v4.5.3" };

test("a fork is a version and both images", () => {
  expect(forked({ version: "4.5.3", images: FORK })).toEqual({ images: [FORK.streaming, FORK.mastodon], heard: [] });
  const tagged = { mastodon: "ghcr.io/glitch-soc/mastodon:nightly", streaming: "ghcr.io/glitch-soc/mastodon-streaming:nightly" };
  expect(forked({ version: "4.7.6", images: tagged }).heard).toEqual([]);
});

test("half of a fork is enough where the other half is not run, and an image of one's own may stand beside Mastodon's own", () => {
  expect(forked({ version: "4.5.3", images: { mastodon: FORK.mastodon } }, false).heard).toEqual([]);
  const streaming = "ghcr.io/mastodon/mastodon-streaming:v4.5.3";
  expect(forked({ version: "4.5.3", images: { ...FORK, streaming } }).heard).toEqual([]);
  expect(forked({ version: "4.5.3", images: { mastodon: "ghcr.io/mastodon/mastodon:v4.5.3" } }).heard).toEqual([]);
});

test("either half alone is refused", () => {
  expect(forked({ version: "4.5.3", images: { streaming: FORK.streaming } }).heard).toEqual([
    `stack/Social: images.streaming is "${FORK.streaming}", and images.mastodon is left out / ` +
      'give both images of the same build; the official one is mastodon: "ghcr.io/mastodon/mastodon:v4.5.3"',
  ]);
});

test("a version that is wrong is told with all else, and the page goes on with the nearest", () => {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Mastodon(stack, "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "v4.2.20",
    network: "1.2.0.0/16",
  });
  expect(site.problems.all()).toEqual([
    expect.stringMatching(/^stack\/Social: network is "1\.2\.0\.0\/16"/),
    'stack/Social: version is "v4.2.20" / give a full release without v, such as "4.7.6": write version: "4.2.20"',
  ]);
});
