// `cdktf-mastodon secrets FILE` and `cdktf-mastodon secrets check FILE`: make and check the file for `--var-file`.

import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { SECRET_VERSIONS } from "../clouds/shared/secret-versions";
import { hostName } from "../core/names";
import { malformed, Values, wrongSecrets } from "../mastodon/secret-check";
import { makePassword, makeSecrets, SECRET_NAMES, SecretName } from "../mastodon/secrets";
import { outputDirectory } from "./deployed";
import { Reader } from "./dotenv";
import { OldSecrets, oldSecrets } from "./old-secrets";
import { countsChanges, PageSecret, pageSecrets, sitesOf } from "./page-secrets";
import { withNumbers, wrongNumbers } from "./secret-numbers";

/** Secrets that every existing server already has. */
const LASTING: readonly SecretName[] = ["secret_key_base", "otp_secret", "vapid_private_key", "vapid_public_key"];

/** What the words of the command ask for; `undefined` if they make no sense. */
interface Asked {
  readonly file: string;
  readonly sites: readonly string[];
  readonly from: readonly { readonly site: string | undefined; readonly file: string }[];
  readonly reader: Reader | undefined;
  readonly page: string;
}

/** Runs the command with the arguments after `secrets`; prints `usage` if they are invalid. */
export function secrets(args: readonly string[], usage: string): number {
  const checking = args[0] === "check";
  const asked = read(checking ? args.slice(1) : args);
  if (asked !== undefined && checking && asked.from.length === 0 && asked.sites.length === 0) return check(asked);
  if (asked !== undefined && !checking) return make(asked);
  console.error(usage);
  return 2;
}

function read(args: readonly string[]): Asked | undefined {
  const given = new Map<string, string[]>([
    ["FILE", []],
    ["--site", []],
    ["--from", []],
    ["--read-by", []],
    ["--page", []],
  ]);
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    const [kept, value] = word.startsWith("-") ? [given.get(word), args[++at]] : [given.get("FILE"), word];
    if (kept === undefined || value === undefined) return undefined;
    kept.push(value);
  }
  const [files, sites, from, readers, pages] = [...given.values()] as [string[], string[], string[], string[], string[]];
  const reader = readers.at(-1);
  if (files.length !== 1 || (reader !== undefined && reader !== "ruby" && reader !== "docker")) return undefined;
  return {
    file: files[0]!,
    sites: sites.map(inNames),
    from: from.map((word) => {
      const [, site, file] = /^([A-Za-z][A-Za-z0-9_-]*)=(.+)$/.exec(word) ?? [];
      return site === undefined ? { site: undefined, file: word } : { site: inNames(site), file: file! };
    }),
    reader,
    page: outputDirectory(pages.at(-1)),
  };
}

// As in the names of variables.
function inNames(site: string): string {
  return hostName(site).replaceAll("-", "_");
}

function make(asked: Asked): number {
  const { file, page } = asked;
  const wanted = pageSecrets(page) ?? [];
  const sites = asked.sites.length > 0 ? asked.sites : sitesOf(wanted);
  let old: Olds;
  try {
    old = takeOver(asked, sites);
  } catch (error) {
    return fail([String(error)]);
  }
  if (old.problems.length > 0) return fail(old.problems);
  const notes: string[] = [];
  let values: Record<string, unknown> = {};
  for (const site of sites) {
    const taken = old.of.get(site);
    const made = makeSecrets();
    for (const name of SECRET_NAMES) values[site === undefined ? name : `${site}_${name}`] = taken?.values[name] ?? made[name];
    values = withNumbers(values, taken?.others ?? {});
    if (taken === undefined && asked.from.length === 0) continue;
    const anew = SECRET_NAMES.filter((name) => !(name in (taken?.values ?? {})));
    const told =
      taken === undefined
        ? ["all of them are made anew"]
        : [...taken.notes, ...(anew.length > 0 ? [`made anew: ${anew.join(", ")}`] : [])];
    notes.push(...told.map((note) => (site === undefined ? note : `${site}: ${note}`)));
    const lasting = taken === undefined ? [] : anew.filter((name) => LASTING.includes(name));
    if (lasting.length > 0)
      notes.push(
        `${site === undefined ? "" : `${site}: `}a server that runs has these already, and with others its users are logged out, push subscriptions end, or data ` +
          `can no longer be read: ${lasting.join(", ")}. If it keeps them elsewhere, add them to the old file and begin again`,
      );
  }
  for (const { variable, generated } of lacking(wanted, values)) if (generated === true) values[variable] = makePassword();
  const failed = write(file, values);
  if (failed !== undefined) return fail([failed]);
  for (const note of notes) console.log(note);
  console.log(`wrote ${file}`);
  for (const line of byHand(wanted, values)) console.log(line);
  return 0;
}

