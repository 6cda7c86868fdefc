// Changed settings come to a PostgreSQL that runs, and neither it nor its machine is started anew. The tests build on each other.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, driver, inside, makeSecrets, output, Place, setUp, synthesize } from "../../scripts/cluster";
import { nothingLeft } from "./left-over";

const SITE = "settled";
const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), "settings-"));
const said: string[] = [];
const place: Place = {
  directory,
  say: (line) => {
    said.push(line);
    process.stderr.write(`  ${line}\n`);
  },
};

const on = (script: string) => inside(SITE, "database-1", "timeout", "60", "bash", "-c", script);
const sql = (query: string) => on(`runuser -u postgres -- psql -XAtqc "${query}"`).trim();
/** When the server and its machine were started. */
const started = () => [sql("select pg_postmaster_start_time()"), on("systemctl show -P UserspaceTimestampMonotonic")];
/** What the driver and the machine said when a page was applied, and whether Terraform had anything to do. */
async function applied(environment: Readonly<Record<string, string>>) {
  said.length = 0;
  const stack = await synthesize("test/e2e/pages/settings.ts", place, environment);
  const lines = await apply(stack, place);
  return {
    of: said.filter((line) => line.startsWith("database-1: ")),
    done: lines.filter((line) => /^(No changes|Apply complete)/.test(line)).join(),
    older: output<object>(stack, "settled_machines_older_than_the_page"),
  };
}

beforeAll(async () => {
  await setUp(place);
  await synthesize("test/e2e/pages/settings.ts", place);
  makeSecrets(place);
  expect((await applied({})).of).toContain("database-1: it has the settings of the page");
}, 20 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test(
  "more connections: PostgreSQL reads its settings again, says what waits for a restart, and is not restarted",
  async () => {
    const before = started();
    const { of, done, older } = await applied({ CONNECTIONS: "120" });
    expect(of).toEqual([
      "database-1: /etc/mastodon/postgres/50-mastodon.conf changed: PostgreSQL reloaded",
      "database-1: max_connections of PostgreSQL: takes effect after a restart: systemctl restart postgresql@17-main",
    ]);
    expect(done).toMatch(/^Apply complete! Resources: 1 added, 0 changed, 1 destroyed/);
    expect(older).toEqual({});
    expect(started()).toEqual(before);
    expect(sql("show max_connections")).toBe("100");
    on("systemctl restart postgresql@17-main");
    expect(sql("show max_connections")).toBe("120");
  },
  5 * MINUTE,
);

test(
  "the first tier of a new role: the firewall lets it in before anything waits for it",
  async () => {
    const before = started();
    const { of, older } = await applied({ CONNECTIONS: "120", CALLER: "yes" });
    expect(of).toEqual(["database-1: /etc/nftables.conf changed: the firewall reloaded"]);
    expect(older).toEqual({});
    expect(started()).toEqual(before);
    driver(["wait", SITE, "caller", "60"]);
    expect(on("nft list ruleset")).toMatch(/ip saddr \{ [^}]*10\.67\.192\.0\/19[^}]*\} tcp dport 5432 accept/);
  },
  5 * MINUTE,
);

test(
  "settings that PostgreSQL refuses are taken back, and the deploy says why",
  async () => {
    const before = started();
    // As a page would be that this library should have refused.
    on(
      "mv /usr/lib/postgresql/17/bin/postgres{,.real}; printf '#!/bin/sh\\necho refused >&2\\nexit 1\\n' >/usr/lib/postgresql/17/bin/postgres",
    );
    on("chmod 755 /usr/lib/postgresql/17/bin/postgres");
    const failed = applied({ CONNECTIONS: "140", CALLER: "yes" });
    await expect(failed).rejects.toThrow("machine settings': exit status 1");
    expect(said).toContain(
      "database-1: /etc/mastodon/postgres/50-mastodon.conf: PostgreSQL has not taken what is new, and the old is back: refused",
    );
    on("mv /usr/lib/postgresql/17/bin/postgres{.real,}");
    expect(on("grep max_connections /etc/postgresql/17/main/conf.d/50-mastodon.conf")).toBe("max_connections = 120\n");
    expect(started()).toEqual(before);
    expect((await applied({ CONNECTIONS: "140", CALLER: "yes" })).of[0]).toBe(
      "database-1: /etc/mastodon/postgres/50-mastodon.conf changed: PostgreSQL reloaded",
    );
    expect((await applied({ CONNECTIONS: "140", CALLER: "yes" })).done).toMatch(/^No changes/);
  },
  8 * MINUTE,
);

test("nothing is left", () => {
  driver(["clean", SITE]);
  expect(nothingLeft(SITE)).toEqual([]);
});
