import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FileStep, Program, Taken } from "../../lib/core/program";
import { settingsScript, withoutSettings } from "../../lib/core/settings";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "settings-"));
  write("/var/lib/cdktf-mastodon-booted", "");
  command("systemctl", `echo "$*" >>"${root}/asked"; [ "$1 $3" != "is-active $(cat "${root}/stopped" 2>/dev/null)" ]`);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), mode);
}

function command(name: string, text: string): void {
  write(`/bin/${name}`, `#!/bin/bash\n${text}\n`, 0o755);
}

const read = (path: string) => readFileSync(join(root, path), "utf8");
const asked = () => (existsSync(join(root, "asked")) ? read("/asked").trim().split("\n") : []);

/** Brings files to the machine, whose root is a directory here; what it says is put together in the order of the streams. */
function take(files: readonly Omit<FileStep, "kind">[]): { readonly status: number | null; readonly said: readonly string[] } {
  const steps = files.map((file) => ({ ...file, kind: "file", path: join(root, file.path) }) as const);
  const text = settingsScript("box-1", steps)
    .replaceAll(/(?<=^(?:BOOTED|KEPT|WORK)=')/gm, root)
    .replace("LIMIT_SECONDS='900'", "LIMIT_SECONDS='1'");
  const { status, stdout, stderr } = spawnSync("bash", {
    input: text,
    encoding: "utf8",
    env: { PATH: `${root}/bin:${process.env["PATH"]}` },
  });
  const said = `${stdout}${stderr}`.replaceAll(root, "").split("\n").filter(Boolean);
  return { status, said };
}

const proxy = (more: Partial<Taken> = {}): Taken => ({ what: "HAProxy", does: "reload", script: "reload haproxy", ...more });
const CONFIG = "/etc/haproxy.cfg";

test("a changed file is written with its mode, and whoever reads it is reloaded once; the next delivery changes nothing", () => {
  write(CONFIG, "old\n", 0o600);
  write("/etc/other.cfg", "old\n");
  const files = [
    { path: CONFIG, content: "new 'quoted' $HOME \\n\nEND\n", mode: "0600", taken: proxy() },
    { path: "/etc/other.cfg", content: () => "new too", taken: proxy() },
  ] as const;
  expect(take(files)).toEqual({ status: 0, said: ["box-1: /etc/haproxy.cfg, /etc/other.cfg changed: HAProxy reloaded"] });
  expect([read(CONFIG), read("/etc/other.cfg")]).toEqual(["new 'quoted' $HOME \\n\nEND\n", "new too\n"]);
  expect(statSync(join(root, CONFIG)).mode & 0o777).toBe(0o600);
  expect(asked()).toEqual(["is-active -q haproxy", "reload haproxy"]);
  expect(take(files)).toEqual({ status: 0, said: ["box-1: it has the settings of the page"] });
  expect(asked()).toHaveLength(2);
  expect(readdirSync(join(root, "etc")).sort()).toEqual(["haproxy.cfg", "other.cfg"]);
  expect(readdirSync(join(root, "var/lib/cdktf-mastodon-settings"))).toEqual([]);
});

test("a file that its check refuses becomes what it was, nothing is reloaded, and the others are taken all the same", () => {
  write(CONFIG, "old\n", 0o640);
  write("/etc/rules", "old\n");
  const check = `! grep -q bad "${join(root, CONFIG)}" || { echo "line 1: bad word"; false; }`;
  const files = [
    { path: CONFIG, content: "bad\n", taken: proxy({ check }) },
    {
      path: "/etc/rules",
      content: "new\n",
      taken: { what: "the firewall", does: "reload", script: "echo 'one rule more'" } as const,
    },
  ];
  expect(take(files)).toEqual({
    status: 1,
    said: [
      "box-1: /etc/rules changed: the firewall reloaded",
      "box-1: one rule more",
      "box-1: /etc/haproxy.cfg: HAProxy would not take what is new, and the old stays: line 1: bad word",
    ],
  });
  expect([read(CONFIG), read("/etc/rules")]).toEqual(["old\n", "new\n"]);
  expect(asked()).toEqual([]);
});

test("a program that does not take its file gets the old one back, and is told of it; the next delivery tries again", () => {
  write(CONFIG, "old\n");
  const script = `echo "$(cat "${join(root, CONFIG)}") after $(cat "$(before "${join(root, CONFIG)}")")" >>"${root}/asked"
grep -q old "${join(root, CONFIG)}" || { echo "no such word" >&2; false; }
echo "not reached with what is new" >>"${root}/asked"`;
  const files = [{ path: CONFIG, content: "new\n", taken: proxy({ script }) }];
  const failed = "box-1: /etc/haproxy.cfg: HAProxy has not taken what is new, and the old is back: no such word";
  expect(take(files)).toEqual({ status: 1, said: [failed] });
  expect(read(CONFIG)).toBe("old\n");
  expect(asked()).toEqual(["new after old", "old after new", "not reached with what is new"]);
  expect(take(files)).toEqual({ status: 1, said: [failed] });
});

test("a delivery that was cut off before the reload is ended by the next one", () => {
  write(CONFIG, "old\n");
  const files = [{ path: CONFIG, content: "new\n", taken: proxy({ script: `kill -9 $$` }) }];
  expect(take(files).status).toBeNull();
  expect(read(CONFIG)).toBe("new\n");
  expect(take([{ path: CONFIG, content: "new\n", taken: proxy() }])).toEqual({
    status: 0,
    said: ["box-1: the files of HAProxy changed: HAProxy reloaded"],
  });
  expect(asked()).toEqual(["is-active -q haproxy", "reload haproxy"]);
});

test("what is not there yet comes with a renewal, and its program's other files stay as they are", () => {
  write(CONFIG, "old\n");
  const files = [
    { path: CONFIG, content: "new\n", taken: proxy() },
    { path: "/etc/more.cfg", content: "new\n", taken: proxy() },
  ];
  expect(take(files)).toEqual({
    status: 0,
    said: ["box-1: /etc/more.cfg is not there: HAProxy comes with a renewal of this machine"],
  });
  expect(read(CONFIG)).toBe("old\n");
});

test("a program that is not running reads the file when it starts", () => {
  write(CONFIG, "old\n");
  write("/stopped", "haproxy");
  expect(take([{ path: CONFIG, content: "new\n", taken: proxy() }])).toEqual({
    status: 0,
    said: ["box-1: /etc/haproxy.cfg changed: HAProxy is not running, and reads it when it starts"],
  });
  expect(read(CONFIG)).toBe("new\n");
});

test("lines for a renewal stay as the machine has them", () => {
  write(CONFIG, "port 1\npassword old\n");
  const file = (content: string) => ({ path: CONFIG, content, renewedLines: "^password ", taken: proxy() });
  expect(take([file("password new\nport 1\n")]).said).toEqual(["box-1: it has the settings of the page"]);
  expect(read(CONFIG)).toBe("port 1\npassword old\n");
  expect(take([file("password new\nport 2\n")]).said).toEqual(["box-1: /etc/haproxy.cfg changed: HAProxy reloaded"]);
  expect(read(CONFIG).trim().split("\n").sort()).toEqual(["password old", "port 2"]);
});

test("a machine that does not boot gets nothing, and says so", () => {
  rmSync(join(root, "var/lib/cdktf-mastodon-booted"));
  write(CONFIG, "old\n");
  expect(take([{ path: CONFIG, content: "new\n", taken: proxy() }])).toEqual({
    status: 1,
    said: ["box-1: it has not booted after 1 s, so it has not got its settings"],
  });
  expect(read(CONFIG)).toBe("old\n");
});

test("names are written between their marks, and the other lines stay", () => {
  write("/etc/hosts", "127.0.0.1 localhost\n# cdktf-mastodon begin\n10.0.0.1 a\n# cdktf-mastodon end\n");
  const content = "# cdktf-mastodon begin\n10.0.0.1 a\n10.0.0.2 b\n# cdktf-mastodon end\n";
  const writtenBy = `between_marks ${join(root, "/etc/hosts")}`;
  const files = [{ path: "/etc/hosts", content, writtenBy, taken: { what: "names", does: "nothing" } as const }];
  expect(take(files).said).toEqual(["box-1: /etc/hosts changed: in effect"]);
  expect(read("/etc/hosts")).toBe(`127.0.0.1 localhost\n${content}`);
  expect(take(files).said).toEqual(["box-1: it has the settings of the page"]);
});

test("without settings a program is the same whatever they hold, but for the lines that wait for a renewal", () => {
  const program = (content: string, mode: FileStep["mode"] = "0600") => {
    const made = new Program().add({ kind: "file", path: CONFIG, content, mode, renewedLines: "^password ", taken: proxy() });
    return JSON.stringify(withoutSettings(made.readyWhen("true")).steps);
  };
  const one = program("port 1\npassword old\n");
  expect(program("port 2\npassword old\n")).toBe(one);
  expect(program("port 1\npassword new\n")).not.toBe(one);
  expect(program("port 1\npassword old\n", "0644")).not.toBe(one);
});
