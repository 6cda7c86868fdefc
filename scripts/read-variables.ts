// Which variables Mastodon's releases read, by file: `npx tsx scripts/read-variables.ts /path/to/mastodon.git 4.1.0=COMMIT …` adds releases to
// test/mastodon/variables-read.json, which a test holds the catalogue to. The repository may be a fork, as long as it has the commits.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface VariablesRead {
  /** The commit of each release that was read. */
  readonly releases: Readonly<Record<string, string>>;
  /** For each variable and each file that reads it, the releases in which it does, as in `4.1.0..4.2.13, 4.4.0..`. */
  readonly variables: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const VARIABLES_READ = join(__dirname, "../test/mastodon/variables-read.json");

// All of Mastodon but what runs in a browser, in a test or on a developer's machine only.
const WHERE = ["app", "lib", "config", "db", "streaming", "config.ru", "Rakefile"];
const NOT = [
  "app/javascript",
  "config/deploy.rb",
  "config/environments/development.rb",
  "config/environments/test.rb",
  "config/locales",
  "config/webpack",
  "lib/capistrano",
  "lib/tasks/annotate_rb.rake",
  "lib/tasks/auto_annotate_models.rake",
  "lib/tasks/dev.rake",
  "lib/tasks/repo.rake",
  "lib/tasks/spec.rake",
  "lib/tasks/tests.rake",
  "streaming/Dockerfile",
];

const WORD = "[A-Za-z][A-Za-z0-9_]*";
// What is set there is not read.
const RUBY = new RegExp(`\\bENV(?:\\.(?:fetch|key\\?|has_key\\?)\\(|\\[)\\s*['"](${WORD})['"](?!\\]\\s*(?:\\|\\|)?=[^=~])`, "g");
const NODE = new RegExp(`\\b(?:process\\.)?env\\.([A-Z][A-Z0-9_]*)\\b`, "g");
// The names of Redis' variables are put together from the use and the rest.
const REDIS = /\bENV(?:\.fetch\(|\[)(?:"#\{prefix\}|prefix \+ ')(?:REDIS_)?([A-Z_]+)["']/g;
const USES = ["REDIS_", "CACHE_REDIS_", "SIDEKIQ_REDIS_"];
// A list of names, each of which is then looked up.
const LISTED = /\bENV(?:\.fetch\(|\.key\?\(|\[)key\b/;
const LIST = /%w\(([^)]*)\)/g;

/** The variables that a file reads. */
export function namesIn(path: string, whole: string): ReadonlySet<string> {
  const text = whole.replace(/^\s*(#|\/\/|\*).*$/gm, "");
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1]!);
  if (path.startsWith("streaming/")) return new Set(all(NODE));
  const listed = LISTED.test(text)
    ? all(LIST).flatMap((words) => words.split(/\s+/).filter((word) => /^[A-Z_]+$/.test(word)))
    : [];
  return new Set([...all(RUBY), ...all(REDIS).flatMap((rest) => USES.map((use) => use + rest)), ...listed]);
}

/** Every variable at a commit, with the files that read it. */
function readAt(repository: string, commit: string): ReadonlyMap<string, readonly string[]> {
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-C", repository, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  const paths = git("grep", "-lIE", "\\bENV\\b|\\benv\\b", commit, "--", ...WHERE, ...NOT.map((path) => `:!${path}`));
  const found = new Map<string, string[]>();
  for (const path of paths
    .trim()
    .split("\n")
    .map((line) => line.slice(commit.length + 1))) {
    for (const name of namesIn(path, git("show", `${commit}:${path}`))) found.set(name, [...(found.get(name) ?? []), path]);
  }
  return found;
}

/** The releases that `spans` names, of all in their order. */
export function releasesOf(spans: string, all: readonly string[]): readonly string[] {
  return spans.split(", ").flatMap((span) => {
    const [first, last = first] = span.split("..");
    return all.slice(all.indexOf(first!), last === "" ? undefined : all.indexOf(last!) + 1);
  });
}

function spansOf(releases: ReadonlySet<string>, all: readonly string[]): string {
  const spans: string[] = [];
  for (let n = 0; n < all.length; n++) {
    if (!releases.has(all[n]!)) continue;
    const first = n;
    while (n + 1 < all.length && releases.has(all[n + 1]!)) n++;
    spans.push(n + 1 === all.length ? `${all[first]}..` : n === first ? all[n]! : `${all[first]}..${all[n]}`);
  }
  return spans.join(", ");
}

const sorted = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })));

function main(repository: string, given: readonly string[]): void {
  const known = JSON.parse(readFileSync(VARIABLES_READ, "utf8")) as VariablesRead;
  const before = Object.keys(known.releases);
  const news = Object.fromEntries(given.map((release) => release.split("=") as [string, string]));
  const releases = sorted({ ...known.releases, ...news });
  const read: Record<string, Record<string, Set<string>>> = {};
  const add = (name: string, path: string, release: string) => ((read[name] ??= {})[path] ??= new Set()).add(release);
  for (const [name, files] of Object.entries(known.variables)) {
    for (const [path, spans] of Object.entries(files)) {
      for (const release of releasesOf(spans, before).filter((release) => !(release in news))) add(name, path, release);
    }
  }
  for (const [release, commit] of Object.entries(news)) {
    for (const [name, paths] of readAt(repository, commit)) paths.forEach((path) => add(name, path, release));
  }
  const all = Object.keys(releases);
  const variables = Object.entries(read).map(([name, files]) => {
    const spans = Object.entries(files).map(([path, found]) => [path, spansOf(found, all)] as const);
    return [name, sorted(Object.fromEntries(spans))] as const;
  });
  writeFileSync(VARIABLES_READ, JSON.stringify({ releases, variables: sorted(Object.fromEntries(variables)) }, null, 2) + "\n");
}

if (require.main === module) main(process.argv[2]!, process.argv.slice(3));
