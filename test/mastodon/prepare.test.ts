import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { parse } from "yaml";
import { PgBouncer, Pool, Postgres, Redis, Site, WebTier } from "../../lib";
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
  expect(script).toContain("--env-file /etc/mastodon/task.env ghcr.io/mastodon/mastodon:v4.7.6 bundle exec rails");
  expect(script).toMatch(/rails db:prepare\n[^]*user_roles[^]* \|\| rails db:seed\n[^]*insert into cdktf_mastodon_prepared/);
  expect(unit).toContain("TimeoutStartSec=infinity\n");
  expect(scheduler.taskEnv!.all).toMatchObject({ DB_HOST: "pool-1", DB_PORT: "5432" });
  expect(scheduler.taskEnv!.all).not.toHaveProperty("SKIP_POST_DEPLOYMENT_MIGRATIONS");
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
    expect(found[WAIT]).toContain("where version = '4.7.6'");
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

test("the waiting script says what it waits for, and ends once the row of its version is there", () => {
  const folder = mkdtempSync(join(tmpdir(), "wait-"));
  const asked = join(folder, "asked");
  try {
    const sql = join(folder, "mastodon-sql");
    writeFileSync(
      sql,
      `#!/bin/bash\necho "$*" >>${asked}\n[ "$(wc -l <${asked})" -ge 3 ] && echo 1 || { echo 'relation does not exist' >&2; exit 1; }\n`,
    );
    chmodSync(sql, 0o755);
    const script = files(pageOf(WHOLE).web.pool)[WAIT]!.replaceAll("/usr/local/sbin/mastodon-sql", sql);
    const { status, stdout, stderr } = spawnSync("bash", ["-c", `sleep() { :; }\n${script}`], { encoding: "utf8" });
    const line = "waiting until the database is prepared for Mastodon 4.7.6\n";
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: line + line, stderr: "" });
    writeFileSync(sql, "#!/bin/bash\nexit 1\n");
    const never = spawnSync("bash", ["-c", `sleep() { :; }\n${script.replace("seq 720", "seq 2")}`], { encoding: "utf8" });
    expect({ status: never.status, stderr: never.stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining("was not prepared for Mastodon 4.7.6 within an hour; see mastodon-prepare.service"),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