interface Olds {
  readonly of: ReadonlyMap<string | undefined, OldSecrets>;
  readonly problems: readonly string[];
}

/** What there is already, by site. */
function takeOver({ from, reader }: Asked, sites: readonly (string | undefined)[]): Olds {
  const of = new Map<string | undefined, OldSecrets>();
  const problems: string[] = [];
  const [first] = sites;
  for (const { site, file } of from) {
    const bytes = readFileSync(file);
    const tell = (found: readonly string[]) => problems.push(...found.map((problem) => `${file}: ${problem}`));
    const keep = (whose: string | undefined, found: OldSecrets) => {
      if (of.has(whose)) tell([`another file has spoken for ${whose ?? "the site"} already; give each site one`]);
      of.set(whose, found);
    };
    if (first === undefined || site !== undefined) {
      if (first !== undefined && !sites.includes(site)) tell([`there is no site ${site}; the sites are ${sites.join(", ")}`]);
      const found = oldSecrets(bytes, { reader, site, sites });
      tell(found.problems);
      keep(first === undefined ? undefined : site, found);
      continue;
    }
    // A file that has the sites in its names speaks for all of them.
    const found = sites.map((each) => [each, oldSecrets(bytes, { reader, site: each, sites, onlyWithSite: true })] as const);
    const spoken = found.filter(([, { values }]) => Object.keys(values).length > 0);
    if (spoken.length === 0)
      tell([
        `has the secrets of one site and does not say of which; say it: --from SITE=${file}, where SITE is one of ${sites.join(", ")}. The others get new ones`,
      ]);
    for (const [each, one] of spoken) {
      tell(one.problems);
      keep(each, one);
    }
  }
  return { of, problems: [...new Set(problems)] };
}

/** Writes a file for its owner only; returns why not. */
function write(file: string, values: Values): string | undefined {
  let descriptor: number;
  try {
    // "wx" refuses an existing file in the same step that makes it, and the mode holds from the first byte on.
    descriptor = openSync(file, "wx", 0o600);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    return exists
      ? `${file} exists already; it was not touched. New secrets would lock the site out of its data; secrets NEW --from ${file} adds to a copy.`
      : String(error);
  }
  writeSync(descriptor, JSON.stringify(values, null, 2) + "\n");
  closeSync(descriptor);
  return undefined;
}

// Secrets that cannot be generated.
function byHand(wanted: readonly PageSecret[], values: Values): readonly string[] {
  return lacking(wanted, values).map(
    ({ variable, description }) => `${variable}: write it into the file by hand; ${description}`,
  );
}

function lacking(wanted: readonly PageSecret[], values: Values): readonly PageSecret[] {
  return wanted.filter(({ wanted: is, variable }) => is && (values[variable] === undefined || values[variable] === ""));
}

