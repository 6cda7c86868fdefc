// How settings are handed over by SSH, with another program in the place of `ssh`.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const SCRIPT = join(__dirname, "../../lib/clouds/shared/over-ssh/deliver.sh");

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "over-ssh-"))));
afterEach(() => rmSync(directory, { recursive: true }));

/** Delivers by an `ssh` of these lines of bash, and says what it was called with. */
function deliver(ssh: string, environment: Readonly<Record<string, string>> = {}) {
  const command = (name: string, text: string) => {
    writeFileSync(join(directory, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(directory, name), 0o755);
  };
  command("ssh", `echo "$*" >>${directory}/asked\nfor last; do :; done\n${ssh}`);
  command("sleep", "");
  const { status, stdout, stderr } = spawnSync("bash", [SCRIPT], {
    encoding: "utf8",
    env: {
      PATH: `${directory}:${process.env["PATH"]}`,
      HOST: "203.0.113.7",
      HOST_KEY_NAME: "hcloud-42",
      NAME: "database-1",
      SETTINGS: gzipSync("the settings\n").toString("base64"),
      ...environment,
    },
  });
  const asked = join(directory, "asked");
  return { status, stdout, stderr, asked: existsSync(asked) ? readFileSync(asked, "utf8").trim().split("\n") : [] };
}

test("the settings go into a file that only root reads, are run, and are gone; no argument holds them", () => {
  const took = join(directory, "take-settings");
  const run = `[ "$last" = true ] || eval "\${last//\\/run\\/take-settings/${took}}; exit $?"`;
  const { status, asked } = deliver(`[ "$last" != true ] || exit 0\ncat >${directory}/got; echo "$last" >${directory}/ran`);
  expect(status).toBe(0);
  expect(readFileSync(join(directory, "got"), "utf8")).toBe("the settings\n");
  expect(readFileSync(join(directory, "ran"), "utf8")).toMatch(
    /^umask 077; file=\$\(mktemp \/run\/take-settings\.X{6}\) && cat >"\$file" && bash "\$file"; /,
  );
  expect(asked.join()).toContain("-o StrictHostKeyChecking=accept-new -o HostKeyAlias=hcloud-42 root@203.0.113.7 ");
  expect(asked.join()).not.toContain("the settings");
  const failing = deliver(run, { SETTINGS: gzipSync("echo why not; exit 3\n").toString("base64") });
  expect(failing).toMatchObject({ status: 3, stdout: "why not\n" });
  expect(readdirSync(directory).filter((name) => name.startsWith("take-settings"))).toEqual([]);
  expect(deliver("exit 0", { SETTINGS: "bm90IGd6aXA=" })).toMatchObject({ status: 1, asked: expect.not.arrayContaining([/./]) });
});

test("a machine that lets nobody in yet is asked again, and given up with the last word of ssh", () => {
  const later = `[ "$last" != true ] || [ $(wc -l <${directory}/asked) -gt 2 ] || { echo "Connection refused" >&2; exit 255; }`;
  expect(deliver(later)).toMatchObject({ status: 0 });
  expect(deliver('echo "Connection refused" >&2; exit 255', { LIMIT_SECONDS: "0" })).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(
      /^database-1: no way in by SSH to root@203\.0\.113\.7 after \d+ s, so it has not got its settings: Connection refused\n$/,
    ),
  });
});

test("another host key than the remembered one ends it at once", () => {
  const { status, stderr, asked } = deliver('echo "Host key verification failed." >&2; exit 255');
  expect({ status, stderr, calls: asked.length }).toEqual({
    status: 1,
    stderr: "database-1: its host key is not the one that is remembered as hcloud-42, so it has not got its settings\n",
    calls: 1,
  });
});
