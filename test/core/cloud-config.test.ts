import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformLocal, TerraformStack, TerraformVariable, Testing } from "cdktf";
import { parse, stringify } from "yaml";
import { Program } from "../../lib";
import { cloudConfig } from "../../lib/core/render/cloud-config";
import { manyLines } from "../../lib/core/render/many-lines";

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

test("a value of Terraform's that has several lines is indented by Terraform, since YAML indents each line", () => {
  const stack = new TerraformStack(new App(), "stack");
  const [ca, name] = ["ca", "name"].map((id) => new TerraformVariable(stack, id, { type: "string" }).stringValue as string);
  const content = manyLines(ca!);
  const made = new Program().add(
    { kind: "file", path: "/etc/both.pem", content: () => content + content },
    { kind: "file", path: `/etc/${name}.pem`, content },
  );
  new TerraformLocal(stack, "text", cloudConfig(made));
  const { locals } = JSON.parse(Testing.synth(stack)) as { readonly locals: { readonly text: string } };
  const filledIn = locals.text.replaceAll("${indent(6, var.ca)}", "one\n      two\n      ").replaceAll("${var.name}", "name");
  const { write_files } = parse(filledIn) as { readonly write_files: readonly { path: string; content: string }[] };
  expect(write_files.slice(0, 2)).toEqual([
    { path: "/etc/both.pem", permissions: "0644", content: "one\ntwo\n\none\ntwo\n" },
    { path: "/etc/name.pem", permissions: "0644", content: "one\ntwo\n" },
  ]);
});

test.each([
  ["an empty file", ""],
  ["a line break alone", "\n"],
  ["blanks at first", "  two\nnone\n"],
  ["a tab at first", "\tone\n"],
  ["a line break at first", "\none\n"],
  ["empty lines at the end", "one\n\n\n"],
  ["blanks at the end of lines", "one  \n  \ntwo \n"],
  ["a line of blanks at the end", "one\n   \n"],
  ["line breaks of Windows", "one\r\ntwo\r\n"],
  ["control characters", "\x1b[0m \x07 \x7f \x85 \n"],
  ["other alphabets", "Möwe Ελλάς 日本 \u{1f418} \u2028 \ufeff\n"],
  ["what YAML would take for its own", "--- \n# no\n- a: b\n...\n%TAG\n? |\n"],
  ["the key that stands before a content", "two\n    content: three\n  - path: /x\n"],
  ["a pattern of replacing", "$& $1 $` ${x} $$\n"],
])("a file keeps its bytes: %s", (_, content) => {
  const other = { kind: "file", path: "/etc/other", content: "other\n" } as const;
  const text = cloudConfig(new Program().add({ kind: "file", path: "/etc/odd", content }, other));
  for (const version of ["1.1", "1.2"] as const) {
    const { write_files } = parse(text, { version }) as { readonly write_files: readonly { readonly content: string }[] };
    // A file without a line break at the end gets one.
    expect(write_files.slice(0, 2).map((file) => file.content)).toEqual([
      content.endsWith("\n") ? content : `${content}\n`,
      "other\n",
    ]);
  }
  expect(text).toBe(byPackage(text));
});

/** The same document as the YAML package writes it. */
function byPackage(text: string): string {
  const written = stringify(parse(text), { lineWidth: 0, blockQuote: "literal", aliasDuplicateObjects: false });
  return `#cloud-config\n${written}`;
}

test("paths and packages stay what they are, also where YAML would take them for something else", () => {
  const names = ["null", "true", "off", "a: b", "nginx-light", "libstdc++6"];
  const odd = { kind: "file", path: "/etc/odd # name: ä", content: "odd\n" } as const;
  const text = cloudConfig(new Program().add(odd, { kind: "package", names }));
  const { write_files, packages } = parse(text);
  expect(write_files[0]).toEqual({ path: odd.path, permissions: "0644", content: "odd\n" });
  expect(packages).toEqual([...names].sort());
  expect(text).toBe(byPackage(text));
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
