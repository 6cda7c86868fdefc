// The scheduler moves from one group to another and is renewed: never are there two. And which versions the database task lets in.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, destroy, driver, inside, machines, makeSecrets, Place, setUp, synthesize } from "../../scripts/cluster";
import { nothingLeft } from "./left-over";

const SITE = "moving";
const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), "scheduler-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };
let stack: string;

async function deploy(environment: Readonly<Record<string, string>>): Promise<void> {
  stack = await synthesize("test/e2e/pages/scheduler.ts", place, environment);
  await apply(stack, place);
}

const member = (pool: string) => machines(SITE).find((machine) => machine.pool === pool)!.name;
const sql = (query: string) =>
  inside(SITE, "database-1", "runuser", "-u", "postgres", "--", "psql", "-XAtqd", "mastodon", "-c", query).trim().split("\n");
const pause = (seconds: number) => new Promise((next) => setTimeout(next, seconds * 1000));

/** Who told of the time, each as long as no other did. */
function turns(): readonly string[] {
  const processes = sql("select split_part(process, ':', 1) from standin_schedules order by at");
  return processes.filter((process, n) => process !== processes[n - 1]);
}

beforeAll(async () => {
  await setUp(place, "shellcheck");
  makeSecrets(place);
  await deploy({});
}, 20 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test(
  "from the first group to the second, then a roll-out of both: one after the other",
  async () => {
    const machinesOfTurns = [member("first")];
    await pause(12);
    await deploy({ SCHEDULER: "Second" });
    machinesOfTurns.push(member("second"));
    await pause(12);
    await deploy({ SCHEDULER: "Second", LOGS: "warn" });
    machinesOfTurns.push(member("second"));
    await pause(12);
    expect(new Set(machinesOfTurns).size).toBe(3);
    expect(turns()).toEqual(machinesOfTurns);
    // A plain hand-over waits for no time-out: the clock ticks every 10 s, and a machine boots in less than 60 s.
    const [longest] = sql(
      "select extract(epoch from max(gap)) from (select at - lag(at) over (order by at) as gap from standin_schedules) gaps",
    );
    expect(Number(longest)).toBeLessThan(90);
  },
  10 * MINUTE,
);

test(
  "a restart of PostgreSQL restarts no Sidekiq; a lock that another has taken stops it, and then it waits its turn",
  async () => {
    const machine = member("second");
    const started = () => inside(SITE, machine, "systemctl", "show", "-P", "ActiveEnterTimestamp", "mastodon-sidekiq@1.service");
    const before = started();
    inside(SITE, "database-1", "systemctl", "restart", "postgresql@17-main.service");
    await pause(15);
    expect(started()).toBe(before);
    expect(inside(SITE, machine, "cat", "/run/mastodon-scheduler-lock")).toBe("has the scheduler's lock\n");
    // Somebody else, who is quicker than it after its session is gone.
    const thief =
      "set application_name = 'scheduler on elsewhere'; select pg_terminate_backend(pid) from pg_stat_activity where application_name like " +
      "'scheduler on second%'; select pg_advisory_lock(1667525990, 1); select pg_sleep(25)";
    const psql = ["runuser", "-u", "postgres", "--", "psql", "-XAtqd", "mastodon", "-c"];
    // It holds the lock for 25 s, in which the machine is asked: right after that it would soon have the lock again.
    inside(SITE, "database-1", "systemd-run", "--quiet", "--no-block", ...psql, thief);
    const waits = /waits for the scheduler on elsewhere to stop|still be|lock/;
    const ready = () => inside(SITE, machine, "bash", "-c", "/usr/local/sbin/ready || true");
    let said = ready();
    for (let n = 0; n < 15 && !waits.test(said); n++) {
      await pause(1);
      said = ready();
    }
    expect(said).toMatch(waits);
    for (
      let n = 0;
      n < 40 && !inside(SITE, machine, "bash", "-c", "/usr/local/sbin/ready && echo yes || true").includes("yes");
      n++
    )
      await pause(2);
    expect(started()).not.toBe(before);
  },
  5 * MINUTE,
);

test(
  "the database task refuses what is older than the database, but not on a machine that has done its task, nor after an upgrade that failed",
  () => {
    const text = (name: string) => {
      const script = readFileSync(join(__dirname, `../../lib/mastodon/programs/${name}.sh`), "utf8");
      return `export ${name.toUpperCase()}=$(base64 -d <<<${Buffer.from(script).toString("base64")})\n`;
    };
    const scenario = readFileSync(join(__dirname, "versions.sh"), "utf8");
    const said = inside(SITE, "database-1", "bash", "-c", `${text("prepare")}${text("wait")}${scenario}`);
    expect(said.trimEnd().split("\n")).toEqual([
      "web 4.6.0 waits; ",
      "jobs-1 4.6.0: db:prepare db:seed -> 0",
      "web 4.6.0 serves",
      // It boots again: nothing to do. A new one of the same version need not ask either.
      "jobs-1 4.6.0: -> 0",
      "jobs-2 4.6.0: db:prepare -> 0",
      // Cut off in the middle, and again.
      "jobs-3 4.7.0: db:migrate:status db:prepare -> 1",
      "next 4.7.0 waits; ",
      "jobs-3 4.7.0: db:prepare -> 0",
      "next 4.7.0 serves",
      expect.stringMatching(
        /^jobs-4 4\.6\.0: db:migrate:statusrefused: the database has been prepared for Mastodon 4\.7\.0 and has 2 migrations that Mastodon 4\.6\.0 does not know\. It was left as it is\. Set version 4\.7\.0 again, or restore the database from a backup of before that upgrade\.$/,
      ),
      " -> 78",
      // What has served may start again; what is new may not.
      "web 4.6.0 serves",
      "jobs-2 4.6.0: -> 0",
      "late 4.6.0 waits; refused:",
      // No other schema: forth and back.
      "jobs-5 4.7.1: db:migrate:status db:prepare -> 0",
      "jobs-6 4.7.0: db:migrate:status db:prepare -> 0",
      "again 4.7.0 serves",
      "left over: 0",
    ]);
  },
  MINUTE,
);

test(
  "a machine that lost power and boots again need not wait for itself",
  async () => {
    const { name } = machines(SITE).find((machine) =>
      inside(SITE, machine.name, "ls", "/run").includes("mastodon-scheduler-lock"),
    )!;
    driver(["machine", "kill", SITE, name]);
    driver(["machine", "start", SITE, name]);
    const began = Date.now();
    driver(["wait", SITE, name]);
    // PostgreSQL ends the old session after 10 s; another machine would wait for four minutes.
    expect(Date.now() - began).toBeLessThan(60_000);
  },
  3 * MINUTE,
);

// Debian's Sidekiq, with one thread: what it takes first is what it does first.
const QUEUED = `require "sidekiq"
[:configure_client, :configure_server].each { |name| Sidekiq.public_send(name) { |config| config.redis = { url: ENV.fetch("JOBS") } } }
class Note
  include Sidekiq::Job
  def perform(queue) = Sidekiq.redis { |redis| redis.call("RPUSH", "order", queue) }
end
`;

function workedOff(queues: string): readonly string[] {
  const script = `set -e
cat >/tmp/queued.rb <<'RUBY'
${QUEUED}RUBY
password=$(sed -n 's/^REDIS_PASSWORD=//p' /etc/mastodon/sidekiq.env)
ruby() {
  podman run --rm --network host -e JOBS="redis://:$password@redis-1:6379/9" --volume /tmp/queued.rb:/tmp/queued.rb:ro \
    ghcr.io/mastodon/mastodon:v4.7.6 "$@"
}
ruby ruby -r/tmp/queued.rb -e 'Sidekiq.redis { |r| r.call("FLUSHDB") }; %w[b a].each { |q| 80.times { Note.set(queue: q).perform_async(q) } }'
ruby timeout -s TERM 12 ruby -e 'require "sidekiq/cli"; cli = Sidekiq::CLI.instance; cli.parse(%w[-r /tmp/queued.rb -c 1 -t 1 ${queues}]); cli.run' \
  >/dev/null 2>&1 || true
ruby ruby -r/tmp/queued.rb -e 'puts Sidekiq.redis { |r| r.call("LRANGE", "order", 0, -1) }.join'
`;
  // Sidekiq's client says first how it connects.
  return [...inside(SITE, member("first"), "bash", "-c", script).trim().split("\n").at(-1)!];
}

test(
  "of a list the second queue has its turn when the first is empty; of a map each has its share",
  () => {
    expect(workedOff("-q a -q b").join("")).toBe("a".repeat(80) + "b".repeat(80));
    const weighted = workedOff("-q a,3 -q b,1");
    expect(weighted).toHaveLength(160);
    const share = weighted.slice(0, 80).filter((queue) => queue === "a").length;
    // 60 on average, with a standard deviation of 4.
    expect(share).toBeGreaterThan(44);
    expect(share).toBeLessThan(76);
  },
  3 * MINUTE,
);

test(
  "destroy leaves nothing",
  async () => {
    await destroy(stack, place);
    expect(nothingLeft(SITE)).toEqual([]);
  },
  3 * MINUTE,
);
