// `cdktf-mastodon flows` and `connections`, on a plan that was written without a deploy.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { main } from "../../lib/bin/cdktf-mastodon";
import { FACTS_USAGE } from "../../lib/bin/facts";
import { Mastodon } from "../../lib";
import { FakeCloud } from "../../lib/testing";
import { said } from "../said";

const out = mkdtempSync(join(tmpdir(), "facts-"));
beforeAll(() => {
  const app = new App({ outdir: out });
  const stack = new TerraformStack(app, "stack");
  new Mastodon(stack, "Social", { cloud: new FakeCloud(), domain: "social.example" });
  new Mastodon(stack, "Other-One", { cloud: new FakeCloud(), domain: "other.example", network: "10.30.0.0/16" });
  app.synth();
});
afterAll(() => rmSync(out, { recursive: true }));

test("flows lists every port of every site with who may reach it and why", () => {
  const { status, said: words } = said(() => main(["flows", "--out", out]));
  expect(status).toBe(0);
  const lines = words.split("\n");
  expect(lines.filter((line) => /^\S/.test(line))).toEqual(["other-one", "social"]);
  expect(lines[lines.lastIndexOf("  pool-1:6432") + 1]).toMatch(/^    sidekiq: /);
});

test("connections has the sums for each server, as JSON for other programs", () => {
  const { status, said: words } = said(() => main(["connections", "--out", out, "--json"]));
  expect(status).toBe(0);
  const sites = JSON.parse(words) as Record<string, Record<string, { limit: string }>>;
  expect(Object.keys(sites)).toEqual(["other-one", "social"]);
  expect(sites["social"]!["pool-1"]!.limit).toBe("maxClients is 5000");
  expect(said(() => main(["connections", "--out", out])).said).toContain("    limit: maxClients is 5000\n");
});

test("of one site alone, as other commands name it", () => {
  const { status, said: words } = said(() => main(["connections", "other-one", "--json", "--out", out]));
  expect([status, Object.keys(JSON.parse(words) as object)]).toEqual([0, ["other-one"]]);
  expect(said(() => main(["flows", "elsewhere", "--out", out]))).toEqual({
    status: 1,
    said: 'the plan has no site "elsewhere" / name one that it has: other-one, social\n',
  });
});

test("wrong words", () => {
  expect(said(() => main(["flows", "social", "more"]))).toEqual({
    status: 2,
    said: `${FACTS_USAGE}\n"more" is one word too many\n`,
  });
  const { status, said: words } = said(() => main(["flows", "--what"]));
  expect([status, words.startsWith(`${FACTS_USAGE}\n`)]).toEqual([2, true]);
});

test("without a plan it says how to get one", () => {
  expect(said(() => main(["flows", "--out", join(out, "nowhere")]))).toEqual({
    status: 1,
    said: `${join(out, "nowhere")} holds no plan of a site; npx cdktf synth writes one, in the directory of cdktf.json\n`,
  });
});
