import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "../../lib/core/ports";
import * as mastodon from "../../lib/mastodon/ports";

const LIB = join(__dirname, "../../lib");
const PORTS: readonly number[] = [...Object.values(core), ...Object.values(mastodon)].flatMap((value) =>
  typeof value === "number" ? [value] : Object.values(value),
);
// 80 and 443 are also numbers of other things, so a word must tell that a port is meant.
const BARE = new RegExp(
  `(?<![\\w.])(${PORTS.filter((port) => port > 1024).join("|")})(?!\\w)|(?:port|listen|bind|:)\\W{0,3}(80|443)(?!\\w)`,
  "i",
);

/** The lines of a file that hold one of the ports, without comments. */
function bare(text: string): readonly string[] {
  const code = text.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*(\/\/|#).*$/gm, "");
  return code.split("\n").filter((line) => BARE.test(line));
}

test("a port is found in code, and not in a comment or in a longer number", () => {
  expect(bare('// on 5432\nlisten("5432")\nx = 15432\ny = 5432_000\n/** 6432 */\nlisten 80;\nn = 80;\n"-p 26379"')).toEqual([
    'listen("5432")',
    "listen 80;",
    '"-p 26379"',
  ]);
});

test("no port stands anywhere in lib but in ports.ts", () => {
  const files = readdirSync(LIB, { recursive: true, encoding: "utf8" }).filter(
    (file) => /^(core|mastodon|clouds|bin)\/.*\.(ts|sh)$/.test(file) && !file.endsWith("/ports.ts"),
  );
  const found = files.flatMap((file) => bare(readFileSync(join(LIB, file), "utf8")).map((line) => `${file}: ${line.trim()}`));
  expect(found).toEqual([]);
  expect(files.length).toBeGreaterThan(100);
});
