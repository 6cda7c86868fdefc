// A synchronous PostgreSQL with two standbys and etcd on the same machines loses primaries, standbys and votes, while a writer goes on. The tests
// build on each other.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, driver, inside, makeSecrets, Place, setUp, synthesize } from "../../scripts/cluster";
import { nothingLeft } from "./left-over";

const SITE = "synchronous";
const MINUTE = 60_000;
const MACHINES = ["database-1", "database-2", "database-3"];
/** The lease of 20 s, and 8 s more. */
const FAILOVER_SECONDS = 28;
/** The machines of the test share two processors with whatever else runs. */
const SLACK_SECONDS = 10;
const directory = mkdtempSync(join(tmpdir(), "postgres-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };

const on = (machine: string, script: string, ...args: readonly string[]) =>
  inside(SITE, machine, "timeout", "90", "bash", "-c", script, "test", ...args);
const running = (...machines: readonly string[]) => machines.filter((machine) => on(machine, "echo yes").includes("yes"));
const answers = (machine: string, path: string) =>
  on(machine, `curl -s -o /dev/null -m 3 -w '%{http_code}' http://127.0.0.1:8008/${path} || true`) === "200";
const primaries = (...machines: readonly string[]) => machines.filter((machine) => answers(machine, "primary"));
const primary = (...machines: readonly string[]) => {
  const found = primaries(...machines);
  expect(found).toHaveLength(1);
  return found[0]!;
};
const follows = (machine: string) =>
  answers(machine, "replica") && on(machine, "ready >/dev/null 2>&1 && echo yes || echo no") === "yes\n";

// As a client of the pooler; a row that was acknowledged is written down, with the second of the machine's clock.
const WRITER = `export PGPASSWORD=$(sed -n 's/^"mastodon" "\\(.*\\)"$/\\1/p' /etc/pgbouncer/userlist.txt) PGCONNECT_TIMEOUT=5
say() { psql -XAtq -h 127.0.0.1 -p 6432 -U mastodon mastodon -c "$1"; }
say "create table if not exists written(n int primary key)"
n=0
while :; do
  n=$((n + 1))
  ! timeout 15 bash -c "$(declare -f say); say 'insert into written values ($n)'" 2>/dev/null || echo "$n $(date +%s.%N)" >>/run/acknowledged
  sleep 0.02
done`;
const acknowledged = () =>
  on("pool-1", "cat /run/acknowledged 2>/dev/null || true")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" ").map(Number) as [number, number]);
const now = () => Number(on("pool-1", "date +%s.%N"));

async function until(what: string, limitSeconds: number, is: () => boolean): Promise<number> {
  const from = Date.now();
  for (;;) {
    if (is()) return (Date.now() - from) / 1000;
    if (Date.now() - from > limitSeconds * 1000) throw new Error(`not after ${limitSeconds} s: ${what}`);
    await new Promise((next) => setTimeout(next, 500));
  }
}

/** Until three rows that were sent later than now are acknowledged. */
async function writesGoOn(limitSeconds: number): Promise<void> {
  const from = now();
  await until("more rows are acknowledged", limitSeconds, () => acknowledged().filter(([, at]) => at > from + 1).length > 3);
}

/** The longest time since then in which no row was acknowledged. */
function pauseSeconds(since: number): number {
  const times = [since, ...acknowledged().flatMap(([, at]) => (at > since ? [at] : []))];
  return Math.max(...times.slice(1).map((at, n) => at - times[n]!));
}

const recovered = (...machines: readonly string[]) =>
  until(
    "one primary and standbys",
    120,
    () => primaries(...machines).length === 1 && machines.every((one) => answers(one, "primary") || follows(one)),
  );

