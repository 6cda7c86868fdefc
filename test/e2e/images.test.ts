// Images from files, so that the real Mastodon can be rehearsed without a network. The stand-in's archives take its place here.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { driver, Place, setUp } from "../../scripts/cluster";

const ROOT = process.env["CDKTF_MASTODON_ROOT"] ?? "/var/lib/cdktf-mastodon";
const PACKAGES = "crun podman";
const WEB = "example.org/mastodon:v9.9.9";
const STREAMING = "example.org/mastodon-streaming:v9.9.9";
const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), "images-"));
const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };

const fill = (images: string, source: string) => driver(["images"], { IMAGES: images, PACKAGES, IMAGE_SOURCE: source });

beforeAll(async () => {
  await setUp(place);
  driver(["base"], { PACKAGES });
  const base = join(ROOT, "base");
  const system = readdirSync(base).find((name) => name.startsWith("system-"))!;
  const build = join(__dirname, "../../standin/build.sh");
  const { status, stderr } = spawnSync("bash", [build, join(base, system), directory], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}, 10 * MINUTE);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test(
  "a directory of archives fills the store once",
  () => {
    expect(fill(`${WEB} ${STREAMING}`, directory)).toMatch(/images: example\.org\/mastodon:v9\.9\.9 \(archive\)/);
    expect(fill(`${WEB} ${STREAMING}`, directory)).toBe("");
  },
  3 * MINUTE,
);

test(
  "a single archive with one image stands for the one that the page names",
  () => {
    fill(WEB, join(directory, "mastodon.tar"));
    expect(fill(WEB, join(directory, "mastodon.tar"))).toBe("");
  },
  3 * MINUTE,
);

test(
  "what an archive does not hold is said, and a digest is never stood in for",
  () => {
    const archive = join(directory, "mastodon-streaming.tar");
    expect(() => fill(`${WEB} ${STREAMING} example.org/third:v1`, archive)).toThrow(
      /holds no example\.org\/third:v1, only: localhost/,
    );
    expect(() => fill(`example.org/mastodon@sha256:${"0".repeat(64)}`, archive)).toThrow(
      /a digest names one image of the registry/,
    );
    expect(() => fill(WEB, join(directory, "missing.tar"))).toThrow(
      /is neither auto, stand-in, registry nor a file or directory/,
    );
  },
  3 * MINUTE,
);
