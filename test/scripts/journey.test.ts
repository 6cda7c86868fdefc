// What the journey makes of what a site does: a server on this computer plays the front door, and machines answer as told.

import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as cluster from "../../scripts/cluster";
import { Door, signInAll } from "../../scripts/journey";
import { picture, png } from "../../scripts/picture";

jest.mock("../../scripts/cluster");
const { inside, machines } = jest.mocked(cluster);

const directory = mkdtempSync(join(tmpdir(), "journey-"));
const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=social.example`.split(" ");
execFileSync("openssl", [...words, "-addext", "subjectAltName=DNS:social.example", "-keyout", key, "-out", cert], {
  stdio: "ignore",
});
afterAll(() => rmSync(directory, { recursive: true }));

test("tokens are found between the lines of Mastodon's loggers, each for its account", () => {
  inside.mockReturnValue(
    [
      "2026-11-28T14:00:00.000Z pid=1 tid=2 INFO -- : Sidekiq connecting to Redis",
      "journey: two token-of-two",
      "2026-11-28T14:00:01.000Z pid=1 tid=2 INFO -- : journey: three no-token",
      "journey: one token-of-one",
      "2026-11-28T14:00:02.000Z pid=1 tid=2 INFO -- : bye",
    ].join("\n"),
  );
  expect(signInAll("social", "web-1", "social.example", ["one", "two"])).toEqual(["token-of-one", "token-of-two"]);
  expect(inside).toHaveBeenCalledTimes(1);
  expect(() => signInAll("social", "web-1", "social.example", ["one", "three"])).toThrow(/^web-1 did not sign three in:\n2026/);
});

const PICTURE = png(640, 480);
const SMALL = png(64, 48);
const SHA = createHash("sha256").update(PICTURE).digest("hex");

/** A site of two web machines that take turns. `store` says what the second gives of the picture; `late` how often it is not processed yet. */
async function travel({ store = () => PICTURE, late = 0, sidekiq = SHA, host = "social.example" }: Partial<Site> = {}) {
  let turn = 0;
  let missing = late;
  const attachment = () => ({
    id: "7",
    url: missing > 0 ? null : `https://${host}/system/media/7/original/a.png`,
    preview_url: missing > 0 ? null : `https://${host}/system/media/7/small/a.png`,
  });
  const seen: string[] = [];
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(cert) },
    async (request: IncomingMessage, response: ServerResponse) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts);
      const machine = (turn += 1) % 2 === 0 ? "web-2" : "web-1";
      const answer = (status: number, bytes: Buffer | string) =>
        response.writeHead(status, { "x-served-by": machine }).end(bytes);
      seen.push(`${request.method} ${request.url}`);
      if (request.url === "/api/v2/media") {
        return answer(body.includes(PICTURE) ? (late > 0 ? 202 : 200) : 422, JSON.stringify(attachment()));
      }
      if (request.url === "/api/v1/media/7") {
        missing -= 1;
        return answer(missing > 0 ? 206 : 200, JSON.stringify(attachment()));
      }
      if (request.url === "/api/v1/statuses") {
        const whole = new URLSearchParams(body.toString()).get("media_ids[]") === "7";
        return answer(200, JSON.stringify({ media_attachments: whole ? [attachment()] : [] }));
      }
      if (request.url === "/system/media/7/small/a.png") return answer(200, SMALL);
      const found = machine === "web-2" ? store() : PICTURE;
      return answer(found === undefined ? 404 : 200, found ?? "");
    },
  );
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  machines.mockReturnValue(
    ["database-1:-", "web-1:web", "jobs-1:jobs"].map((machine) => {
      const [name, pool] = machine.split(":") as [string, string];
      return { name, pool, address: "127.0.0.1", state: "running" };
    }),
  );
  inside.mockImplementation((_site, machine) => (machine === "jobs-1" ? `${sidekiq}  a.png\n` : ""));
  const door: Door = {
    domain: "social.example",
    streaming: "",
    ...(server.address() as AddressInfo),
    ca: readFileSync(cert, "utf8"),
  };
  try {
    return { way: await picture(door, "token", "social", 4), seen };
  } finally {
    server.close();
  }
}

interface Site {
  readonly store: () => Buffer | undefined;
  readonly late: number;
  readonly sidekiq: string;
  readonly host: string;
}

test("a picture that every machine has is uploaded, posted and read, also when it is processed later", async () => {
  const { way, seen } = await travel();
  expect(way).toEqual({
    uploadedTo: "web-1",
    readings: 8,
    readFrom: ["web-1", "web-2"],
    sidekiq: ["jobs-1"],
    stored: false,
    milliseconds: expect.any(Number),
  });
  expect(seen.slice(0, 2)).toEqual(["POST /api/v2/media", "POST /api/v1/statuses"]);
  const later = await travel({ late: 2 });
  expect(later.seen.slice(0, 4)).toEqual([
    "POST /api/v2/media",
    "GET /api/v1/media/7",
    "GET /api/v1/media/7",
    "POST /api/v1/statuses",
  ]);
});

test("a picture that lies on one machine only, or is another on the next, is found out", async () => {
  await expect(travel({ store: () => undefined })).rejects.toThrow(
    "/system/media/7/original/a.png should be the same picture at each reading, and was: 200 of web-1, 404 of web-2, 200 of web-1, 404 of web-2",
  );
  await expect(travel({ store: () => SMALL })).rejects.toThrow("should be the same picture at each reading");
});

test("a file that Sidekiq's machines do not have is found out", async () => {
  await expect(travel({ sidekiq: "sha256sum: a.png: No such file or directory" })).rejects.toThrow(
    "Sidekiq on jobs-1 does not find the picture that people see: sha256sum: a.png: No such file or directory",
  );
});