/** What a file holds, or what is wrong with it. Terraform would show a line that it cannot read, and what stands there. */
export function secretsIn(file: string): { readonly values: Values } | { readonly wrong: string } {
  let values: unknown;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
    values = JSON.parse(text);
  } catch (error) {
    // What a parser says may show a piece of the text.
    return { wrong: error instanceof SyntaxError ? `${file}: is no JSON` : String(error) };
  }
  if (values === null || typeof values !== "object" || Array.isArray(values))
    return { wrong: `${file}: is no object of names and values` };
  let depth = 0;
  const names = [...text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/g)].flatMap(([sign, name, colon]) => {
    if (name === undefined) depth += sign === "{" || sign === "[" ? 1 : -1;
    // Inside a value the same name may stand in several places.
    return name !== undefined && colon !== undefined && depth === 1 ? [name] : [];
  });
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  return twice === undefined
    ? { values: values as Values }
    : { wrong: `${file}: ${twice} stands there twice; remove the one that is wrong` };
}

function check({ file, page: directory }: Asked): number {
  const read = secretsIn(file);
  if ("wrong" in read) return fail([read.wrong]);
  const { values } = read;
  const page = pageSecrets(directory);
  const sites = page === undefined ? [] : sitesOf(page);
  if (
    sites.length > 1 &&
    SECRET_NAMES.some((name) => name in values) &&
    !sites.some((site) => `${site}_secret_key_base` in values)
  )
    return fail([
      `${file}: has the secrets of one site, and the page in ${directory} has several: ${sites.join(", ")}. Once: secrets NEW --from SITE=${file}, where SITE is the one that it is of`,
    ]);
  const others = (statSync(file).mode & 0o077) === 0 ? [] : [`others may read it; chmod 600 ${file}`];
  const problems = [...(page === undefined ? alone(values) : forPage(values, page)), ...wrongNumbers(values), ...others];
  if (problems.length > 0) return fail(problems.map((problem) => `${file}: ${problem}`));
  const unknown = page === undefined ? [] : Object.keys(values).filter((name) => !isFor(directory, page, name));
  for (const name of unknown) console.log(`${file}: ${name} is for nothing that the page in ${directory} has`);
  const checked =
    page === undefined
      ? `${file}: all secrets of a site are there and well formed. Those that the page names itself are checked once cdktf synth has written ${directory}`
      : `${file}: all secrets that the page in ${directory} wants are there and well formed`;
  console.log(checked);
  return 0;
}

function isFor(directory: string, page: readonly PageSecret[], name: string): boolean {
  return page.some(({ variable }) => variable === name) || (name === SECRET_VERSIONS && countsChanges(directory) === true);
}

// Without a page, the names in the file say which sites it is for.
function alone(values: Values): readonly string[] {
  const sites = Object.keys(values).flatMap((name) => /^(.+)_secret_key_base$/.exec(name)?.[1] ?? []);
  return (sites.length === 0 ? [undefined] : sites).flatMap((site) => wrongSecrets(values, { site }));
}

function forPage(values: Values, page: readonly PageSecret[]): readonly string[] {
  const known = (secret: PageSecret) => (SECRET_NAMES as readonly string[]).includes(secret.name);
  const standard = sitesOf(page).flatMap((site) => {
    const own = page.filter((secret) => known(secret) && secret.site === site);
    const rules = Object.fromEntries(own.map(({ name, rules: its }) => [name, its]));
    const names = own.filter(({ wanted }) => wanted).map(({ name }) => name as SecretName);
    return wrongSecrets(values, { site, rules, names });
  });
  const others = page.filter((secret) => !known(secret) && secret.wanted);
  const wrong = others.flatMap(({ variable, rules, description, generated }) => {
    const value = values[variable];
    if (value === undefined || value === "")
      return [
        `${variable}: missing; ${generated === true ? "secrets NEW --from FILE makes it" : "write it into the file by hand"}: ${description}`,
      ];
    return malformed(variable, value, rules) ?? [];
  });
  return [...standard, ...wrong];
}

function fail(problems: readonly string[]): number {
  for (const problem of problems) console.error(problem);
  return 1;
}
