import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CONSOLE = join(__dirname, "../../lib/mastodon/programs/pgbouncer-console.sh");
const bin = mkdtempSync(join(tmpdir(), "console-"));

beforeAll(() => {
  // In the place of psql under another user: it says what it was given, and process 2 of PgBouncer is down in one test.
  const stub = `#!/bin/bash
while [ "$1" != psql ]; do shift; done
shift
printf '%s|' "$@"
echo
[ "$2" != "$DOWN" ]
`;
  writeFileSync(join(bin, "setpriv"), stub);
  chmodSync(join(bin, "setpriv"), 0o755);
});
afterAll(() => rmSync(bin, { recursive: true, force: true }));

function asked(args: readonly string[], down = ""): { readonly status: number | null; readonly lines: readonly string[] } {
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, DOWN: down, PGBOUNCER_PORT: "6432" };
  const { status, stdout } = spawnSync("bash", [CONSOLE, ...args], { encoding: "utf8", env });
  return { status, lines: stdout.trim().split("\n") };
}
const to = (process: 1 | 2, ...rest: readonly string[]) =>
  ["-h", `/run/pgbouncer-${process}`, "-p", "6432", "-U", "pgbouncer", "pgbouncer", ...rest, ""].join("|");

test.each([
  ["a quoted command", ["show pools"], ["-c", "show pools"]],
  ["a command in words", ["show", "pools"], ["-c", "show pools"]],
  ["psql's own option", ["-c", "show pools"], ["-c", "show pools"]],
  ["options in one word", ["-Atqc", "show pools"], ["-Atqc", "show pools"]],
])("%s goes to both processes, one after the other", (_, args, given) => {
  expect(asked(args)).toEqual({ status: 0, lines: [to(1, ...given), to(2, ...given)] });
});

test("one process can be named, a session is with one alone, and a process that is away fails the command but not the other's answer", () => {
  expect(asked(["@2", "show", "pools"])).toEqual({ status: 0, lines: [to(2, "-c", "show pools")] });
  expect(asked([])).toEqual({ status: 0, lines: [to(1)] });
  expect(asked(["@2", "-A", "-t"])).toEqual({ status: 0, lines: [to(2, "-A", "-t")] });
  expect(asked(["reload"], "/run/pgbouncer-1")).toEqual({ status: 1, lines: [to(1, "-c", "reload"), to(2, "-c", "reload")] });
  expect(asked(["@3", "show pools"]).status).toBe(2);
});
