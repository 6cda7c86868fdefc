// Parts of the local cloud's driver that need no machine, called as the driver calls them.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const DRIVER = join(__dirname, "../../lib/clouds/local/driver");
const directory = mkdtempSync(join(tmpdir(), "driver-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs shell with all functions of the driver, and what it is told in its environment. */
function shell(script: string, environment: Readonly<Record<string, string>> = {}) {
  const parts = ["common", "disk", "machine", "inside", "pool"].map((part) => `. ${DRIVER}/${part}.sh`);
  const env = { PATH: process.env["PATH"]!, CDKTF_MASTODON_ROOT: directory, COMMAND: "test", SITE: "probe", ...environment };
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", ["set -euo pipefail", ...parts, script].join("\n")], {
    encoding: "utf8",
    env,
  });
  return { status, stdout, stderr };
}

test("a member that refuses to serve ends the wait for its pool at once, with its words", () => {
  const started = Date.now();
  const ready =
    'inside() { shift; [ "$MEMBER" = well ] || printf "PostgreSQL answers\\nrefused: the database is newer than 4.6.5\\nmore\\n"; [ "$MEMBER" = well ]; }';
  const asked =
    'readiness() { MEMBER=$1; words=$(inside "$1") && return; grep -m 1 "^refused: " <<<"$words"; return 1; }; weigh() { :; }';
  const { status, stdout, stderr } = shell(`${ready}\n${asked}\nPOOL=web MEMBERS="well ill" LIMIT_SECONDS=60\npool_gate`);
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: "web: well is ready (0 s)\n",
    stderr:
      "local: the pool web did not settle, ill refuses to serve: the database is newer than 4.6.5; the members that served before are untouched\n",
  });
  expect(Date.now() - started).toBeLessThan(10_000);
});

test("of a machine's words on why it is not ready a refusal counts, else the last", () => {
  const said = (words: string) =>
    shell(`is_frozen() { false; }; is_cut() { false; }; inside() { printf '${words}'; return 1; }\nreadiness web-1 || true`)
      .stdout;
  expect(said("one\\nrefused: no\\nlast\\n")).toBe("refused: no\n");
  expect(said("one\\nlast\\n")).toBe("last\n");
});

test("what the stand-in is told reaches containers by podman's own settings, and only whole numbers do", () => {
  const file = join(directory, "80-stand-in.conf");
  const told = (environment: Readonly<Record<string, string>>) => {
    rmSync(file, { force: true });
    const { status, stderr } = shell(`write_stand_in ${file}`, environment);
    return { status, stderr, written: existsSync(file) ? readFileSync(file, "utf8") : undefined };
  };
  expect(told({ STANDIN: "/somewhere", HOME: "/root" })).toEqual({ status: 0, stderr: "", written: undefined });
  expect(told({ STANDIN_WORK_MS: "40", STANDIN_BOOT_MS: "20000" }).written).toBe(
    '[containers]\nenv = ["STANDIN_BOOT_MS=20000", "STANDIN_WORK_MS=40"]\n',
  );
  expect(told({ STANDIN_WORK_MS: '4", "LD_PRELOAD=x' })).toEqual({
    status: 1,
    stderr: 'local: STANDIN_WORK_MS=4", "LD_PRELOAD=x is not a whole number\n',
    written: undefined,
  });
});

test("a disk's size is written down for the next plan, under the id of the site's owner, and goes with the disk", () => {
  const site = join(directory, "sites/probe");
  mkdirSync(join(site, "disk-images"), { recursive: true });
  writeFileSync(join(site, "disk-images/redis-1-data"), "");
  const sizes = `SIZES=${directory}/sizes DISK=redis-1-data GIB=7`;
  expect(shell(`${sizes}\nrecord_size`).status).toBe(0);
  expect(existsSync(join(directory, "sizes"))).toBe(false);
  writeFileSync(join(site, "owner"), "0b1c-2d\n");
  shell(`${sizes}\nrecord_size`);
  expect(readFileSync(join(directory, "sizes/0b1c-2d/redis-1-data"), "utf8")).toBe("7\n");
  expect(shell(`${sizes}\nclose_disk() { :; }\ndisk_destroy`)).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(existsSync(join(directory, "sizes/0b1c-2d/redis-1-data"))).toBe(false);
});

test("a directory of the site is bound where the page says, and nothing else can be said", () => {
  expect(shell('DIRECTORIES="files=/srv/files mail=/srv/mail"\nneed DIRECTORIES').status).toBe(0);
  expect(shell('DIRECTORIES="../files=/srv/files"\nneed DIRECTORIES')).toMatchObject({
    status: 1,
    stderr: "local: DIRECTORIES=../files=/srv/files is not as in files=/srv/files\n",
  });
});
