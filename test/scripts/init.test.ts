// `cdktf-mastodon init`, and what a clone does before its first command.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../lib/bin/cdktf-mastodon";
import { said } from "../said";

const ROOT = join(__dirname, "../..");
const before = process.cwd();
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "init-"));
  process.chdir(directory);
});
afterEach(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

test("it writes what a project needs, with secrets that only their owner reads, and says what is left to do", () => {
  expect(said(() => main(["init"]))).toEqual({
    status: 0,
    said: "wrote cdktf.json\nwrote tsconfig.json\nwrote .gitignore\nwrote secrets.tfvars.json\nnext: the page, as main.ts\n",
  });
  // cdktf takes no directory for a project without these two.
  expect(JSON.parse(readFileSync("cdktf.json", "utf8"))).toMatchObject({
    language: "typescript",
    app: "npx tsc && npx tsx main.ts",
  });
  expect(statSync("secrets.tfvars.json").mode & 0o777).toBe(0o600);
  expect(readFileSync(".gitignore", "utf8")).toContain("*.tfvars.json\n");
});

test("it touches nothing that is there", () => {
  said(() => main(["init"]));
  const secrets = readFileSync("secrets.tfvars.json", "utf8");
  writeFileSync("cdktf.json", "mine");
  writeFileSync("main.ts", "");
  expect(said(() => main(["init"]))).toEqual({
    status: 0,
    said: "kept cdktf.json\nkept tsconfig.json\nkept .gitignore\nkept secrets.tfvars.json\n",
  });
  expect([readFileSync("cdktf.json", "utf8"), readFileSync("secrets.tfvars.json", "utf8")]).toEqual(["mine", secrets]);
});

test("a .gitignore that is there gets what would make secrets public, once", () => {
  writeFileSync(".gitignore", "/node_modules\n*.log");
  expect(said(() => main(["init"])).said).toContain(
    "added to .gitignore: cdktf.out/, cdktf.log, *.tfvars.json, terraform.*.tfstate*\n",
  );
  const text = "/node_modules\n*.log\ncdktf.out/\ncdktf.log\n*.tfvars.json\nterraform.*.tfstate*\n";
  expect(readFileSync(".gitignore", "utf8")).toBe(text);
  expect(said(() => main(["init"])).said).toContain("kept .gitignore\n");
  expect(readFileSync(".gitignore", "utf8")).toBe(text);
});

test("a project without its secrets gets no new ones, which would lock a deployed site out of its data", () => {
  said(() => main(["init"]));
  unlinkSync("secrets.tfvars.json");
  const { status, said: words } = said(() => main(["init"]));
  expect(status).toBe(1);
  expect(words).toContain("secrets.tfvars.json is not here, but a project is.");
  expect(existsSync("secrets.tfvars.json")).toBe(false);
});

test("in a clone npm start, npm test and npm pack install the dependencies once, and print nothing to standard output", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
  for (const name of ["prestart", "pretest", "prepack"]) expect(scripts[name]).toMatch(/^npm run -s installed( && |$)/);
  writeFileSync("npm", '#!/bin/sh\necho "npm $*" >>calls\necho noise\n');
  chmodSync("npm", 0o755);
  const run = () =>
    execFileSync("sh", ["-c", scripts["installed"]!], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { PATH: `${directory}:${process.env["PATH"]}` },
    });
  expect(run()).toBe("");
  expect(readFileSync("calls", "utf8")).toBe("npm ci\n");
  mkdirSync("node_modules");
  writeFileSync("node_modules/.package-lock.json", "{}");
  expect(run()).toBe("");
  expect(readFileSync("calls", "utf8")).toBe("npm ci\n");
});
