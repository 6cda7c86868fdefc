// `mastodon-owner` as it lies on a web machine, with a `rails` that prints what Mastodon would.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { pageOf, WHOLE } from "./mixes";

const { write_files } = parse(pageOf(WHOLE).web.pool.bootText()) as {
  write_files: readonly { readonly path: string; readonly content: string; readonly permissions: string }[];
};
const file = (path: string) => write_files.find((one) => one.path === path)!;

/** Runs it; `rails` prints these lines and ends so. */
function run(args: readonly string[], printed: readonly string[] = [], status = 0) {
  const directory = mkdtempSync(join(tmpdir(), "owner-"));
  try {
    const own = (name: string, text: string) => writeFileSync(join(directory, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    own("id", "echo 0");
    own("rails", `printf '%s\\0' "$@" >${directory}/asked\ncat <<'TEXT'\n${printed.join("\n")}\nTEXT\nexit ${status}`);
    own("mastodon-owner", file("/usr/local/bin/mastodon-owner").content.replace(/^#!.*\n/, ""));
    const ended = spawnSync("bash", [join(directory, "mastodon-owner"), ...args], {
      encoding: "utf8",
      env: { PATH: `${directory}:${process.env["PATH"]}` },
    });
    const asked = (() => {
      try {
        return readFileSync(join(directory, "asked"), "utf8").split("\0");
      } catch {
        return undefined;
      }
    })();
    return { status: ended.status, said: ended.stdout, complained: ended.stderr, asked };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const NOISE = "2026-11-28T14:00:00.000Z pid=1 tid=2 INFO -- : Sidekiq connecting to Redis";

test("shows its own lines of what Mastodon prints, and nothing of its loggers", () => {
  const { status, said, asked } = run(
    ["ada", "--email", "ada@example.org"],
    [NOISE, "owner: ada is the owner of social.example", NOISE, "owner: password  0123"],
  );
  expect({ status, said }).toEqual({ status: 0, said: "ada is the owner of social.example\npassword  0123\n" });
  expect(asked!.slice(0, 1)).toEqual(["runner"]);
  // The rest is Ruby, and what stands behind it.
  expect(asked!.slice(2)).toEqual(["ada", "ada@example.org", ""]);
});

test("an account that exists, and any other refusal, is said and is no success", () => {
  const refused = run(["ada", "--email", "ada@example.org"], [NOISE, "owner: there is an account ada already"], 1);
  expect(refused).toMatchObject({ status: 1, said: "there is an account ada already\n" });
});

test("when Mastodon does not start, its own words are shown", () => {
  const { status, said, complained } = run(["ada", "--email", "ada@example.org"], ["could not connect to server"], 3);
  expect({ status, said }).toEqual({ status: 3, said: "" });
  expect(complained).toContain("could not connect to server\n");
  expect(run(["ada", "--email", "ada@example.org"], [NOISE], 0).status).toBe(1);
});

test.each<[readonly string[], string]>([
  [[], "usage: mastodon-owner NAME --email ADDRESS"],
  [["", "--email", "ada@example.org"], `"" is no name of an account`],
  [["ada", "--email"], "usage: mastodon-owner NAME --email ADDRESS"],
  [["ada lovelace", "--email", "ada@example.org"], `"ada lovelace" is no name of an account`],
  [["ada", "--email", "--help@example.org"], `"--help@example.org" is no mail address`],
  [["ada", "eve", "--email", "ada@example.org"], "usage: mastodon-owner NAME --email ADDRESS"],
])("%j is refused before Mastodon is started", (args, why) => {
  const { status, said, complained, asked } = run(args);
  expect({ status, said, asked }).toEqual({ status: 2, said: "", asked: undefined });
  expect(complained).toContain(why);
});

test.each(["tootctl", "rails"])("what %s prints, passwords among it, is in no journal", (name) => {
  const { content } = file(`/usr/local/bin/${name}`);
  expect(content).toContain("exec podman run --rm -i $tty --log-driver none --network host");
});
