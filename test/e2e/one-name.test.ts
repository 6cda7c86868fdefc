// The other way to build a server: streaming beside Puma under one host name, straight at PostgreSQL over TLS, a single Redis, Mastodon 4.3.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  apply,
  destroy,
  driver,
  inside,
  machines,
  makeSecrets,
  Place,
  setUp,
  startStopped,
  synthesize,
} from "../../scripts/cluster";
import { door, journey, signIn } from "../../scripts/journey";
import { nothingLeft } from "./left-over";
import { readersOf } from "./readers";

const SITE = "small";
const DOMAIN = "small.example";
const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), "one-name-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };
let stack: string;

beforeAll(async () => {
  await setUp(place, "shellcheck");
  makeSecrets(place);
  stack = await synthesize("test/e2e/pages/one-name.ts", place);
  await apply(stack, place);
}, 20 * MINUTE);

afterAll(() => {
  driver(["clean", SITE]);
  rmSync(directory, { recursive: true, force: true });
}, MINUTE);

test(
  "a post travels under one host name, and a streaming process that dies is gone round",
  async () => {
    const front = door(SITE, DOMAIN, DOMAIN);
    const token = signIn(SITE, DOMAIN);
    await journey(front, token);
    const web = machines(SITE).find(({ pool }) => pool === "web")!.name;
    inside(SITE, web, "podman", "kill", "--signal", "KILL", "mastodon-streaming-4000");
    for (let n = 0; n < 4; n++) await journey(front, token);
  },
  2 * MINUTE,
);

const MAIL = `From: notifications@localhost
To: alice@example.org
Subject: =?UTF-8?Q?Best=C3=A4tigung?=
Date: Sat, 28 Nov 2026 15:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

https://small.example/auth/confirmation?confirmation_token=3Dabc=
def
`;

test(
  "what web keeps Sidekiq has as well, mail from Sidekiq's machine can be read here, and nobody else may hand any in",
  () => {
    const of = (pool: string) => machines(SITE).find((machine) => machine.pool === pool)!.name;
    const [web, jobs] = [of("web"), of("everything")];
    const kept = "mkdir -p public/system/probe && echo kept >public/system/probe/file && stat -c %u public/system/probe/file";
    expect(inside(SITE, web, "podman", "exec", "mastodon-web", "sh", "-c", kept)).toBe("991\n");
    expect(inside(SITE, jobs, "podman", "exec", "mastodon-sidekiq-1", "cat", "public/system/probe/file")).toBe("kept\n");
    const where = inside(SITE, jobs, "sed", "-n", "s/^SMTP_SERVER=//p", "/etc/mastodon/sidekiq.env").trim();
    const send = [
      "curl",
      "-sS",
      "-m",
      "5",
      `smtp://${where}:1025`,
      "--mail-from",
      "a@localhost",
      "--mail-rcpt",
      "alice@example.org",
    ];
    const script = `printf %s "$0" | "$@" -T -`;
    inside(SITE, jobs, "bash", "-c", script, MAIL, ...send);
    expect(() => inside(SITE, web, "bash", "-c", script, MAIL, ...send)).toThrow(/curl: \(7\)/);
    expect(driver(["mail", SITE])).toBe(
      "1\tnotifications@localhost\talice@example.org\tBestätigung\tSat, 28 Nov 2026 15:00:00 +0000\n",
    );
    expect(driver(["mail", SITE, "1"])).toContain("\n\nhttps://small.example/auth/confirmation?confirmation_token=abcdef\n");
  },
  MINUTE,
);

test(
  "every file that was rendered is accepted by the program that reads it",
  () => expect(machines(SITE).flatMap(({ name }) => readersOf(SITE, name))).toEqual([]),
  5 * MINUTE,
);

test(
  "all machines lose power at once, and the cluster comes back by itself once they are on again",
  async () => {
    const token = signIn(SITE, DOMAIN, "before");
    for (const { name } of machines(SITE)) driver(["machine", "kill", SITE, name]);
    expect(machines(SITE).map(({ state }) => state)).not.toContain("running");
    await startStopped(SITE, place);
    await journey(door(SITE, DOMAIN, DOMAIN), token);
  },
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
