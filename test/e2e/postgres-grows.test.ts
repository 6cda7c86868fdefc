// A single PostgreSQL gets a standby: its data stays, and Patroni runs it from the renewal of its machine on. Then it goes back to one machine. The
// tests build on each other.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, driver, inside, machines, makeSecrets, output, Place, setUp, synthesize } from "../../scripts/cluster";
import { nothingLeft } from "./left-over";

const SITE = "alone";
const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), "alone-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };
const on = (machine: string, script: string) => inside(SITE, machine, "timeout", "60", "bash", "-c", script);
const PASSWORD = `sed -n 's/^"mastodon" "\\(.*\\)"$/\\1/p' /etc/pgbouncer/userlist.txt`;
/** As a client of the pooler. */
const sql = (statement: string) =>
  on(
    "pool-1",
    `PGPASSWORD=$(${PASSWORD}) psql -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 -p 6432 -U mastodon mastodon -c "${statement}"`,
  ).trim();

async function deploy(grown: boolean, ...renewed: readonly string[]): Promise<object> {
  const stack = await synthesize("test/e2e/pages/postgres-alone.ts", place, grown ? { GROWN: "yes" } : {});
  const listed = () => execFileSync("terraform", [`-chdir=${stack}`, "state", "list"], { encoding: "utf8" }).split("\n");
  const all = renewed.length === 0 ? [] : listed();
  const address = (machine: string) => all.find((one) => new RegExp(`_${machine}_Machine_\\w+$`).test(one))!;
  await apply(
    stack,
    place,
    renewed.map((machine) => `-replace=${address(machine)}`),
  );
  return output<object>(stack, "alone_machines_older_than_the_page");
}

async function until(what: string, limitSeconds: number, is: () => boolean): Promise<void> {
  const from = Date.now();
  while (!is()) {
    if (Date.now() - from > limitSeconds * 1000) throw new Error(`not after ${limitSeconds} s: ${what}`);
    await new Promise((next) => setTimeout(next, 500));
  }
}

beforeAll(async () => {
  await setUp(place);
  driver(["clean", SITE]);
  makeSecrets(place);
  await deploy(false);
}, 20 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test("a single PostgreSQL has checksums from the start, and neither Patroni nor etcd", () => {
  sql("create table kept(n int); insert into kept values (1)");
  expect(on("database-1", "runuser -u postgres -- psql -XAtqc 'show data_checksums'")).toBe("on\n");
  const units = "systemctl list-units --no-legend --plain 'patroni*' 'etcd*' 'postgresql@*' | cut -d ' ' -f 1";
  expect(on("database-1", units)).toBe("postgresql@17-main.service\n");
});

test(
  "a page with a standby: the deploy ends, the site serves on, and what has to be renewed is named",
  async () => {
    expect(Object.keys(await deploy(true))).toEqual(["database-1", "pool-1"]);
    sql("insert into kept values (2)");
    expect(on("database-2", "ready")).toBe(
      "database-1 still runs PostgreSQL alone: renew it, and this machine becomes its standby\n",
    );
  },
  8 * MINUTE,
);

test(
  "after the renewals the data is there, and the standby follows",
  async () => {
    // Together: etcd begins when each of its members is there.
    expect(await deploy(true, "Database_1", "Pool_1")).toEqual({});
    await until("database-2 follows", 90, () => on("database-2", "ready >/dev/null 2>&1 && echo yes || echo no") === "yes\n");
    await until(
      "the pooler leads to the primary",
      60,
      () => on("pool-1", "ready >/dev/null 2>&1 && echo yes || echo no") === "yes\n",
    );
    sql("insert into kept values (3)");
    expect(sql("select string_agg(n::text, ' ' order by n) from kept")).toBe("1 2 3");
    expect(on("database-2", "runuser -u postgres -- psql -XAtqc 'select count(*) from kept' mastodon")).toBe("3\n");
    expect(on("database-1", "etcd-console member list").match(/, started, /g)).toHaveLength(3);
  },
  10 * MINUTE,
);

test(
  "and back to one machine, with what was written meanwhile",
  async () => {
    await deploy(false, "Database_1", "Pool_1");
    await until("the pooler leads to it", 60, () => on("pool-1", "ready >/dev/null 2>&1 && echo yes || echo no") === "yes\n");
    sql("insert into kept values (4)");
    expect(sql("select string_agg(n::text, ' ' order by n) from kept")).toBe("1 2 3 4");
    // One of a standby that is gone would keep log for it.
    expect(on("database-1", "runuser -u postgres -- psql -XAtqc 'select count(*) from pg_replication_slots'")).toBe("0\n");
    expect(
      machines(SITE)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["database-1", "pool-1"]);
  },
  8 * MINUTE,
);

test("nothing is left", () => {
  driver(["clean", SITE]);
  expect(nothingLeft(SITE)).toEqual([]);
});
