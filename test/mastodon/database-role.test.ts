// Mastodon's own role and database on a server that somebody else runs, made by the database task with a user that may do so.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { ExternalAdminProps, PgBouncer, Pool, Postgres, Redis, Secret, SidekiqGroup, Site, WebTier } from "../../lib";
import { readableText } from "../../lib/core/render/terraform-text";
import { FakeCloud } from "../../lib/testing";

interface File {
  readonly path: string;
  readonly content: string;
  readonly permissions: string;
}

function page({ admin = {}, none = false }: { readonly admin?: Partial<ExternalAdminProps>; readonly none?: boolean } = {}) {
  const stack = new TerraformStack(new App(), "stack");
  const site = new Site(stack, "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
    queuesElsewhere: ["default", "push", "ingress", "mailers", "pull", "fasp"],
  });
  const password = new Secret(site, "admin_password", { length: 40, description: "A probe." });
  const server = Postgres.external({
    host: "db.example.net",
    name: "mastodon_production",
    user: "mastodon",
    ...(!none && { admin: { user: "postgres", password, ...admin } }),
  });
  const database = new PgBouncer(site, "Pool", { database: server });
  const data = { database, redis: new Redis(site, "Redis") };
  const web = new WebTier(site, "Web", { processes: 1, ...data });
  const scheduler = new SidekiqGroup(site, "Scheduler", { queues: ["scheduler"], threads: 5, ...data });
  return { site, web, scheduler };
}

/** The files of a boot text, with words in the place of what Terraform fills in. */
function files(pool: Pool): Readonly<Record<string, File>> {
  const { write_files } = parse(readableText(pool.bootText())) as { readonly write_files: readonly File[] };
  return Object.fromEntries(write_files.map((file) => [file.path, file]));
}

const ADMIN = "/etc/mastodon/admin.env";
const ROLE = "/usr/local/sbin/mastodon-role";
const UNIT = "/etc/systemd/system/mastodon-prepare.service";

test("the scheduler's machine alone has the admin's password, in a file that no container has", () => {
  const { site, web, scheduler } = page();
  expect(site.problems.all()).toEqual([]);
  const found = files(scheduler.pool);
  expect(found[ADMIN]).toEqual({
    path: ADMIN,
    permissions: "0600",
    content:
      "DB_HOST=db.example.net\nDB_PORT=5432\nDB_SSLMODE=verify-full\nPGSSLROOTCERT=/etc/ssl/certs/ca-certificates.crt\n" +
      "DB_NAME=postgres\nDB_USER=postgres\nDB_PASS=<secret admin_password>\n",
  });
  expect(found[UNIT]!.content).toContain(
    `ExecStartPre=${ROLE}\nExecStart=/usr/local/sbin/mastodon-prepare\nTimeoutStartSec=infinity\n`,
  );
  const holding = Object.values(found).filter(({ content }) => content.includes("admin_password"));
  expect(holding.map(({ path }) => path)).toEqual([ADMIN]);
  expect(JSON.stringify(files(web.pool))).not.toContain("admin_password");
  // A container has the variables of its file alone.
  expect(found["/usr/local/sbin/mastodon-prepare"]!.content).not.toContain(ADMIN);
});

test("without such a user nothing of the task changes", () => {
  const found = files(page({ none: true }).scheduler.pool);
  expect([found[ADMIN], found[ROLE]]).toEqual([undefined, undefined]);
  expect(found[UNIT]!.content).not.toContain("ExecStartPre");
});

test("a page is told of an admin that is Mastodon's own role, and of names that are none", () => {
  expect(page({ admin: { user: "mastodon" } }).site.problems.all()).toEqual([
    'stack/Social: Postgres.external db.example.net: admin.user and user are both "mastodon" / ' +
      "give Mastodon a role of its own, which the task makes, or leave admin out",
  ]);
  const wrong = page({ admin: { user: "no name", database: "no;name" } })
    .site.problems.all()
    .join("\n");
  expect(wrong).toContain('admin.user is "no name"');
  expect(wrong).toContain('admin.database is "no;name"');
});

interface Played {
  readonly ended: number | null;
  readonly said: string;
  /** What psql was asked, by the file of its settings, with what stood on its standard input. */
  readonly asked: readonly string[];
}

/** Runs the script with a psql that answers for the role as `logsIn` says. */
function played(logsIn: boolean, adminLogsIn = true): Played {
  const room = mkdtempSync(join(tmpdir(), "role-"));
  const sql = `#!/bin/bash
file=\${1##*/}; shift
input=
[[ "$*" != *-v* || "$*" = *select* ]] || input=$(cat)
[[ "$*" != *password* ]] || input=$(cat)
printf '%s\\0' "$file: $* <<< $input" >>${room}/asked
[ $file != task.env ] || exit ${logsIn ? 0 : 2}
exit ${adminLogsIn ? 0 : 2}
`;
  try {
    writeFileSync(join(room, "sql"), sql, { mode: 0o755 });
    writeFileSync(join(room, "task.env"), "DB_HOST=db\nDB_NAME=mastodon_production\nDB_USER=mastodon\nDB_PASS=a$b'c=\n");
    const script = files(page().scheduler.pool)
      [ROLE]!.content.replace("'/usr/local/sbin/mastodon-sql'", `'${room}/sql'`)
      .replace(`'${ADMIN}'`, `'${room}/admin.env'`)
      .replace("'/etc/mastodon/task.env'", `'${room}/task.env'`);
    const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    const asked = existsSync(join(room, "asked")) ? readFileSync(join(room, "asked"), "utf8").split("\0").filter(Boolean) : [];
    return { ended: status, said: stdout + stderr, asked };
  } finally {
    rmSync(room, { recursive: true });
  }
}

test("as long as the role can log in, the admin does not", () => {
  expect(played(true)).toEqual({ ended: 0, said: "", asked: ["task.env: -XAtqc select 1 <<< "] });
});

test("a role that cannot log in is made, with its password on psql's standard input, and then its database", () => {
  const { ended, said, asked } = played(false);
  expect({ ended, said }).toEqual({
    ended: 0,
    said: "the role mastodon has its password, and the database mastodon_production is there\n",
  });
  const by = "admin.env: -v ON_ERROR_STOP=1 -v role=mastodon -v database=mastodon_production -XAtq";
  expect(asked.map((one) => one.split(" <<< ")[0])).toEqual([
    "task.env: -XAtqc select 1",
    `${by} -c select 1`,
    by,
    'admin.env: -XAtqc \\password "mastodon"',
    by,
  ]);
  expect(asked[2]).toMatch(/create role %I login.*\\gexec\n.*grant %I to %I/s);
  expect(asked[3]).toBe("admin.env: -XAtqc \\password \"mastodon\" <<< a$b'c=\na$b'c=");
  expect(asked[4]).toContain("create database %I owner %I");
  // In no argument, and in no statement, which a server may log.
  expect(asked.filter((one) => one.includes("a$b")).length).toBe(1);
});

test("a server that nobody can ask yet is asked again by systemd", () => {
  const { ended, asked } = played(false, false);
  expect(ended).not.toBe(0);
  expect(asked.length).toBe(2);
});
