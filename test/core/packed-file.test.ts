// Files that a boot text has as one packed block: the machine's own bash writes them from it.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { App, TerraformStack, TerraformVariable } from "cdktf";
import { parse } from "yaml";
import { PACKED, packedFile } from "../../lib/core/packed-file";
import { FileStep, Program } from "../../lib/core/program";
import { cloudConfig } from "../../lib/core/render/cloud-config";
import { settingsScript } from "../../lib/core/settings";

const directory = mkdtempSync(join(tmpdir(), "packed-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string) => join(directory, name);
const FILES: readonly FileStep[] = [
  {
    kind: "file",
    path: at("with 'quotes'/rules.yml"),
    content: () => 'groups: "$HOME ${x} `id` \\n"\nEND\nEND_\n',
    mode: "0640",
  },
  { kind: "file", path: at("page.js"), content: "no line break at its end" },
];

interface Config {
  readonly packages: readonly string[];
  readonly write_files: readonly { readonly path: string; readonly permissions: string; readonly content: string }[];
}

const program = () => new Program().add(...FILES.flatMap(packedFile), { kind: "file", path: "/etc/plain", content: "plain\n" });

test("the block holds them whole, with their modes, and no other file of the program", () => {
  const { packages, write_files } = parse(cloudConfig(program())) as Config;
  expect(packages).toEqual(["brotli"]);
  expect(write_files.map(({ path }) => path).filter((path) => !/sbin|boot-again/.test(path))).toEqual([PACKED, "/etc/plain"]);
  const block = write_files[0]!;
  expect(block.permissions).toBe("0600");
  execFileSync("bash", ["-eu"], { input: brotliDecompressSync(Buffer.from(block.content, "base64")) });
  expect(readFileSync(FILES[0]!.path, "utf8")).toBe('groups: "$HOME ${x} `id` \\n"\nEND\nEND_\n');
  expect(readFileSync(FILES[1]!.path, "utf8")).toBe("no line break at its end\n");
  expect(FILES.map(({ path }) => (statSync(path).mode & 0o777).toString(8))).toEqual(["640", "644"]);
});

test("files of one kind stand together, whatever the order of the program's steps", () => {
  const order = (...paths: readonly string[]) => {
    const steps = paths.flatMap((path) => packedFile({ kind: "file", path, content: "" }));
    const { write_files } = parse(cloudConfig(new Program().add(...steps))) as Config;
    const block = brotliDecompressSync(Buffer.from(write_files[0]!.content, "base64")).toString();
    return [...block.matchAll(/^install .* '(.*)'$/gm)].map((match) => match[1]);
  };
  const sorted = ["/b/y.conf", "/a/page.js", "/a/x.yml", "/c/rules.yml"];
  expect(order("/c/rules.yml", "/a/page.js", "/a/x.yml", "/b/y.conf")).toEqual(sorted);
  expect(order("/b/y.conf", "/a/x.yml", "/a/page.js", "/c/rules.yml")).toEqual(sorted);
});

test("they are written before anything else is done", () => {
  const { write_files } = parse(cloudConfig(program().add({ kind: "run", why: "first", script: "true\n" }))) as Config;
  const { content } = write_files.find(({ path }) => path === "/usr/local/sbin/boot")!;
  const [unpack, first] = [`base64 -d ${PACKED} | brotli -dc | bash -eu\n`, 'echo "boot: first"'].map((line) =>
    content.indexOf(line),
  );
  expect(unpack).toBeGreaterThan(0);
  expect(first).toBeGreaterThan(unpack!);
});

test("a change reaches a running machine as that of any other file", () => {
  const taken = { what: "the rules", does: "nothing" } as const;
  const script = settingsScript(
    "monitoring-1",
    packedFile({ kind: "file", path: "/etc/rules.yml", content: "groups: []\n", taken }),
  );
  expect(script).toContain("setting '/etc/rules.yml' '0644' '' '' 'cat' <<'END'\ngroups: []\nEND\n");
});

test("a file with what only Terraform knows is written as any other, since the block is packed before", () => {
  const stack = new TerraformStack(new App(), "stack");
  const { stringValue } = new TerraformVariable(stack, "sender", { type: "string" });
  const computed: FileStep = { kind: "file", path: "/etc/sender", content: () => `from: ${stringValue}\n`, mode: "0640" };
  const { write_files } = parse(cloudConfig(program().add(...packedFile(computed)))) as Config;
  expect(write_files.map(({ path }) => path).filter((path) => !/sbin|boot-again/.test(path))).toEqual([
    PACKED,
    "/etc/plain",
    "/etc/sender",
  ]);
  expect(write_files[2]).toEqual({ path: "/etc/sender", permissions: "0640", content: `from: ${stringValue}\n` });
  const alone = parse(cloudConfig(new Program().add(...packedFile(computed)))) as Config;
  expect(alone.write_files.map(({ path }) => path)).not.toContain(PACKED);
  expect(alone.write_files.find(({ path }) => path === "/usr/local/sbin/boot")!.content).not.toContain("brotli -dc");
});
