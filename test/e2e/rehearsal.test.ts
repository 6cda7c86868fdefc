// The deployed example, as its users and its enemies see it. The tests build on each other, in this order.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorsOf, said, unexpected } from "../../drills/errors";
import { apply, destroy, driver, inside, Machine, machines, output, secretsFile, synthesize } from "../../scripts/cluster";
import { ask, door, Door, journey, signIn, signInAll } from "../../scripts/journey";
import { picture } from "../../scripts/picture";
import { deployed } from "./deployed";
import { nothingLeft } from "./left-over";
import { portsOf, reachable } from "./ports";
import { readersOf } from "./readers";

const MINUTE = 60_000;
const { place, site: SITE, page: PAGE, text: EXAMPLE, stack: made } = deployed({ id: "Rehearsal" });
let stack: string;
let front: Door;
let token: string;

const named = (prefix: string): readonly Machine[] => machines(SITE).filter(({ name }) => name.startsWith(prefix));

beforeAll(() => {
  stack = made();
  front = door(SITE, "social.example");
  token = signIn(SITE, "social.example");
}, MINUTE);

/** Journeys until each of these machines has carried one. */
async function journeysThrough(web: readonly Machine[], streaming: readonly Machine[]): Promise<void> {
  const missing = new Set([...web, ...streaming].map(({ name }) => name));
  for (let tries = 0; missing.size > 0 && tries < 40; tries++) {
    const way = await journey(front, token);
    missing.delete(way.web);
    missing.delete(way.streaming);
  }
  expect([...missing]).toEqual([]);
}

/** Posts until it works, as an impatient user would; returns the seconds that took. */
async function secondsUntilAPostArrives(limitSeconds: number): Promise<number> {
  const from = Date.now();
  for (;;) {
    try {
      await journey(front, token, 5);
      return (Date.now() - from) / 1000;
    } catch (error) {
      if (Date.now() - from > limitSeconds * 1000) throw error;
      await new Promise((next) => setTimeout(next, 250));
    }
  }
}

test(
  "a post travels through every web and every streaming machine",
  async () => {
    await journeysThrough(named("web-"), named("streaming-"));
  },
  3 * MINUTE,
);

test(
  "a picture is the same from every web machine, and every Sidekiq machine has it",
  async () => {
    const names = (prefix: string) => named(prefix).map(({ name }) => name);
    const way = await picture(front, token, SITE);
    expect(way).toMatchObject({ readings: 20, readFrom: names("web-").sort(), stored: false });
    expect([...way.sidekiq].sort()).toEqual([...names("federated-"), ...names("jobs-local-"), ...names("scheduler-")].sort());
  },
  2 * MINUTE,
);

test("whoever signs in again gets the same account, and each answer names one machine", async () => {
  const [again] = signInAll(SITE, named("web-")[0]!.name, "social.example", ["journey"]);
  const account = async (own: string) => {
    const answer = await ask(front, "GET", "/api/v1/accounts/verify_credentials", own);
    return { servedBy: answer.servedBy, id: (JSON.parse(answer.body) as { readonly id: string }).id };
  };
  const [first, second] = [await account(token), await account(again!)];
  expect(second.id).toBe(first.id);
  expect(named("web-").map(({ name }) => name)).toContain(first.servedBy);
});

test(
  "the owner's account is made once, on a web machine, and its password is kept nowhere",
  () => {
    const bin = join(__dirname, "../../lib/bin/cdktf-mastodon.ts");
    const owner = (...words: readonly string[]) =>
      spawnSync(process.execPath, ["--import", require.resolve("tsx"), bin, "owner", ...words, "--site", SITE], {
        cwd: place.directory,
        encoding: "utf8",
        env: { ...process.env, TSX_TSCONFIG_PATH: join(__dirname, "../../tsconfig.json") },
      });
    const made = owner("ada", "--email", "ada@social.example");
    expect({ status: made.status, said: made.stdout }).toEqual({
      status: 0,
      said: expect.stringMatching(/^ada is the owner of social\.example, address ada@social\.example$/m),
    });
    const password = /^password +([0-9a-f]{32})$/m.exec(made.stdout)![1]!;

    const web = named("web-")[0]!.name;
    const check = `user = User.find_by(email: "ada@social.example")
      puts "seen: #{[user.valid_password?($stdin.read.strip), user.role.name, user.confirmed?, user.approved?].inspect}"`;
    const script = `printf '%s' '${password}' | rails runner '${check}'`;
    expect(inside(SITE, web, "bash", "-c", script)).toContain('seen: [true, "Owner", true, true]\n');

    const again = owner("ada", "--email", "other@social.example");
    expect({ status: again.status, said: again.stdout.split("\n")[0] }).toEqual({
      status: 1,
      said: "there is an account ada already, nothing was changed",
    });
    const elsewhere = owner("eve", "--email", "ada@social.example");
    expect({ status: elsewhere.status, said: elsewhere.stdout }).toEqual({
      status: 1,
      said: expect.stringMatching(/^no account was made: .*[Ee]mail has already been taken/),
    });

    // A new password by tootctl is kept nowhere either.
    const reset = inside(SITE, web, "tootctl", "accounts", "modify", "ada", "--reset-password");
    const passwords = [password, /^New password: (\S+)/m.exec(reset)![1]!];
    for (const { name } of machines(SITE)) {
      const look = `{ journalctl --no-pager -o cat; grep -rahsF -e ${passwords.join(" -e ")} /var/log /etc /root /run /tmp; } | grep -cF -e ${passwords.join(" -e ")}`;
      expect({ name, found: inside(SITE, name, "bash", "-c", `${look} || true`) }).toEqual({ name, found: "0\n" });
    }
  },
  3 * MINUTE,
);

