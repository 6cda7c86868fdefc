import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { PgBouncer, Pool, Postgres, Redis, SidekiqGroup, Site, WebTier } from "../../lib";
import { FakeCloud } from "../../lib/testing";
import { pageOf, WHOLE } from "./mixes";

/** The files of a boot text by their paths. */
function files(pool: Pool): Readonly<Record<string, string>> {
  const config = parse(pool.bootText()) as { write_files: readonly { path: string; content: string }[] };
  return Object.fromEntries(config.write_files.map(({ path, content }) => [path, content]));
}

const PREPARE = "/etc/systemd/system/mastodon-prepare.service";
const WAIT = "/usr/local/sbin/mastodon-wait";

test("exactly one machine prepares the database: the scheduler's, straight at PostgreSQL, without a time-out", () => {
  const { web, sidekiq, scheduler, live } = pageOf(WHOLE);
  for (const { pool } of [web, sidekiq, live!]) expect(files(pool)[PREPARE]).toBeUndefined();
  const unit = files(scheduler.pool)[PREPARE]!;
  const script = files(scheduler.pool)["/usr/local/sbin/mastodon-prepare"]!;
  expect(script.split("\n").slice(2, 10)).toEqual([
    "VERSION='4.7.6'",
    "IMAGE='ghcr.io/mastodon/mastodon:v4.7.6'",
    "TASK='db:prepare'",
    "VOLUMES=''",
    "ENV_FILE='/etc/mastodon/task.env'",
    "SQL_COMMAND='/usr/local/sbin/mastodon-sql'",
    "STATE='/var/lib/mastodon'",
    "REFUSED='/run/mastodon-refused'",
  ]);
  expect(unit).toContain("TimeoutStartSec=infinity\n");
  // What waits for a lock too long begins again; what was refused does not.
  expect(scheduler.taskEnv!.all).toMatchObject({ PGOPTIONS: "-c lock_timeout=5s" });
  expect(unit).toContain("Restart=on-failure\nRestartMode=direct\nRestartSec=5\nRestartPreventExitStatus=78\n");
  expect(scheduler.taskEnv!.all).toMatchObject({ DB_HOST: "pool-1", DB_PORT: "5432" });
  expect(scheduler.taskEnv!.all).not.toHaveProperty("SKIP_POST_DEPLOYMENT_MIGRATIONS");
});

