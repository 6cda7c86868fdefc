import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { Program } from "../../lib";
import { cloudConfig } from "../../lib/core/render/cloud-config";

const program = () =>
  new Program()
    .add(
      { kind: "package", names: ["nginx-light", "curl"] },
      { kind: "package", names: ["curl"] },
      {
        kind: "file",
        path: "/etc/demo.conf",
        content: "a: b # no: yes\n  'quoted'\t\"twice\" \\ 0644\n",
        mode: "0640",
        owner: "postgres:postgres",
      },
      { kind: "mount", device: "/dev/disk/by-id/demo", at: "/var/lib/demo" },
      { kind: "run", why: "demo", script: "echo false" },
      { kind: "start", units: ["demo.service"] },
    )
    .readyWhen("systemctl is-active --quiet demo");

test("files keep their bytes, modes are strings, packages stand once", () => {
  const config = parse(cloudConfig(program()).replace("#cloud-config\n", ""));
  expect(config.packages).toEqual(["curl", "nginx-light"]);
  expect(config.write_files[0]).toEqual({
    path: "/etc/demo.conf",
    permissions: "0640",
    content: "a: b # no: yes\n  'quoted'\t\"twice\" \\ 0644\n",
  });
  expect(config.manage_etc_hosts).toBe(false);
});

// cloud-init runs runcmd with dash, where only the last line's status counts: so it holds one command and nothing else.
test("the boot script is the only command", () => {
  const config = parse(cloudConfig(program()).replace("#cloud-config\n", ""));
  expect(config.runcmd).toEqual([["/usr/local/sbin/boot"]]);
});

// An owner in write_files fails before the packages have made the user, and stops all later files.
test("no file names an owner; the boot script sets it once the user exists", () => {
  const config = parse(cloudConfig(program()).replace("#cloud-config\n", ""));
  for (const file of config.write_files) expect(file).not.toHaveProperty("owner");
  expect(config.write_files.at(-1).content).toContain("chown postgres:postgres /etc/demo.conf\n");
});

test("the scripts are valid bash, and starting a unit never waits for it", () => {
  const config = parse(cloudConfig(program()).replace("#cloud-config\n", ""));
  const folder = mkdtempSync(join(tmpdir(), "boot-"));
  try {
    for (const file of config.write_files.filter((file: { path: string }) => file.path.startsWith("/usr/local/sbin/"))) {
      const path = join(folder, "script");
      writeFileSync(path, file.content);
      execFileSync("bash", ["-n", path]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(config.write_files.at(-1).content).toContain(
    "systemctl enable demo.service\nsystemctl restart --no-block demo.service\n",
  );
});

test("the same program gives the same bytes", () => {
  expect(cloudConfig(program())).toBe(cloudConfig(program()));
});
