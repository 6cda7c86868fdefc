// The other way to build a server: streaming beside Puma under one host name, straight at PostgreSQL over TLS, a single Redis, Mastodon 4.3.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, destroy, driver, inside, machines, makeSecrets, Place, setUp, synthesize } from "../../scripts/cluster";
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
