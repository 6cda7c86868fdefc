// What a host writes into its /etc/hosts, by the script itself over a file in the place of that.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { script } from "../../lib/core/script";

const directory = mkdtempSync(join(tmpdir(), "host-names-"));
afterAll(() => rmSync(directory, { recursive: true }));
const hosts = join(directory, "hosts");
const SHIM = "ip() { echo '2: ens10 inet 192.0.2.7/24'; echo '3: ens11    inet 10.20.30.7/32 scope global'; }\n";

function write(name: string, mapped: string): string {
  const text = script(join(__dirname, "../../lib/core/host-names.sh"), { NAME: name, PATTERN: "10\\.20\\.", MAPPED: mapped });
  const { status, stderr } = spawnSync("bash", ["--norc", "-euc", SHIM + text.replaceAll("/etc/hosts", hosts)], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return readFileSync(hosts, "utf8");
}

test("its own name leads to its address in the network, others to theirs; what it wrote before goes, and nothing else", () => {
  writeFileSync(hosts, "127.0.0.1 localhost\n127.0.1.1 web-1\n");
  const block = "# cdktf-mastodon begin\n10.20.30.10 database-1\n10.20.30.11 database-2\n# cdktf-mastodon end\n";
  const mapped = "\n10.20.30.10 database-1\n10.20.30.11 database-2\n";
  const known = `127.0.0.1 localhost\n10.20.30.7 web-1 # cdktf-mastodon\n${block}`;
  expect(write("web-1", mapped)).toBe(known);
  expect(write("web-1", mapped)).toBe(known);
  expect(write("", "\n")).toBe("127.0.0.1 localhost\n# cdktf-mastodon begin\n# cdktf-mastodon end\n");
});
