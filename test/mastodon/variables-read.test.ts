// The catalogue against what Mastodon's releases read, each at the commit that variables-read.json names. That list holds every variable that
// stands by name in the source of a release, outside of the browser's part, of tests and of what developers run (scripts/read-variables.ts).
// It does not hold what gems and programs read by themselves, nor which of Ruby's processes comes to a file.

import { readFileSync } from "node:fs";
import { CATALOGUE, isRead, Process, rowOf } from "../../lib/mastodon/env-catalogue";
import { MastodonVersion } from "../../lib/mastodon/version";
import { namesIn, releasesOf, VARIABLES_READ, VariablesRead } from "../../scripts/read-variables";

const { releases, variables } = JSON.parse(readFileSync(VARIABLES_READ, "utf8")) as VariablesRead;
const all = Object.keys(releases);
const RUBY: readonly Process[] = ["web", "sidekiq", "task"];

/** Read only outside of production, or by a reader that is none of the site's processes. */
const NOT_OF_A_SITE: Readonly<Record<string, string>> = {
  LOCAL_HTTPS: "asked only where Rails.env is not production",
  MAGICK_CONFIGURE_PATH: "asked only in order to put something before it",
  REMOTE_DEV: "asked only where Rails.env is not production",
  TEST_ENV_NUMBER: "of parallel tests",
  USER: "the shell's, for the words of an error",
  VITE_DEV_SERVER_PUBLIC: "asked only where Rails.env is development",
  WEBPACKER_DEV_SERVER_PUBLIC: "asked only where Rails.env is development",
};

/** Gems and programs that read variables by themselves. */
const OUTSIDE = [
  "aws-sdk-core",
  "glibc",
  "jemalloc",
  "libpq",
  "Node",
  "OpenSSL",
  "opentelemetry-sdk",
  "prometheus_exporter",
  "Rails",
  "Ruby",
  "the C library",
];

/** In which releases Ruby's processes, or streaming, read it. */
function readIn(name: string, side: "ruby" | "streaming"): readonly string[] {
  const files = Object.entries(variables[name] ?? {}).filter(
    ([path]) => path.startsWith("streaming/") === (side === "streaming"),
  );
  const found = new Set(files.flatMap(([, spans]) => releasesOf(spans, all)));
  return all.filter((release) => found.has(release));
}

/** In which releases the catalogue says that they do. */
function saidIn(name: string, side: "ruby" | "streaming"): readonly string[] {
  const processes = side === "streaming" ? (["streaming"] as const) : RUBY;
  return all.filter((release) => processes.some((process) => isRead(CATALOGUE[name]!, process, MastodonVersion.of(release))));
}

test("the list is of releases from each minor version, each read at a commit", () => {
  expect(new Set(all.map((release) => release.split(".").slice(0, 2).join(".")))).toEqual(
    new Set(["4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7"]),
  );
  expect(Object.values(releases).filter((commit) => !/^[0-9a-f]{40}$/.test(commit))).toEqual([]);
});

test("every variable that a release reads has a row, or is of no site", () => {
  const without = Object.keys(variables).filter((name) => rowOf(name) === undefined);
  expect(without).toEqual(Object.keys(NOT_OF_A_SITE));
});

test("every row is of a variable that a release reads, or that a gem or a program reads by itself", () => {
  const unread = Object.entries(CATALOGUE).filter(([name]) => !(name in variables));
  expect(unread.filter(([, { source }]) => source === undefined || !OUTSIDE.includes(source)).map(([name]) => name)).toEqual([]);
});

// Read by Rails itself; by the page's own part for Makara up to 4.1; and in order to stop every process.
const MORE_THAN_THE_SOURCE = ["DATABASE_URL", ...["HOST", "PORT", "NAME", "USER", "PASS"].map((part) => `REPLICA_DB_${part}`)];
const ONLY_TO_REFUSE = ["REDIS_NAMESPACE"];

test.each(["ruby", "streaming"] as const)("rows say in which releases %s reads what", (side) => {
  const others = side === "ruby" ? [...MORE_THAN_THE_SOURCE, ...ONLY_TO_REFUSE] : [];
  const compared = Object.keys(CATALOGUE).filter((name) => name in variables && !others.includes(name));
  const said = Object.fromEntries(compared.map((name) => [name, saidIn(name, side)]));
  expect(said).toEqual(Object.fromEntries(compared.map((name) => [name, readIn(name, side)])));
});

test("and what they say beyond the source is beyond it only there", () => {
  for (const name of MORE_THAN_THE_SOURCE)
    expect(saidIn(name, "ruby")).toEqual(expect.arrayContaining([...readIn(name, "ruby")]));
  const refused = ONLY_TO_REFUSE.flatMap((name) =>
    readIn(name, "ruby").filter((release) => !saidIn(name, "ruby").includes(release)),
  );
  expect(refused).toEqual(["4.4.0", "4.4.22", "4.5.0", "4.5.15", "4.6.0", "4.6.5", "4.7.0-beta.1"]);
});

test.each<[string, string, string, readonly string[]]>([
  [
    "Ruby",
    "config/a.rb",
    "x = ENV.fetch('A', nil) || ENV['B'] if ENV.key?(\"C\") && ENV.fetch('http_proxy')",
    ["A", "B", "C", "http_proxy"],
  ],
  ["ERB in YAML", "config/a.yml", "a: <%= ENV.fetch('A', nil) %>\n# b: <%= ENV['B'] %>", ["A"]],
  ["what is set", "config/a.rb", "ENV['A'] ||= ENV['B']\nENV['C'] = 'x'", ["B"]],
  ["Redis' prefixes", "lib/a.rb", 'ENV.fetch("#{prefix}HOST", 1)', ["CACHE_REDIS_HOST", "REDIS_HOST", "SIDEKIQ_REDIS_HOST"]],
  ["a list", "config/a.rb", "%w(\n  A_KEY\n  B_KEY\n).each { |key| ENV.fetch(key) }", ["A_KEY", "B_KEY"]],
  ["Node", "streaming/a.js", "f(process.env.A, env.B) // env.C\n  // env.D", ["A", "B", "C"]],
])("names are found in %s", (_, path, text, names) => {
  expect([...namesIn(path, text)].sort()).toEqual(names);
});