test("who makes the scheduler's table holds one lock while doing so: PostgreSQL fails one of two that make it at once", () => {
  const found = files(pageOf(WHOLE).scheduler.pool);
  const makers = Object.entries(found).filter(([, content]) => content.includes("create table if not exists"));
  expect(makers.map(([path]) => path).sort()).toEqual([
    "/usr/local/sbin/mastodon-prepare",
    "/usr/local/sbin/mastodon-scheduler-lock",
  ]);
  for (const [, content] of makers) {
    const before = content.replaceAll("$TABLE", "cdktf_mastodon_scheduler").split("create table if not exists")[0]!;
    // A statement of psql -c is one transaction; a session has to begin one.
    expect(before).toMatch(
      /(sql "\n|; begin;) +do 'begin perform pg_advisory_xact_lock\(hashtext\(''cdktf_mastodon_scheduler''\)\); end';\n *$/,
    );
  }
});

test("web and Sidekiq require the wait, and its failure does not fail them for good; streaming waits for nothing", () => {
  const { web, sidekiq, live } = pageOf(WHOLE);
  const quadlets = { web: "mastodon-web.container", sidekiq: "mastodon-sidekiq@.container" };
  for (const [name, { pool }] of Object.entries({ web, sidekiq })) {
    const found = files(pool);
    expect(found[`/etc/containers/systemd/${quadlets[name as "web"]}`]).toMatch(
      /Requires=mastodon-wait.service\nAfter=mastodon-wait.service\n/,
    );
    expect(found["/etc/systemd/system/mastodon-wait.service"]).toContain(
      "Restart=on-failure\nRestartMode=direct\nRestartSec=5\n",
    );
    expect(found[WAIT]).toContain("\nVERSION='4.7.6'\n");
    expect(pool.program.readiness).toContain("{ ! cat /run/mastodon-refused 2>/dev/null; }");
  }
  expect(files(live!.pool)[WAIT]).toBeUndefined();
});

test("on a page without a scheduler nobody prepares, and nobody waits", () => {
  const stack = new TerraformStack(new App(), "stack");
  const queuesElsewhere = ["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"];
  const site = new Site(stack, "Social", {
    cloud: new FakeCloud(),
    domain: "social.example",
    version: "4.7.6",
    queuesElsewhere,
  });
  const database = new PgBouncer(site, "Pool", { database: new Postgres(site, "Database") });
  const web = new WebTier(site, "Web", { database, redis: new Redis(site, "Redis") });
  expect(site.problems.all()).toEqual([]);
  expect(files(web.pool)[WAIT]).toBe("#!/bin/sh\n# This page does not prepare the database.\nexit 0\n");
});

test("a page may give the database task other settings of its sessions", () => {
  const { site } = pageOf(WHOLE);
  const data = { database: new Postgres(site, "Other"), redis: new Redis(site, "More") };
  const group = new SidekiqGroup(site, "Patient", {
    queues: ["scheduler"],
    extraEnv: { PGOPTIONS: "-c lock_timeout=0" },
    ...data,
  });
  expect(group.taskEnv!.all["PGOPTIONS"]).toBe("-c lock_timeout=0");
  expect(group.env.all).not.toHaveProperty("PGOPTIONS");
});

/** Runs a script with answers of the database by a word of the question; returns what was asked of podman, too. */
function played(script: string, answers: Readonly<Record<string, string>>, status = ""): Played {
  const room = mkdtempSync(join(tmpdir(), "prepare-"));
  const write = (name: string, text: string) => writeFileSync(join(room, name), text, { mode: 0o755 });
  try {
    const cases = Object.entries(answers).map(([word, answer]) => `  *"${word}"*) echo "${answer}" ;;`);
    write("sql", `#!/bin/bash\nset -- "\${*: -1}"\necho "$1" >>${room}/asked\ncase $1 in\n${cases.join("\n")}\nesac\n`);
    // Says which of its variables leaves migrations for later.
    writeFileSync(join(room, "task.env"), "DB_HOST=database-1\nSKIP_POST_DEPLOYMENT_MIGRATIONS=true\n");
    const skips = '$(sed -nE "s/^(SKIP_)POST.*/ with \\1/p" "$(sed -E "s/.*--env-file ([^ ]+).*/\\1/" <<<"$*")")';
    write("podman", `#!/bin/bash\necho "\${*: -1}${skips}" >>${room}/ran\ncat <<'STATUS'\n${status}\nSTATUS\n`);
    writeFileSync(join(room, "ran"), "");
    const text = script
      .replace("SQL_COMMAND='/usr/local/sbin/mastodon-sql'", `SQL_COMMAND='${room}/sql'`)
      .replace("ENV_FILE='/etc/mastodon/task.env'", `ENV_FILE='${room}/task.env'`)
      .replace("STATE='/var/lib/mastodon'", `STATE='${room}'`)
      .replace("REFUSED='/run/mastodon-refused'", `REFUSED='${room}/refused'`)
      .replace("seq 720", "seq 2");
    const env = { ...process.env, PATH: `${room}:${process.env["PATH"]}` };
    const { status: ended, stdout, stderr } = spawnSync("bash", ["-c", `sleep() { :; }\n${text}`], { encoding: "utf8", env });
    const refused = existsSync(join(room, "refused")) ? readFileSync(join(room, "refused"), "utf8") : undefined;
    return { ended, stdout, stderr, refused, ran: readFileSync(join(room, "ran"), "utf8") };
  } finally {
    rmSync(room, { recursive: true });
  }
}

interface Played {
  readonly ended: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly refused: string | undefined;
  readonly ran: string;
}

// As Rails writes it, from 6.1 to 8.1.
const STATUS = `
database: mastodon

 Status   Migration ID    Migration Name
--------------------------------------------------
   up     20160220174730  Create accounts
  down    20260101000000  Not yet
   up     20260801000001  ********** NO FILE **********
   up     20260801000002  ********** NO FILE **********`;

test("the task refuses migrations that it does not know, says the way back, and changes nothing", () => {
  const script = files(pageOf(WHOLE).scheduler.pool)["/usr/local/sbin/mastodon-prepare"]!;
  const answers = { "to_regclass('schema_migrations')": "schema_migrations", "'20260801000001,20260801000002'": "2" };
  const line =
    "refused: the database has been prepared for Mastodon 4.8.0 and has 2 migrations that Mastodon 4.7.6 does not know. It was left as it is. " +
    "Set version 4.8.0 again, or restore the database from a backup of before that upgrade.\n";
  const newest = { "where version <> '4.7.6'": "4.8.0" };
  expect(played(script, { ...newest, ...answers }, STATUS)).toMatchObject({
    ended: 78,
    stderr: line,
    refused: line,
    ran: "db:migrate:status\n",
  });
  // Those that a task which never ended has brought do not count.
  const allowed = { ...answers, "'20260801000001,20260801000002'": "0", user_roles: "1" };
  expect(played(script, allowed, STATUS)).toMatchObject({
    ended: 0,
    refused: undefined,
    ran: "db:migrate:status\ndb:prepare with SKIP_\n",
  });
});

test("the waiting script says what it waits for, ends once its version is ready, and passes a refusal on", () => {
  const script = files(pageOf(WHOLE).web.pool)[WAIT]!;
  const line = "waiting until the database is prepared for Mastodon 4.7.6\n";
  expect(played(script, {})).toEqual({
    ended: 1,
    stdout: line + line,
    stderr: expect.stringContaining("was not prepared for Mastodon 4.7.6 within an hour; see mastodon-prepare.service"),
    refused: undefined,
    ran: "",
  });
  expect(played(script, { "order by prepared_at desc": "1" })).toMatchObject({ ended: 0, stdout: "" });
  const words = "refused: the database has been prepared for Mastodon 4.8.0";
  expect(played(script, { "select refused": words })).toMatchObject({
    ended: 1,
    stdout: `${words}\n${words}\n`,
    refused: `${words}\n`,
  });
});

test("the waiting script says why the database cannot be asked, and not that it waits for a task", () => {
  const script = files(pageOf(WHOLE).web.pool)[WAIT]!;
  const refusal = 'psql: error: connection to server at \\"pool-1\\", port 6432 failed: FATAL:  password authentication failed';
  const { stdout, refused } = played(script, { "select 1 from": `" && echo "${refusal}" >&2 && exit 2 #` });
  const line = `waiting for the database: ${refusal.replaceAll("\\", "")}\n`;
  expect({ stdout, refused }).toEqual({ stdout: line + line, refused: undefined });
});

test("indexes that nobody could list are not taken for none: the task does not begin, and remembers nothing", () => {
  const script = files(pageOf(WHOLE).scheduler.pool)["/usr/local/sbin/mastodon-prepare"]!;
  const answers = { "to_regclass('schema_migrations')": "", user_roles: "1", "show server_version_num": "170002" };
  expect(played(script, { ...answers, "from pg_index": `" && exit 2 #` })).toMatchObject({ ended: 2, ran: "" });
  expect(played(script, { ...answers, "from pg_index": "public.index_of_before" })).toMatchObject({
    ended: 0,
    ran: expect.stringContaining("db:prepare"),
  });
});
