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
import { ask, BEEN_HERE, door, journey, signIn } from "../../scripts/journey";
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

/** Asks a web machine `count` times, as the front door does; returns all that it said. */
function said(machine: string, count: number, request: string, ...headers: readonly string[]): string {
  const { address } = machines(SITE).find(({ name }) => name === machine)!;
  const of = [`${request} HTTP/1.1`, `Host: ${DOMAIN}`, "Connection: close", "X-Forwarded-Proto: https", ...headers, "", ""];
  const once = `exec 3<>/dev/tcp/${address}/80; printf '${of.join("\\r\\n")}' >&3; cat <&3`;
  return inside(SITE, "front-door", "bash", "-c", `for n in $(seq ${count}); do ${once}; done`);
}

/** The status of one answer, and its headers. */
function asked(machine: string, request: string, ...headers: readonly string[]) {
  const [status, ...fields] = said(machine, 1, request, ...headers)
    .split("\r\n\r\n")[0]!
    .split("\r\n");
  const named = new Map(fields.map((field) => [field.split(": ")[0]!.toLowerCase(), field.split(": ").slice(1).join(": ")]));
  return { status: Number(status!.split(" ")[1]), header: (name: string) => named.get(name) };
}

test(
  "nginx serves what Puma need not, as Mastodon says, to whom it may",
  () => {
    const web = machines(SITE).find(({ pool }) => pool === "web")!.name;
    const asset = asked(web, `GET ${assetOf("4.3.23")}`, "Accept-Encoding: gzip");
    expect({ status: asset.status, cached: asset.header("cache-control"), encoding: asset.header("content-encoding") }).toEqual({
      status: 200,
      cached: "public, max-age=2419200, must-revalidate",
      encoding: "gzip",
    });
    expect(asked(web, "GET /sw.js").header("cache-control")).toBe("public, max-age=604800, must-revalidate");

    signIn(SITE, DOMAIN, "ada");
    const page = (...headers: readonly string[]) => {
      const { status, header } = asked(web, "GET /@ada", ...headers);
      return [status, header("x-cached"), header("content-type")!.split(";")[0], header("cache-control")!.split(",")[0]];
    };
    expect(page("Accept: text/html")).toEqual([200, "MISS", "text/html", "max-age=15"]);
    expect(page("Accept: text/html")).toEqual([200, "HIT", "text/html", "max-age=15"]);
    // The same address for another server, signed or not; and for somebody who was here before.
    expect(page("Accept: application/activity+json")).toEqual([200, "MISS", "application/activity+json", "max-age=180"]);
    expect(page("Accept: application/activity+json", "Signature: a")).toEqual([
      200,
      "HIT",
      "application/activity+json",
      "max-age=180",
    ]);
    expect(page("Accept: text/html", `Cookie: ${BEEN_HERE}`)).toEqual([200, "BYPASS", "text/html", "private"]);

    const signUps = (count: number, ...addresses: readonly string[]) => {
      const headers = [`X-Forwarded-For: ${addresses.join(", ")}`, "Content-Length: 0"];
      return [...said(web, count, "POST /auth", ...headers).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    };
    expect(signUps(15, "203.0.113.9")).toEqual(expect.arrayContaining([404, 429]));
    // What a client says of itself changes nothing; another client is another one.
    expect(signUps(1, "198.51.100.1", "203.0.113.9")).toEqual([429]);
    expect(signUps(1, "203.0.113.10")).toEqual([404]);

    inside(SITE, web, "systemctl", "stop", "mastodon-web");
    expect(page("Accept: application/activity+json")[1]).toBe("HIT");
    expect(asked(web, `GET ${assetOf("4.3.23")}`).status).toBe(200);
    const away = asked(web, "GET /explore");
    expect({ status: away.status, retry: away.header("retry-after"), cached: away.header("cache-control") }).toEqual({
      status: 503,
      retry: "5",
      cached: "no-store",
    });
    inside(SITE, web, "systemctl", "start", "mastodon-web");
  },
  2 * MINUTE,
);

/** What HAProxy of the front door said of its members, and the requests that took a second or more. */
function atTheDoor(): string {
  const lines = inside(
    SITE,
    "front-door",
    "journalctl",
    "-t",
    "haproxy",
    "-o",
    "short-iso-precise",
    "--no-pager",
    "--since",
    "-5min",
  );
  return lines
    .split("\n")
    .filter((line) => !/ \S+\/\S+ (-?\d+\/){4}\d{1,3} /.test(line))
    .join("\n");
}

function assetOf(version: string): string {
  return `/packs/application-${version}.js`;
}

test(
  "an upgrade: no page that is open misses a file, whoever answers, also from a machine that is made later",
  async () => {
    const front = door(SITE, DOMAIN, DOMAIN);
    const before = new Set(machines(SITE).map(({ name }) => name));
    const open = new Set<string>();
    const missed: string[] = [];
    let goesOn = true;
    let asked = 0;
    const get = async (path: string) => {
      asked += 1;
      const at = new Date().toISOString();
      const answer = await ask(front, "GET", path).catch((error: Error) => ({
        status: error.message,
        body: "",
        servedBy: undefined,
      }));
      if (answer.status !== 200) missed.push(`${path} of ${answer.servedBy} at ${at}: ${answer.status}`);
      return answer;
    };
    const reader = (async () => {
      while (goesOn) {
        const page = await get("/");
        const [, script] = /src="(\/packs\/[^"]+)"/.exec(page.body) ?? [];
        if (script !== undefined) open.add(script);
        else if (page.status === 200) missed.push("a page without its script");
        for (const path of [...open, ...open]) await get(path);
        await new Promise((next) => setTimeout(next, 20));
      }
    })();
    await apply(await synthesize("test/e2e/pages/one-name.ts", place, { VERSION: "4.4.22" }), place);
    stack = await synthesize("test/e2e/pages/one-name.ts", place, { VERSION: "4.4.22", WEB: "3" });
    await apply(stack, place);
    goesOn = false;
    await reader;
    if (missed.length > 0) place.say(atTheDoor());
    expect({ missed, open: [...open].sort() }).toEqual({ missed: [], open: [assetOf("4.3.23"), assetOf("4.4.22")] });
    expect(asked).toBeGreaterThan(1000);
    const web = machines(SITE).filter(({ pool }) => pool === "web");
    expect(web.filter(({ name }) => before.has(name))).toEqual([]);
    expect(web).toHaveLength(3);
    for (const { name } of web) {
      const found = inside(SITE, name, "sh", "-c", `curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1${assetOf("4.3.23")}`);
      expect({ name, found }).toEqual({ name, found: "200" });
    }
  },
  8 * MINUTE,
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
