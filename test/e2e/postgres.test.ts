// A synchronous PostgreSQL loses standbys and primaries, one after the other, while a writer goes on. The tests build on each other.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, driver, inside, makeSecrets, Place, setUp, synthesize } from "../../scripts/cluster";
import { nothingLeft } from "./left-over";

const SITE = "synchronous";
const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), "postgres-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };

const on = (machine: string, script: string, ...args: readonly string[]) =>
  inside(SITE, machine, "timeout", "60", "bash", "-c", script, "test", ...args);
const part = (machine: string) => /^role=(.*)$/m.exec(on(machine, "cat /run/postgres-status/status 2>/dev/null || true"))?.[1];
const serving = (...machines: readonly string[]) =>
  machines.filter((machine) => on(machine, "ls /run/postgres-status 2>/dev/null || true").split("\n").includes("primary"));

// As a client of the pooler; a row that was acknowledged is written down.
const WRITER = `export PGPASSWORD=$(sed -n 's/^"mastodon" "\\(.*\\)"$/\\1/p' /etc/pgbouncer/userlist.txt) PGCONNECT_TIMEOUT=5
say() { psql -XAtq -h 127.0.0.1 -p 6432 -U mastodon mastodon -c "$1"; }
say "create table if not exists written(n int primary key)"
n=0
while :; do
  n=$((n + 1))
  ! timeout 15 bash -c "$(declare -f say); say 'insert into written values ($n)'" 2>/dev/null || echo $n >>/run/acknowledged
  sleep 0.02
done`;
const acknowledged = () => on("pool-1", "cat /run/acknowledged 2>/dev/null || true").split("\n").filter(Boolean).map(Number);

async function until(what: string, limitSeconds: number, is: () => boolean): Promise<number> {
  const from = Date.now();
  for (;;) {
    if (is()) return (Date.now() - from) / 1000;
    if (Date.now() - from > limitSeconds * 1000) throw new Error(`not after ${limitSeconds} s: ${what}`);
    await new Promise((next) => setTimeout(next, 500));
  }
}

async function writesGoOn(limitSeconds: number): Promise<number> {
  const before = acknowledged().length;
  return until("more rows are acknowledged", limitSeconds, () => acknowledged().length > before + 3);
}

beforeAll(async () => {
  await setUp(place);
  makeSecrets(place);
  await apply(await synthesize("test/e2e/pages/postgres.ts", place), place);
  on("pool-1", 'systemd-run -q --unit writer bash -c "$1"', WRITER);
}, 20 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test(
  "a commit waits for one of two standbys, so one of them may be away",
  async () => {
    await writesGoOn(20);
    driver(["machine", "kill", SITE, "database-2"]);
    await writesGoOn(30);
    driver(["machine", "start", SITE, "database-2"]);
    driver(["wait", SITE, "database-2", "60"]);
  },
  3 * MINUTE,
);

test("a standby is not promoted beside a primary that is alive, nor the primary itself", () => {
  expect(on("database-2", "postgres-promote 2>&1 || echo refused")).toMatch(
    /^postgres-promote: database-1 answers as primary\. To hand over in order, stop it first: .*\nrefused\n$/,
  );
  expect(on("database-1", "postgres-promote 2>&1 || echo refused")).toBe(
    "postgres-promote: database-1 is primary already\nrefused\n",
  );
});

test(
  "the primary is lost: one command makes a standby the primary, writes go on within two minutes, and no acknowledged row is missing",
  async () => {
    driver(["machine", "kill", SITE, "database-1"]);
    // Whichever has received most; the other one names it.
    const said = ["database-2", "database-3"].map((machine) => [machine, on(machine, "postgres-promote 2>&1 || true")] as const);
    const promoted = said.filter(([machine, words]) => words.startsWith(`${machine} is primary after `));
    expect({ said, count: promoted.length }).toMatchObject({ count: 1 });
    await writesGoOn(120);
    expect(serving("database-2", "database-3")).toEqual([promoted[0]![0]]);
  },
  5 * MINUTE,
);

test(
  "the old primary comes back as a standby, without what only it had, and at no time as a second primary",
  async () => {
    driver(["machine", "start", SITE, "database-1"]);
    let second = false;
    await until("database-1 follows", 90, () => {
      second ||= serving("database-1").length > 0 || part("database-1") === "primary";
      return part("database-1") === "standby" && on("database-1", "ready >/dev/null 2>&1 && echo yes || echo no") === "yes\n";
    });
    expect(second).toBe(false);
    await writesGoOn(30);
  },
  5 * MINUTE,
);

test(
  "a primary that was cut off while another was promoted gives way as soon as it is reached again",
  async () => {
    const [old] = serving("database-1", "database-2", "database-3");
    driver(["partition", "cut", SITE, old!]);
    await new Promise((next) => setTimeout(next, 5000));
    const others = ["database-1", "database-2", "database-3"].filter((machine) => machine !== old);
    const said = others.map((machine) => [machine, on(machine, "postgres-promote 2>&1 || true")] as const);
    const promoted = said.filter(([machine, words]) => words.startsWith(`${machine} is primary after `));
    expect({ said, count: promoted.length }).toMatchObject({ count: 1 });
    await writesGoOn(120);
    driver(["partition", "heal", SITE, old!]);
    await until(`${old} follows`, 90, () => part(old!) === "standby");
    expect(serving("database-1", "database-2", "database-3")).toEqual([promoted[0]![0]]);
    await writesGoOn(30);
  },
  6 * MINUTE,
);

test(
  "every acknowledged row is on the primary, once",
  async () => {
    on("pool-1", "systemctl stop writer");
    const rows = acknowledged();
    expect(rows.length).toBeGreaterThan(100);
    const [primary] = serving("database-1", "database-2", "database-3");
    const there = new Set(
      on(primary!, "runuser -u postgres -- psql -XAtqc 'select n from written' mastodon").split("\n").map(Number),
    );
    expect(rows.filter((row) => !there.has(row))).toEqual([]);
  },
  MINUTE,
);

test("nothing is left", () => {
  driver(["clean", SITE]);
  expect(nothingLeft(SITE)).toEqual([]);
});
