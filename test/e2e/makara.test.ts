// Mastodon 4.1, whose web processes read from a replica by Makara, and whose Sidekiq must not.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, destroy, driver, inside, machines, makeSecrets, Place, setUp, synthesize } from "../../scripts/cluster";
import { ask, door, journey, signIn } from "../../scripts/journey";
import { nothingLeft } from "./left-over";
import { readersOf } from "./readers";

const SITE = "old";
const DOMAIN = "old.example";
const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), "makara-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };
let stack: string;

const member = (pool: string) => machines(SITE).find((machine) => machine.pool === pool)!.name;

beforeAll(async () => {
  await setUp(place, "shellcheck");
  makeSecrets(place);
  stack = await synthesize("test/e2e/pages/makara.ts", place);
  await apply(stack, place);
}, 20 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test("web has the file with the replica, Sidekiq has the image's own, and so have the administrator's commands", () => {
  const file = "/opt/mastodon/config/database.yml";
  const adapter = (machine: string, container: string) =>
    /adapter: (\w+)/.exec(inside(SITE, machine, "podman", "exec", container, "cat", file))![1];
  expect(adapter(member("web"), "mastodon-web")).toBe("postgresql_makara");
  expect(adapter(member("everything"), "mastodon-sidekiq-1")).toBe("postgresql");
  expect(inside(SITE, member("web"), "rails", "runner", `puts File.read("${file}")`)).toContain("adapter: postgresql\n");
});

test(
  "a post travels, and whoever reads afterwards reads from the replica, by the pooler's second name",
  async () => {
    const front = door(SITE, DOMAIN);
    const token = signIn(SITE, DOMAIN);
    await journey(front, token);
    const replica = machines(SITE).find(({ name }) => name === "database-2")!;
    for (const path of ["/api/v1/timelines/home", "/api/v1/timelines/public"]) {
      const { status, readFrom } = await ask(front, "GET", path, token);
      expect({ path, status, readFrom }).toEqual({ path, status: 200, readFrom: `pool-1 ${replica.address} standby` });
    }
  },
  2 * MINUTE,
);

test("streaming is one process, although it would start more by itself, and its tokens come from the replica", () => {
  const streaming = member("streaming");
  expect(inside(SITE, streaming, "podman", "top", "mastodon-streaming-4000", "args")).toMatch(
    /^COMMAND\n.*tini.*\nnode \.\/streaming *\n$/,
  );
  expect(inside(SITE, streaming, "grep", "^DB_NAME=", "/etc/mastodon/streaming-4000.env")).toBe("DB_NAME=mastodon_replica\n");
});

// The stand-in reads what the version that it stands in for reads: the same environment is right for one and wrong for the next.
const KEYS = ["PRIMARY_KEY", "DETERMINISTIC_KEY", "KEY_DERIVATION_SALT"]
  .map((key) => `-e ACTIVE_RECORD_ENCRYPTION_${key}=x`)
  .join(" ");
const FILE = "-v /etc/mastodon/database.yml:/opt/mastodon/config/database.yml:ro";
test.each([
  ["4.1.22", "OTP_SECRET", "", /^1$/m],
  ["4.1.22", "no OTP_SECRET", "", /key not found: "OTP_SECRET"/],
  ["4.1.22", "OTP_SECRET", "-e REDIS_NAMESPACE=old -e REDIS_SENTINELS=a:1 -e REDIS_SENTINEL_MASTER=a", /^1$/m],
  ["4.1.22", "OTP_SECRET", "-e CACHE_REDIS_PORT=6380", /CACHE_REDIS_HOST is missing/],
  ["4.2.20", "OTP_SECRET", FILE, /asks for Makara, which Mastodon has up to 4\.1/],
  ["4.2.20", "OTP_SECRET", "-e REDIS_URL=rediss://redis-1:6379", /rediss:\/\/ needs REDIS_DRIVER=ruby, from 4\.3 on/],
  ["4.3.23", "OTP_SECRET", "", /ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY is missing/],
  ["4.3.23", "no OTP_SECRET", KEYS, /key not found: "OTP_SECRET"/],
  ["4.4.22", "no OTP_SECRET", KEYS, /^1$/m],
  ["4.4.22", "no OTP_SECRET", `${KEYS} -e REDIS_NAMESPACE=old`, /REDIS_NAMESPACE is set/],
])("as %s, told %s and %s, the stand-in says %s", (version, told, options, what) => {
  const file = told === "no OTP_SECRET" ? "<(grep -v ^OTP_SECRET= /etc/mastodon/task.env)" : "/etc/mastodon/task.env";
  const environment = `--env-file ${file} -e STANDIN_VERSION=${version}`;
  const command = `podman run --rm --network none ${environment} ${options} ghcr.io/mastodon/mastodon:v4.1.22 bundle exec rails runner`;
  const said = inside(SITE, member("web"), "bash", "-c", `${command} 'Standin::DatabaseSettings.primary; puts 1' 2>&1 || true`);
  expect(said).toMatch(what);
});

test(
  "Sidekiq counts as ready once it works, and no longer when it has been told to take no new job",
  async () => {
    const machine = member("everything");
    const ready = () =>
      inside(SITE, machine, "bash", "-c", "/usr/local/sbin/ready >/dev/null 2>&1 && echo yes || echo no").trim();
    expect(ready()).toBe("yes");
    inside(SITE, machine, "podman", "kill", "--signal", "TSTP", "mastodon-sidekiq-1");
    // Its title changes with its next heartbeat, at most 10 s later.
    for (let n = 0; n < 20 && ready() === "yes"; n++) await new Promise((next) => setTimeout(next, 1000));
    expect(ready()).toBe("no");
    inside(SITE, machine, "systemctl", "restart", "mastodon-sidekiq@1.service");
    for (let n = 0; n < 30 && ready() === "no"; n++) await new Promise((next) => setTimeout(next, 1000));
    expect(ready()).toBe("yes");
  },
  3 * MINUTE,
);

test(
  "every file that was rendered is accepted by the program that reads it",
  () => expect(machines(SITE).flatMap(({ name }) => readersOf(SITE, name))).toEqual([]),
  5 * MINUTE,
);

test(
  "destroy leaves nothing",
  async () => {
    await destroy(stack, place);
    expect(nothingLeft(SITE)).toEqual([]);
  },
  3 * MINUTE,
);
