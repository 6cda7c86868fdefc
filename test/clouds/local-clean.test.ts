// Which sites the driver's `clean` removes: words of a command are never mistaken for a name, nor is a name that is missing.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const DRIVER = join(__dirname, "../../lib/clouds/local/driver");
const root = mkdtempSync(join(tmpdir(), "clean-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What `local.sh clean` does with these words, on a host with the sites north and south. */
function clean(words: readonly string[], site?: string) {
  const script = `
    set -euo pipefail
    . ${DRIVER}/common.sh; . ${DRIVER}/clean.sh
    all_sites() { printf '%s\\n' north south; }
    clean_site() { echo "removed $SITE"; }
    unmount_below() { :; }; remove_tree() { echo "removed the base"; }
    eval "$(sed -n '/^arguments_as() {/,/^}/p' ${DRIVER}/local.sh)"
    COMMAND=clean; BASE=b; IMAGE_STORE=i
    ${site === undefined ? "unset SITE" : `SITE=${site}`}
    arguments_as SITE -- "$@" && clean "\${REST[@]}"`;
  const env = { PATH: process.env["PATH"]!, CDKTF_MASTODON_ROOT: root };
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", script, "clean", ...words], { encoding: "utf8", env });
  return { status, said: (stdout + stderr).trim().split("\n") };
}

test("one site is removed by its name, by hand or by Terraform", () => {
  expect(clean(["north"])).toEqual({ status: 0, said: ["removed north"] });
  expect(clean([], "north")).toEqual({ status: 0, said: ["removed north"] });
});

test("every site is removed by --all", () => {
  expect(clean(["--all"])).toEqual({ status: 0, said: ["removed north", "removed south"] });
});

test("all is a name, and the old word for every site says how it is said now", () => {
  const said = ["local: there is no site called all; clean --all removes every site of this host with its disks"];
  expect(clean(["all"])).toEqual({ status: 1, said });
  expect(clean(["all", "--base"])).toEqual({ status: 1, said });
  expect(clean([], "all")).toEqual({ status: 1, said });
  mkdirSync(join(root, "sites/all"), { recursive: true });
  expect(clean(["all"])).toEqual({ status: 0, said: ["removed all"] });
  rmSync(join(root, "sites"), { recursive: true });
});

test.each([[[]], [[""]], [["", "--all"]]])("a name that is missing means no site, whatever follows: %j", (words) => {
  const { said } = clean(words);
  expect(said.filter((line) => line.startsWith("removed"))).toEqual(words.length === 2 ? ["removed north", "removed south"] : []);
});

test("the base alone goes only when no site uses it", () => {
  expect(clean(["--base"])).toEqual({
    status: 1,
    said: ["local: the base is in use by: north south "].map((line) => line.trim()),
  });
  expect(clean(["", "--base"]).said.filter((line) => line.startsWith("removed"))).toEqual([]);
});

test("a site and --all together mean nothing", () => {
  expect(clean(["north", "--all"])).toEqual({ status: 1, said: ["local: clean takes a site or --all, not both"] });
  expect(clean(["north", "--everything"])).toEqual({ status: 1, said: ["local: clean does not know --everything"] });
});
