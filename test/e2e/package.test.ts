// The package as its users get it: packed, unpacked beside their own cdktf, and a page compiled against it.

import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const REPOSITORY = join(__dirname, "../..");
const project = mkdtempSync(join(tmpdir(), "package-"));
const modules = join(project, "node_modules");

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  run("npm", ["pack", "--silent", "--pack-destination", project], REPOSITORY);
  const archive = readdirSync(project).find((file) => file.endsWith(".tgz"))!;
  mkdirSync(join(modules, "cdktf-mastodon"), { recursive: true });
  run("tar", ["-xzf", archive, "-C", join(modules, "cdktf-mastodon"), "--strip-components=1"], project);
  for (const name of readdirSync(join(REPOSITORY, "node_modules"))) {
    if (!existsSync(join(modules, name))) symlinkSync(join(REPOSITORY, "node_modules", name), join(modules, name));
  }
  cpSync(join(REPOSITORY, "examples/local/main.ts"), join(project, "main.ts"));
  // What `cdktf init --template=typescript` writes, as far as it matters here.
  writeFileSync(
    join(project, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        module: "commonjs",
        moduleResolution: "node10",
        target: "ES2022",
        strict: true,
        skipLibCheck: true,
        types: ["node"],
      },
      include: ["main.ts"],
    }),
  );
}, 180_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

test("a page compiles against it and synthesizes, with everything that an apply needs", () => {
  run(join(REPOSITORY, "node_modules/.bin/tsc"), [], project);
  run(process.execPath, ["main.js"], project);
  const stack = join(project, "cdktf.out/stacks/local");
  const calls = [...readFileSync(join(stack, "cdk.tf.json"), "utf8").matchAll(/bash (\S+local\.sh) /g)].map((match) => match[1]!);
  expect(calls).not.toEqual([]);
  for (const path of new Set(calls)) expect(existsSync(join(stack, path))).toBe(true);
  expect(readdirSync(join(stack, "assets")).sort()).toEqual([expect.stringMatching(/Driver/), expect.stringMatching(/StandIn/)]);
}, 120_000);

test("its command makes the secrets, once", () => {
  const bin = join(modules, "cdktf-mastodon/dist/lib/bin/cdktf-mastodon.js");
  run(process.execPath, [bin, "secrets", "secrets.tfvars.json"], project);
  expect(() => run(process.execPath, [bin, "secrets", "secrets.tfvars.json"], project)).toThrow(/exists already/);
});
