import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
const filesOf = (folder: string, ending: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));

test("bash can read every script", () => {
  const files = [...filesOf("lib", ".sh"), ...filesOf("standin", ".sh")];
  expect(files.length).toBeGreaterThan(20);
  const wrong = files.flatMap((file) => {
    const { status, stderr } = spawnSync("bash", ["-n", join(ROOT, file)], { encoding: "utf8" });
    return status === 0 && stderr === "" ? [] : [`${file}: ${stderr}`];
  });
  expect(wrong).toEqual([]);
});

if (spawnSync("shellcheck", ["--version"]).status === 0) {
  test("shellcheck finds nothing in any script", () => {
    const { stdout, status } = spawnSync("sh", ["-c", scripts["lint:shell"]!], { cwd: ROOT, encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
}

test("a script of more than five lines stands in a file of its own", () => {
  // PostgreSQL's are replaced as a whole.
  const known = /\/postgres(-role|-watch)?\.ts$/;
  const files = filesOf("lib", ".ts").filter((file) => !known.test(file));
  const inside = files.flatMap((file) => {
    const literals = readFileSync(join(ROOT, file), "utf8").match(/`#!\/bin\/(ba)?sh\n(?:[^`\\]|\\[^])*`/g) ?? [];
    return literals.filter((text) => text.split("\n").length > 6).map((text) => `${file}: ${text.split("\n")[1]}`);
  });
  expect(inside).toEqual([]);
});