test(
  "a second apply changes nothing",
  async () => {
    stack = await synthesize(PAGE, place);
    const lines = await apply(stack, place);
    expect(lines.filter((line) => /No changes|Plan:/.test(line))).toEqual([expect.stringContaining("No changes")]);
  },
  3 * MINUTE,
);

test(
  "no journal of a healthy site holds an error that is not named as expected",
  async () => {
    const lines = await errorsOf({ name: SITE, hosts: async () => machines(SITE) });
    expect(unexpected(lines, "healthy").map(said)).toEqual([]);
  },
  3 * MINUTE,
);

test("no kept machine is older than the page", () => {
  expect(output(stack, "rehearsal_machines_older_than_the_page")).toEqual({});
});

test(
  "every file that was rendered is accepted by the program that reads it",
  () => {
    const complaints = machines(SITE).flatMap(({ name }) => readersOf(SITE, name));
    expect(complaints).toEqual([]);
  },
  10 * MINUTE,
);

test(
  "every port of every machine answers exactly as the flow table says",
  () => {
    const { locals } = JSON.parse(readFileSync(join(stack, "cdk.tf.json"), "utf8")) as {
      readonly locals: Record<string, unknown>;
    };
    const flows = locals["rehearsal_flows"] as Record<string, readonly string[]>;
    const all = machines(SITE);
    const expected = all.flatMap((from) => portsOf(SITE, from, all, flows));
    const found = all.flatMap((from) => reachable(SITE, from, all));
    expect(found.filter(({ open }) => open)).not.toHaveLength(0);
    expect(found.map(({ open, ...pair }) => `${Object.values(pair).join(" ")} ${open}`)).toEqual(
      expected.map(({ open, ...pair }) => `${Object.values(pair).join(" ")} ${open}`),
    );
  },
  10 * MINUTE,
);

test(
  "secrets lie only where they are needed, and whoever is nobody there reads none",
  () => {
    const kept = JSON.parse(readFileSync(secretsFile(place), "utf8")) as Record<string, string>;
    const holders = (secret: string) =>
      machines(SITE)
        .filter(
          ({ name }) =>
            inside(SITE, name, "bash", "-c", `grep -rlF -- '${kept[secret]}' /etc /usr/local 2>/dev/null || true`) !== "",
        )
        .map(({ name }) => name.replace(/-\w{6}$/, ""));
    expect(holders("secret_key_base").sort()).toEqual(["federated-1", "jobs-local-1", "scheduler-1", "web-1", "web-2"]);
    expect(holders("replication_password").sort()).toEqual(["database-1", "database-2"]);
    expect(holders("pgbouncer_admin_password").sort()).toEqual(["pool-1"]);
    const values = Object.values(kept).join("\\n");
    const asNobody = `printf '${values}' | setpriv --reuid=65534 --regid=65534 --clear-groups grep -rlsFf - /etc /usr /var /run /srv || true`;
    for (const { name } of machines(SITE)) {
      expect({ name, found: inside(SITE, name, "bash", "-c", asNobody) }).toEqual({ name, found: "" });
    }
  },
  3 * MINUTE,
);

test(
  "the administrator's commands work on a web machine, straight at PostgreSQL",
  () => {
    const web = named("web-")[0]!.name;
    expect(inside(SITE, web, "mastodon-psql", "-Atc", "select inet_server_port(), current_user")).toBe("5432|mastodon\n");
    expect(inside(SITE, web, "tootctl", "version").trim()).toMatch(/^4\.7/);
    expect(inside(SITE, web, "rails", "runner", "puts Account.count").trim()).toMatch(/^[1-9]/);
  },
  3 * MINUTE,
);

