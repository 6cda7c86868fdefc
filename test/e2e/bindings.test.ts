// The bindings as users get them: the packed library is installed by npm, and a page imports them beside it.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
  writeFileSync(
    join(project, "main.js"),
    `const { App, TerraformStack } = require("cdktf");
const { HcloudProvider } = require("@cdktf/provider-hcloud/lib/provider");
const { Server } = require("@cdktf/provider-hcloud/lib/server");
const app = new App();
const stack = new TerraformStack(app, "own");
new HcloudProvider(stack, "hcloud");
new Server(stack, "server", { name: "own", serverType: "cx33" });
app.synth();
`,
  );
  run(process.execPath, ["main.js"], project);
  expect(readdirSync(join(project, "cdktf.out/stacks"))).toEqual(["own"]);
}, 120_000);
