// The package as its users get it: README's commands as they stand, from `npm pack` in a clone to a site that runs and is destroyed, with
// README's first page in an empty directory. Only the site's name and network are others, so that what `npm start` has made stays, and cdktf
// is not asked whether it may go on.

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
import { driver, setUp } from "../../scripts/cluster";
import { nothingLeft } from "./left-over";

const MINUTE = 60_000;
const REPOSITORY = join(__dirname, "../..");
const SITE = "package";
const beside = mkdtempSync(join(tmpdir(), "package-"));
const clone = join(beside, "cdktf-mastodon");
const project = join(beside, "site");
const modules = join(project, "node_modules");
const said = (line: string) => process.stderr.write(`  ${line}\n`);

const README = readFileSync(join(REPOSITORY, "README.md"), "utf8");
const fenced = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map((match) => match[1]!);
/** The pages of README, whole. */
const pages = fenced(README, "ts");
const [pack, commands, later] = fenced(README.slice(README.indexOf("## In a project of your own")), "sh") as [
  string,
  string,
  string,
];
const lines = commands.trimEnd().split("\n");

/** Runs shell as it was pasted and returns what it prints. */
function paste(text: string, cwd: string): string {
  const shell = text.replace(/^npx cdktf (deploy|destroy)\b/gm, "$& --auto-approve");
  const { status, stdout, stderr } = spawnSync("bash", ["-euc", shell], {
    cwd,
    encoding: "utf8",
    env: {
      ...process.env,
      NO_COLOR: "1",
      npm_config_prefer_offline: "true",
      npm_config_audit: "false",
      npm_config_fund: "false",
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${shell}\nended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** The page as somebody else's: the same, but for a name and a network that are free. */
const own = (page: string) =>
  page.replace(
    '"Social", { cloud: local(), domain: "social.example"',
    `"Package", { cloud: local(), domain: "package.example", network: "10.92.0.0/16"`,
  );

beforeAll(async () => {
  cpSync(REPOSITORY, clone, {
    recursive: true,
    filter: (path) => !/\/(node_modules|dist|cdktf\.out|\.git|\.terraform|[^/]*\.(tgz|tfstate.*|tfvars\.json))$/.test(path),
  });
  symlinkSync(join(REPOSITORY, "node_modules"), join(clone, "node_modules"));
  mkdirSync(project);
  paste(pack, clone);
  writeFileSync(join(project, "main.ts"), own(pages[0]!));
  await setUp({ directory: project, say: said });
}, 15 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(beside, { recursive: true, force: true });
}, 2 * MINUTE);

test("README promises one file and three commands from an empty directory to a running site", () => {
  expect(README).toMatch(/it takes one file and three commands\./);
  expect(lines).toHaveLength(3);
  expect(lines.map((line) => /^(npm|npx) /.exec(line)?.[1])).toEqual(["npm", "npx", "npx"]);
});

test(
  "they make a project whose page and all examples of the package compile, also as cdktf's own template has it",
  () => {
    for (const line of lines.slice(0, 2)) paste(line, project);
    // Once: new secrets would lock the site out of its data.
    const bin = join(modules, ".bin/cdktf-mastodon");
    expect(() => paste(`${bin} secrets secrets.tfvars.json`, project)).toThrow(/exists already/);
    expect(pages[0]).toBe(afterComment("one-line"));
    expect(pages[1]).toBe(afterComment("local"));
    const elsewhere = { compilerOptions: { module: "commonjs", moduleResolution: "node10", target: "ES2022", strict: true } };
    const include = ["main.ts", "node_modules/cdktf-mastodon/examples/*/main.ts"];
    for (const { compilerOptions } of [JSON.parse(readFileSync(join(project, "tsconfig.json"), "utf8")), elsewhere]) {
      const config = { compilerOptions: { ...compilerOptions, skipLibCheck: true, noEmit: true }, include, exclude: [] };
      writeFileSync(join(project, "tsconfig.all.json"), JSON.stringify(config));
      paste("npx tsc -p tsconfig.all.json", project);
    }
  },
  10 * MINUTE,
);

test(
  "the deploy ends with the address, the command that opens it and what comes next, and these work",
  () => {
    const printed = paste(lines[2]!, project);
    const stack = join(project, "cdktf.out/stacks/local");
    const calls = [...readFileSync(join(stack, "cdk.tf.json"), "utf8").matchAll(/bash (\S+local\.sh) /g)].map(
      (match) => match[1]!,
    );
    expect(calls).not.toEqual([]);
    for (const path of new Set(calls)) expect(existsSync(join(stack, path))).toBe(true);
    expect(readdirSync(join(stack, "assets")).sort()).toEqual([
      expect.stringMatching(/Driver/),
      expect.stringMatching(/StandIn/),
    ]);
    const plain = printed.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, "").trimEnd();
    const last = plain.slice(plain.lastIndexOf("NextSteps = "));
    expect(last.split("\n").map((line) => line.trim())).toEqual([
      "NextSteps = https://package.example/",
      "It is at 10.92.0.10. No name service knows it, and its certificate",
      "is its own. On this computer one of these opens it:",
      "curl -ik --resolve package.example:443:10.92.0.10",
      "https://package.example/",
      "chromium --ignore-certificate-errors \\",
      '--host-resolver-rules="MAP *package.example 10.92.0.10" \\',
      "https://package.example/",
      "Its owner's account; prints the password, once:",
      `npx cdktf-mastodon owner NAME --email ADDRESS --site ${SITE}`,
      `Its machines: npx cdktf-mastodon local list ${SITE}`,
      `The mail that it has sent: npx cdktf-mastodon local mail ${SITE}`,
      "What stands, and how one logs in: npx cdktf-mastodon inventory",
      "Who may reach which port of whom: npx cdktf-mastodon flows",
    ]);
    expect(paste("curl -ik --resolve package.example:443:10.92.0.10 https://package.example/", project)).toMatch(
      /^HTTP\/\S+ 200/,
    );
    expect(paste(`npx cdktf-mastodon owner ada --email ada@example.org --site ${SITE}`, project)).toMatch(
      /^password {4}\w{32}$/m,
    );
    expect(paste(`npx cdktf-mastodon local list ${SITE}`, project)).toMatch(/^web-1-\w{6}\s.*running/m);
    expect(paste("npx cdktf-mastodon inventory", project)).toMatch(/^ {4}mastodon-web\.service: web, port 3000,/m);
    expect(paste("npx cdktf-mastodon flows", project)).toMatch(/^ {2}pool-1:6432$/m);
  },
  15 * MINUTE,
);

test(
  "what README has for later: a diff changes nothing, a destroy leaves nothing behind",
  () => {
    expect(paste(later, project)).toMatch(/No changes\./);
    expect(nothingLeft(SITE)).toEqual([]);
  },
  10 * MINUTE,
);

function afterComment(example: string): string {
  const text = readFileSync(join(modules, "cdktf-mastodon/examples", example, "main.ts"), "utf8");
  return text.slice(text.search(/^import /m));
}