beforeAll(async () => {
  await setUp(place);
  driver(["clean", SITE]);
  makeSecrets(place);
  await apply(await synthesize("test/e2e/pages/postgres.ts", place), place);
  on("pool-1", 'systemd-run -q --unit writer bash -c "$1"', WRITER);
}, 20 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test(
  "a standby is away, and writes go on",
  async () => {
    await writesGoOn(20);
    const [standby] = MACHINES.filter((one) => one !== primary(...MACHINES));
    driver(["machine", "kill", SITE, standby!]);
    await writesGoOn(30);
    // While it comes back, the next test has the other one.
    driver(["machine", "start", SITE, standby!]);
  },
  4 * MINUTE,
);

test(
  "the primary loses power: another is primary by itself within the lease and 8 s, and the old one comes back as a standby",
  async () => {
    await recovered(...MACHINES);
    const old = primary(...MACHINES);
    const others = MACHINES.filter((one) => one !== old);
    const since = now();
    driver(["machine", "kill", SITE, old]);
    await writesGoOn(FAILOVER_SECONDS + SLACK_SECONDS);
    expect(pauseSeconds(since)).toBeLessThan(FAILOVER_SECONDS + SLACK_SECONDS);
    const next = primary(...others);
    driver(["machine", "start", SITE, old]);
    let second = false;
    await until(`${old} follows`, 120, () => {
      second ||= answers(old, "primary");
      return follows(old);
    });
    expect({ second, primary: primary(...MACHINES) }).toEqual({ second: false, primary: next });
  },
  6 * MINUTE,
);

test(
  "the primary's machine stands still for longer than its lease: when it goes on it is no primary",
  async () => {
    await recovered(...MACHINES);
    const old = primary(...MACHINES);
    driver(["machine", "freeze", SITE, old]);
    try {
      await writesGoOn(FAILOVER_SECONDS + SLACK_SECONDS);
    } finally {
      driver(["machine", "thaw", SITE, old]);
    }
    expect(answers(old, "primary")).toBe(false);
    await recovered(...MACHINES);
    expect(primary(...MACHINES)).not.toBe(old);
  },
  6 * MINUTE,
);

test(
  "PostgreSQL is killed: it is started again, and writes go on within 15 s",
  async () => {
    const since = now();
    on(primary(...MACHINES), "kill -9 $(head -n 1 /var/lib/postgresql/17/main/postmaster.pid)");
    await writesGoOn(15 + SLACK_SECONDS);
    expect(pauseSeconds(since)).toBeLessThan(15 + SLACK_SECONDS);
    await recovered(...MACHINES);
  },
  4 * MINUTE,
);

test(
  "a switchover by hand costs a few seconds",
  async () => {
    const old = primary(...MACHINES);
    await recovered(...MACHINES);
    const since = now();
    expect(on(old, "patronictl switchover --force 2>&1")).toMatch(/Successfully switched over to/);
    await writesGoOn(20);
    expect(pauseSeconds(since)).toBeLessThan(5 + SLACK_SECONDS);
    expect(primary(...MACHINES)).not.toBe(old);
    await recovered(...MACHINES);
  },
  4 * MINUTE,
);

test(
  "etcd's members are started again one after the other, and one of them with an empty disk: the primary stays",
  async () => {
    const before = primary(...MACHINES);
    for (const machine of MACHINES) {
      on(machine, "systemctl restart etcd");
      await until(`etcd on ${machine} serves`, 60, () => on(machine, "etcd-ready >/dev/null && echo yes || echo no") === "yes\n");
    }
    const [empty] = MACHINES.filter((one) => one !== before);
    on(empty!, `systemctl stop etcd; rm -r "/var/lib/postgresql/etcd/${empty!}"; systemctl start --no-block etcd`);
    await until(`etcd on ${empty} serves`, 60, () => on(empty!, "etcd-ready >/dev/null && echo yes || echo no") === "yes\n");
    expect(on(before, "etcd-console member list").match(/, started, /g)).toHaveLength(3);
    expect(primary(...MACHINES)).toBe(before);
    // What a timer does once a day.
    on(empty!, "systemctl start etcd-keep.service");
    expect(on(empty!, "etcdutl snapshot status /var/lib/postgresql/etcd/snapshot")).toMatch(/^[0-9a-f]+, \d+, \d+, /);
    await writesGoOn(20);
  },
  5 * MINUTE,
);

test(
  "etcd loses its majority: PostgreSQL serves on and says so, and all is as before when etcd is back",
  async () => {
    const before = primary(...MACHINES);
    const since = now();
    for (const machine of MACHINES.slice(1)) on(machine, "systemctl stop etcd");
    await until("it says so", 60, () =>
      on(before, "ready 2>&1 || true").includes("etcd cannot be reached, and PostgreSQL serves on"),
    );
    // Longer than the lease.
    await new Promise((next) => setTimeout(next, 25_000));
    expect(answers(before, "primary")).toBe(true);
    for (const machine of MACHINES.slice(1)) on(machine, "systemctl start --no-block etcd");
    await until("all is well", 60, () => !on(before, "ready 2>&1 || true").includes("cannot be reached"));
    await writesGoOn(20);
    expect(pauseSeconds(since)).toBeLessThan(5 + SLACK_SECONDS);
    expect(primary(...MACHINES)).toBe(before);
  },
  5 * MINUTE,
);

test(
  "every acknowledged row is on the primary",
  async () => {
    on("pool-1", "systemctl stop writer");
    await recovered(...running(...MACHINES));
    const rows = acknowledged().map(([n]) => n);
    expect(rows.length).toBeGreaterThan(100);
    const there = new Set(
      on(primary(...MACHINES), "runuser -u postgres -- psql -XAtqc 'select n from written' mastodon")
        .split("\n")
        .map(Number),
    );
    expect(rows.filter((row) => !there.has(row))).toEqual([]);
  },
  3 * MINUTE,
);

test("nothing is left", () => {
  driver(["clean", SITE]);
  expect(nothingLeft(SITE)).toEqual([]);
});
