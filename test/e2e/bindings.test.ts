// The bindings as users get them: the packed library is installed by npm, and a page imports them beside it.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PAGE = `const { App, TerraformStack } = require("cdktf");
const { HcloudProvider } = require("@cdktf/provider-hcloud/lib/provider");
const { Server } = require("@cdktf/provider-hcloud/lib/server");
const { Site } = require("cdktf-mastodon");
const { hetzner } = require("cdktf-mastodon/hetzner");
const app = new App();
const stack = new TerraformStack(app, "own");
new HcloudProvider(stack, "hcloud");
new Server(stack, "server", { name: "own", serverType: "cx33" });
new Site(stack, "Social", { cloud: hetzner({ location: "fsn1" }), domain: "social.example", version: "4.7.6" });
app.synth();
`;

const REPOSITORY = join(__dirname, "../..");
const project = realpathSync(mkdtempSync(join(tmpdir(), "bindings-")));

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  run("npm", ["pack", "--silent", "--pack-destination", project], REPOSITORY);
  const archive = readdirSync(project).find((file) => file.endsWith(".tgz"))!;
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "page", private: true }));
  run("npm", ["install", "--prefer-offline", `./${archive}`, "cdktf@0.21.0", "constructs@10.4.2"], project);
}, 300_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

test("a page imports the very bindings that the library uses, and installs nothing for them", () => {
  const script = `const server = "@cdktf/provider-hcloud/lib/server";
const page = require.resolve(server);
console.log(JSON.stringify([page, require.resolve(server, { paths: [require.resolve("cdktf-mastodon")] })]));`;
  const [page, library] = JSON.parse(run(process.execPath, ["-e", script], project)) as readonly string[];
  expect(page).toBe(library);
  expect(page!.startsWith(project)).toBe(true);
});

test("they survive npm ci", () => {
  run("npm", ["ci", "--prefer-offline"], project);
  writeFileSync(join(project, "main.js"), PAGE);
  run(process.execPath, ["main.js"], project);
  expect(readdirSync(join(project, "cdktf.out/stacks"))).toEqual(["own"]);
}, 120_000);

test("both work under cdktn, which takes the place of cdktf by an alias", () => {
  const archive = readdirSync(project).find((file) => file.endsWith(".tgz"))!;
  const terrain = join(project, "terrain");
  mkdirSync(terrain);
  const dependencies = { "cdktf-mastodon": `file:../${archive}`, cdktf: "npm:cdktn@0.24.0", constructs: "10.7.0" };
  writeFileSync(join(terrain, "package.json"), JSON.stringify({ name: "page", private: true, dependencies }));
  run("npm", ["install", "--prefer-offline"], terrain);
  writeFileSync(join(terrain, "main.js"), PAGE);
  run(process.execPath, ["main.js"], terrain);
  const plan = (of: string) => {
    const text = readFileSync(join(of, "cdktf.out/stacks/own/cdk.tf.json"), "utf8");
    const { resource, output } = JSON.parse(text) as { readonly resource: object; readonly output: object };
    return { resource, output };
  };
  expect(plan(terrain)).toEqual(plan(project));
}, 120_000);
