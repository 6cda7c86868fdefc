// `cdktf-mastodon dashboards`, on what Terraform says of the state of two sites.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Outputs } from "../../lib/bin/deployed";
import { dashboards, DASHBOARDS_USAGE } from "../../lib/bin/dashboards";
import { dashboards as dashboardsOf } from "../../lib/mastodon/monitoring/dashboards";
import { overviewFacts } from "../../lib/mastodon/monitoring/overview/facts";
import { Inventory } from "../../lib/core/inventory";
import { said } from "../said";

const out = mkdtempSync(join(tmpdir(), "dashboards-"));
afterAll(() => rmSync(out, { recursive: true }));

const web = {
  unit: "mastodon-web.service",
  what: "web",
  tier: "stack/Social/Web",
  facts: { port: 3000, processes: 2, threads: 5 },
};
const SOCIAL: Inventory = {
  format: 1,
  site: "social",
  path: "stack/Social",
  host: "social.example",
  facts: {},
  cloud: "fake",
  network: "10.20.0.0/16",
  tiers: [],
  machines: [],
  pools: [
    { name: "web", path: "stack/Social/Web/Hosts", role: "web", cpus: 2, gib: 4, units: [web], size: 2, roll: "start-first" },
  ],
  renewal: [],
};
const OTHER: Inventory = { ...SOCIAL, site: "other", pools: [] };
const OUTPUTS = { social_inventory: { value: SOCIAL }, other_inventory: { value: OTHER } };

// What cdktf writes of a stack with two sites.
writeFileSync(
  join(out, "manifest.json"),
  JSON.stringify({ stacks: { stack: { workingDirectory: "stacks/stack", synthesizedStackPath: "plan.json" } } }),
);
writeFileSync(join(out, "plan.json"), JSON.stringify({ output: OUTPUTS }));

const state: Outputs = () => ({ status: 0, stderr: "", stdout: JSON.stringify(OUTPUTS) });
const run = (...args: readonly string[]) => said(() => dashboards(["--out", out, ...args], state));
const expected = (inventory: Inventory, name: string) => dashboardsOf(overviewFacts(inventory))[name];

test("printed: of one site, and of all", () => {
  const one = run("social");
  expect(one.status).toBe(0);
  expect(JSON.parse(one.said)).toEqual({
    "social-site.json": expected(SOCIAL, "site"),
    "social-web.json": expected(SOCIAL, "web"),
    "social-machines.json": expected(SOCIAL, "machines"),
  });
  expect(Object.keys(JSON.parse(run().said) as object)).toEqual([
    "social-site.json",
    "social-web.json",
    "social-machines.json",
    "other-site.json",
    "other-machines.json",
  ]);
});

test("written to a directory, a file each, over older ones", () => {
  const to = join(out, "grafana/dashboards");
  const files = ["social-site.json", "social-web.json", "social-machines.json"];
  expect(run("social", "--to", to)).toEqual({ status: 0, said: files.map((name) => `${join(to, name)}\n`).join("") });
  writeFileSync(join(to, "social-web.json"), "{}");
  expect(run("social", "--to", to).status).toBe(0);
  expect(readdirSync(to).sort()).toEqual([...files].sort());
  expect(JSON.parse(readFileSync(join(to, "social-web.json"), "utf8"))).toEqual(expected(SOCIAL, "web"));
});

test("what cannot be done is told with what to do", () => {
  expect(run("elsewhere")).toEqual({
    status: 1,
    said: 'there is no deployed site "elsewhere" / name one that is: social, other\n',
  });
  expect(run("a", "b")).toEqual({ status: 2, said: `${DASHBOARDS_USAGE}\n"b" is one word too many\n` });
  const file = join(out, "plan.json");
  expect(run("--to", file)).toEqual({
    status: 1,
    said: `${file} cannot be made: EEXIST: file already exists, mkdir '${file}' / name another directory\n`,
  });
});
