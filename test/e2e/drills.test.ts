// The command that breaks a deployed site on purpose, as an administrator runs it in the directory of their page.

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Report } from "../../drills/report";
import { machines } from "../../scripts/cluster";
import { grown } from "../../scripts/grown";
import { deployed } from "./deployed";

const MINUTE = 60_000;
const REPOSITORY = join(__dirname, "../..");
const TSX = `"${process.execPath}" --import "${require.resolve("tsx")}"`;
const { directory, place, site, text } = deployed({ id: "Drilled" });

/** Runs `cdktf-mastodon drill` in the page's directory; it ends with this status. */
function drill(...args: readonly string[]): Promise<number | null> {
  const bin = join(REPOSITORY, "lib/bin/cdktf-mastodon.ts");
  const child = spawn(process.execPath, ["--import", require.resolve("tsx"), bin, "drill", ...args], {
    cwd: directory,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(REPOSITORY, "tsconfig.json") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => place.say(part.toString().trimEnd()));
  return new Promise((done) => child.on("close", done));
}

const report = () => JSON.parse(readFileSync(join(directory, "drills.json"), "utf8")) as Report;

beforeAll(() => {
  writeFileSync(join(directory, "cdktf.json"), JSON.stringify({ app: `${TSX} page.ts` }));
  writeFileSync(join(directory, "grown.ts"), grown(text));
});

test(
  "drills that need a second version of the page, or a site that is deployed, say so",
  async () => {
    expect(await drill("growth")).toBe(0);
    expect(report().results[0]).toMatchObject({ name: "growth", reasons: [expect.stringContaining("--grown")] });
    expect(await drill("web-power", "--site", "nowhere")).toBe(2);
    expect(await drill("no-such-drill")).toBe(2);
  },
  3 * MINUTE,
);

test(
  "each of these drills keeps its limits, and leaves a whole site behind",
  async () => {
    const before = machines(site).map(({ address, pool }) => (pool === "-" ? address : pool));
    // One in which others take over, one that loses jobs, and one that changes the page; each takes some two minutes.
    const drills = ["redis-main-power", "sidekiq-power", "growth"];
    // The tests before and after have the same two CPUs.
    await drill(...drills, "--grown", `${TSX} grown.ts`, "--slack-seconds", "5");
    const { load, results } = report();
    expect(load.pagesPerSecond).toBeLessThanOrEqual(load.capacity!.pagesPerSecond / 3);
    // What is looked for after the drills has a row like theirs.
    expect(results.map(({ name, passed, reasons }) => ({ name, passed, reasons }))).toEqual(
      [...drills, "uploads", "logs", "errors"].map((name) => ({ name, passed: true, reasons: [] })),
    );
    // Of the load, which depends on what the machine carries.
    for (const { view } of results.slice(0, drills.length)) expect(view!.requests).toBeGreaterThan(100);
    const table = readFileSync(join(directory, "drills.md"), "utf8");
    expect(table).toMatch(/^Load: [\d.]+ pages and [\d.]+ posts a second: a third of what it carries/);
    for (const name of drills) expect(table).toContain(`| \`${name}\` |`);
    const after = machines(site);
    expect(after.map(({ address, pool }) => (pool === "-" ? address : pool))).toEqual(before);
    expect(after.filter(({ state }) => state !== "running")).toEqual([]);
  },
  35 * MINUTE,
);
