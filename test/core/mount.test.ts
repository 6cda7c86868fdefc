import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { script } from "../../lib/core/script";

const root = mkdtempSync(join(tmpdir(), "mount-"));
const fstab = join(root, "fstab");
afterAll(() => rmSync(root, { recursive: true }));

beforeAll(() => {
  // In the place of what needs root: they write down what they were called with.
  const stubs = { mount: "true", mountpoint: "false", "mkfs.ext4": "true", blkid: 'grep -q ext4 "$2"' };
  mkdirSync(join(root, "bin"));
  for (const [name, answer] of Object.entries(stubs)) {
    const path = join(root, "bin", name);
    writeFileSync(path, `#!/bin/sh\necho "${name} $*" >>${root}/calls\n${answer}\n`);
    chmodSync(path, 0o755);
  }
});

/** Mounts a disk, and what was called to change anything. */
function mounted(device: string): { readonly status: number | null; readonly stderr: string; readonly calls: readonly string[] } {
  writeFileSync(join(root, "calls"), "");
  const text = script(join(__dirname, "../../lib/core/render/mount.sh"), { DEVICE: device, AT: join(root, "at") });
  const env = { ...process.env, PATH: `${join(root, "bin")}:${process.env["PATH"]}` };
  const local = "set -euo pipefail\n" + text.replaceAll("/etc/fstab", fstab);
  const { status, stderr } = spawnSync("bash", ["-c", local], { encoding: "utf8", env });
  const calls = readFileSync(join(root, "calls"), "utf8").split("\n");
  return { status, stderr, calls: calls.filter((call) => /^(mkfs|mount )/.test(call)) };
}

test("a blank disk is formatted, one with a file system is adopted, and both are mounted again at each boot", () => {
  const [blank, used] = [join(root, "blank"), join(root, "used")];
  writeFileSync(fstab, "");
  writeFileSync(blank, Buffer.alloc(4 << 20));
  writeFileSync(used, "ext4");
  expect(mounted(blank)).toEqual({ status: 0, stderr: "", calls: [`mkfs.ext4 -q -m 1 ${blank}`, `mount ${join(root, "at")}`] });
  // Run again, it adds no second line.
  mounted(blank);
  expect(readFileSync(fstab, "utf8")).toBe(`${blank} ${join(root, "at")} ext4 defaults,noatime,nofail 0 2\n`);
  expect(mounted(used).calls).toEqual([`mount ${join(root, "at")}`]);
});

test("a directory is bound, and a disk with data of another kind stays as it is", () => {
  writeFileSync(fstab, "");
  mkdirSync(join(root, "directory"));
  expect(mounted(join(root, "directory")).calls).toEqual([`mount ${join(root, "at")}`]);
  expect(readFileSync(fstab, "utf8")).toBe(`${join(root, "directory")} ${join(root, "at")} none bind,nofail 0 2\n`);
  writeFileSync(join(root, "foreign"), Buffer.alloc(4 << 20, 1));
  expect(mounted(join(root, "foreign"))).toEqual({
    status: 1,
    stderr: `boot: ${join(root, "foreign")} is neither a file system nor blank\n`,
    calls: [],
  });
});