test(
  "PgBouncer takes new settings without cutting a client, and its console answers",
  () => {
    const password = `sed -n 's/^"mastodon" "\\(.*\\)"$/\\1/p' /etc/pgbouncer/userlist.txt`;
    const client = `PGPASSWORD=$(${password}) psql -h 127.0.0.1 -p 6432 -U mastodon mastodon -Atqc "select pg_sleep(3); select 'still here'"`;
    const script = `${client} & sleep 1; systemctl reload pgbouncer; wait; pgbouncer-console -Atqc 'show databases' | cut -d'|' -f1`;
    expect(inside(SITE, "pool-1", "bash", "-c", script).split("\n")).toEqual(
      expect.arrayContaining(["still here", "mastodon", "mastodon_replica", "pgbouncer"]),
    );
  },
  MINUTE,
);

const UNIT = "/etc/containers/systemd/mastodon-web.container";

// What the stand-in did not refuse would hide a wrong variable until it stops the real one.
test.each([
  ["REDIS_NAMESPACE=", /REDIS_NAMESPACE is set/],
  ["REDIS_HOST=", /stack level too deep|SystemStackError/],
  ["CACHE_REDIS_URL=", /REDIS_URL and is not an address/],
  ["RAILS_ENV=", /RAILS_ENV is not set/],
  ["RAILS_LOG_LEVEL=loud", /RAILS_LOG_LEVEL=loud is not a log level/],
  ["SECRET_KEY_BASE=", /SECRET_KEY_BASE is missing/],
  ["ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY=abcDO_NOT_USE_IN_PRODUCTION", /ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY is missing/],
  ["TRUSTED_PROXY_IP=loopback", /invalid address/],
])("the stand-in does not start with %s", (variable, why) => {
  const base = "grep -vE '^REDIS_SENTINEL' /etc/mastodon/task.env >/run/stand-in.env";
  const run = `podman run --rm --network none --env-file /run/stand-in.env -e '${variable}' "$(sed -n s/^Image=//p ${UNIT})"`;
  const script = `${base}; ${run} bundle exec rails runner 'puts 1' 2>&1 || echo "exit $?"; rm /run/stand-in.env`;
  const said = inside(SITE, named("web-")[0]!.name, "bash", "-c", script);
  expect(said).toMatch(why);
  expect(said).toMatch(/exit [1-9]/);
});

test(
  "one more web machine serves, and no other machine is touched",
  async () => {
    const before = machines(SITE);
    writeFileSync(PAGE, EXAMPLE.replace('"Web", { machines: 2', '"Web", { machines: 3'));
    const lines = await apply(await synthesize(PAGE, place), place);
    writeFileSync(PAGE, EXAMPLE);
    expect(lines.filter((line) => line.startsWith("Apply complete"))).toEqual([
      "Apply complete! Resources: 2 added, 0 changed, 1 destroyed.",
    ]);
    expect(machines(SITE)).toHaveLength(before.length + 1);
    expect(machines(SITE)).toEqual(expect.arrayContaining([...before]));
    await journeysThrough(named("web-3"), []);
  },
  5 * MINUTE,
);

test(
  "PostgreSQL's machine, made anew over its disk, keeps the data",
  async () => {
    const written = await ask(front, "POST", "/api/v1/statuses", token, { status: "before the renewal" });
    const { id } = JSON.parse(written.body) as { readonly id: string };
    stack = await synthesize(PAGE, place);
    const address = spawnSync("terraform", [`-chdir=${stack}`, "state", "list"], { encoding: "utf8" })
      .stdout.split("\n")
      .find((line) => line.startsWith("terraform_data.Rehearsal_Database_1_Machine_"))!;
    await apply(stack, place, [`-replace=${address}`]);
    expect(await secondsUntilAPostArrives(60)).toBeLessThan(60);
    const read = await ask(front, "GET", `/api/v1/statuses/${id}`, token);
    expect({ status: read.status, text: read.body.includes("before the renewal") }).toEqual({ status: 200, text: true });
  },
  5 * MINUTE,
);

test(
  "the machine of Redis' master loses power, and posts arrive again without a hand on any app",
  async () => {
    const started = () =>
      [...named("web-"), ...named("streaming-"), ...named("federated-"), ...named("jobs-local-")].map(({ name }) =>
        inside(SITE, name, "podman", "ps", "--format", "{{.Names}} {{.StartedAt}}"),
      );
    const before = started();
    driver(["machine", "kill"], { SITE, NAME: "redis-1" });
    // Seven for the failover, a dozen until streaming gives up the dead connection; more on a machine that is busy otherwise.
    const seconds = await secondsUntilAPostArrives(60);
    expect(seconds).toBeLessThan(45);
    expect(started()).toEqual(before);
    driver(["machine", "start"], { SITE, NAME: "redis-1" });
    driver(["wait", SITE, "redis-1"]);
    await journey(front, token);
  },
  5 * MINUTE,
);

test(
  "destroy leaves nothing",
  async () => {
    await destroy(stack, place);
    expect(nothingLeft(SITE)).toEqual([]);
  },
  5 * MINUTE,
);
