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
