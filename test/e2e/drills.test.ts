// The command that breaks a deployed site on purpose, as an administrator runs it in the directory of their page.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Report } from "../../drills/report";
import { inside, machines } from "../../scripts/cluster";
import { grown } from "../../scripts/grown";
import { deployed } from "./deployed";

const MINUTE = 60_000;
const REPOSITORY = join(__dirname, "../..");
const TSX = `"${process.execPath}" --import "${require.resolve("tsx")}"`;
const { directory, place, site, text } = deployed({ id: "Drilled", monitored: true });

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

const on = (machine: string, script: string) => inside(site, machine, "timeout", "60", "bash", "-c", script);

interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly discoveredLabels: Readonly<Record<string, string>>;
}

test(
  "what is deployed is watched: every service of every machine has metrics, members of pools as well",
  async () => {
    const asked = () => {
      const { data } = JSON.parse(on("monitoring-1", "curl -fsS 'http://127.0.0.1:9090/api/v1/targets?state=active'")) as {
        readonly data: { readonly activeTargets: readonly Target[] };
      };
      return data.activeTargets;
    };
    // A member registers within half a minute, and is read a quarter later.
    const end = Date.now() + 2 * MINUTE;
    const well = (targets: readonly Target[]) => targets.length >= 57 && targets.every(({ health }) => health === "up");
    while (!well(asked()) && Date.now() < end) await new Promise((next) => setTimeout(next, 2000));
    const targets = asked();
    expect(targets.filter(({ health }) => health !== "up").map(({ labels, lastError }) => ({ labels, lastError }))).toEqual([]);
    const tiers: Record<string, string[]> = {};
    for (const { labels, discoveredLabels } of targets)
      (tiers[labels["tier"] ?? labels["job"]!] ??= []).push(discoveredLabels["__param_module"]!);
    for (const modules of Object.values(tiers)) modules.sort();
    const redis = ["etcd", "node", "redis-cache", "redis-main", "redis-sidekiq", "sentinel"];
    const sidekiq = ["haproxy", "mastodon-sidekiq-1", "node"];
    const each = (names: readonly string[], times: number) => names.flatMap((name) => Array<string>(times).fill(name));
    expect(tiers).toEqual({
      database: each(["nginx", "node", "patroni", "postgres"], 2),
      federated: sidekiq,
      "front-door": ["visit", "visit"],
      "jobs-local": sidekiq,
      monitoring: ["alertmanager", "node", "prometheus"],
      pool: ["haproxy", "node", "pgbouncer-1", "pgbouncer-2"],
      redis: each(redis, 3),
      scheduler: sidekiq,
      streaming: ["haproxy", "nginx", "node", "streaming-4000", "streaming-4001"],
      web: each(["haproxy", "mastodon-web", "nginx", "node"], 2),
    });
  },
  3 * MINUTE,
);

test("the overview is open to this computer, and metrics to nobody but the monitoring machine", () => {
  const all = machines(site);
  const [monitoring, web, redis] = ["monitoring-1", "web-1", "redis-1"].map(
    (name) => all.find((one) => one.name.startsWith(name))!,
  );
  const status = (from: string | undefined, url: string) => {
    const ask = `curl -sk -m 3 -o /dev/null -w '%{http_code}' ${url} || true`;
    return from === undefined ? execFileSync("bash", ["-c", ask], { encoding: "utf8" }) : on(from, ask);
  };
  const door = all.find(({ name }) => name === "front-door")!.address;
  const outside = (host: string, path: string) => status(undefined, `--resolve ${host}:443:${door} https://${host}${path}`);
  expect(status(undefined, `http://${monitoring!.address}:9080/`)).toBe("200");
  expect(status(undefined, `http://${monitoring!.address}:9080/prometheus/api/v1/query?query=up`)).toBe("200");
  expect(status(undefined, `http://${monitoring!.address}:9080/metrics`)).toBe("404");
  const proxied = (address: string) => `http://${address}:9999/proxy?module=node`;
  expect(status("monitoring-1", proxied(web!.address))).toBe("200");
  const closed = [
    ...[9080, 9090, 9093, 9999].map((port) => status(web!.name, `http://${monitoring!.address}:${port}/`)),
    ...[9090, 9093, 9998, 9999].map((port) => status(undefined, `http://${monitoring!.address}:${port}/`)),
    ...[web!, redis!].flatMap(({ address }) => [status(undefined, proxied(address)), status("pool-1", proxied(address))]),
    ...[9100, 9101, 9113, 9114, 9394].map((port) => status("monitoring-1", `http://${web!.address}:${port}/metrics`)),
  ];
  expect(new Set(closed)).toEqual(new Set(["000"]));
  for (const path of ["/metrics", "/METRICS/", "/metrics/"])
    expect([path, outside("streaming.social.example", path), outside("social.example", path)]).toEqual([path, "404", "404"]);
  // Mastodon sends those who ask its own host for streaming to the other one.
  const below = "/api/v1/streaming/metrics";
  expect([outside("streaming.social.example", below), outside("social.example", below)]).toEqual(["404", "301"]);
});

test(
  "a lost machine and a standby that lags are told of while that lasts, and nothing is told of afterwards",
  async () => {
    // Alerts about pools come only once the page has had them for a quarter of an hour.
    await drill("sentinel-power", "replica-lags", "--alerts", "--pages-per-second", "4");
    expect(
      report()
        .results.slice(0, 2)
        .map(({ name, passed, reasons }) => ({ name, passed, reasons })),
    ).toEqual(["sentinel-power", "replica-lags"].map((name) => ({ name, passed: true, reasons: [] })));
  },
  20 * MINUTE,
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
