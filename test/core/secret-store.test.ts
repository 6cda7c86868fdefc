import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Pool, Secret, Site, Size } from "../../lib";
import { FAKE_CLOUDS, FakeCloud } from "../../lib/testing";

function page(secrets: "boot text" | "store") {
  const stack = new TerraformStack(new App(), "stack");
  const cloud = new FakeCloud({ ...FAKE_CLOUDS.computed, secrets });
  const site = new Site(stack, "Social", { cloud, domain: "social.example", version: "4.7.6" });
  const [password, other] = ["database_password", "other_password"].map(
    (name) => new Secret(site, name, { length: 32, description: name }),
  );
  const range = site.range(site, "web", "web");
  const pool = new Pool(site, "Web", { name: "web", role: "web", range, machines: 1, size: Size.of({ cpus: 1, gib: 1 }) });
  const content = () => `PASSWORD=${String(password)}\nURL=postgres://u:${other!.inUrl}@db/m\n`;
  pool.program.add({ kind: "file", path: "/etc/web.env", content, mode: "0600" });
  pool.program.add({ kind: "file", path: "/etc/plain", content: "nothing secret\n" });
  return { cloud, text: pool.bootText() };
}

test("a boot text of a cloud with a store holds names, fetches the values first, and fills the files that hold names", () => {
  const { cloud, text } = page("store");
  expect(text).not.toContain("TfToken");
  expect(text).toContain("PASSWORD=@secret(database_password)@\n");
  expect(text).toContain("URL=postgres://u:@secret-in-url(other_password)@@db/m\n");
  expect(cloud.pools[0]!.secrets().map(({ name }) => name)).toEqual(["database_password", "other_password"]);
  const order = ["secrets from the fake cloud", "/usr/local/sbin/fill-secrets /etc/web.env\n"].map((line) => text.indexOf(line));
  expect(order[0]).toBeGreaterThan(0);
  expect(order[1]).toBeGreaterThan(order[0]!);
});

test("elsewhere the boot text holds the values, and nothing fills files", () => {
  const { cloud, text } = page("boot text");
  expect(text).not.toContain("@secret");
  expect(text).not.toContain("fill-secrets");
  expect(text.match(/PASSWORD=\$\{TfToken/)).not.toBeNull();
  expect(cloud.pools[0]!.secrets().map(({ name }) => name)).toEqual(["database_password", "other_password"]);
});

describe("the script that fills files", () => {
  let folder = "";
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "fill-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function fill(text: string, secrets: Readonly<Record<string, string>>) {
    mkdirSync(join(folder, "secrets"));
    for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, "secrets", name), value);
    const file = join(folder, "file");
    writeFileSync(file, text, { mode: 0o600 });
    const script = readFileSync(join(__dirname, "../../lib/core/fill-secrets.sh"), "utf8");
    const env = { ...process.env, DIRECTORY: join(folder, "secrets") };
    const ran = spawnSync("bash", ["-c", script, "fill-secrets", file], { encoding: "utf8", env });
    return { status: ran.status, stderr: ran.stderr, text: readFileSync(file, "utf8"), mode: statSync(file).mode & 0o777 };
  }

  test("takes every value as it is, and encodes it in URLs", () => {
    const value = "a$&\\1'\"`@secret(b)@ é/%~.-_";
    expect(fill("A=@secret(a)@\nB=@secret(a)@ @secret-in-url(a)@\n@secret@\n", { a: value, b: "never" })).toEqual({
      status: 0,
      stderr: "",
      text: `A=${value}\nB=${value} ${encodeURIComponent(value).replace(/['()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}\n@secret@\n`,
      mode: 0o600,
    });
  });

  test("leaves the file alone if a secret is not there, and says which", () => {
    const ran = fill("A=@secret(a)@\nB=@secret(b)@\n", { a: "1" });
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toContain("fill-secrets: the secret b is not in");
    expect(ran.text).toBe("A=@secret(a)@\nB=@secret(b)@\n");
  });

  test("can run again", () => {
    expect(fill("A=1\n", {}).text).toBe("A=1\n");
    execFileSync("bash", ["-n", join(__dirname, "../../lib/core/fill-secrets.sh")]);
  });
});
