// Reads the secrets of an existing server, from `.env.production` or an older secrets file: `oldSecrets(bytes, { reader: "ruby" })`.

import { SECRET_VERSIONS } from "../clouds/shared/secret-versions";
import { wrongWith } from "../core/secret-rule";
import { CATALOGUE } from "../mastodon/env-catalogue";
import { malformed, pair, weakness } from "../mastodon/secret-check";
import { ENCRYPTION_KEYS, PASSWORD, ruleOf, SECRET_NAMES, SecretName } from "../mastodon/secrets";
import { differences, dotenv, Dotenv, Reader, Setting } from "./dotenv";
import { renamed } from "./secret-numbers";

export interface OldSecrets {
  readonly values: Readonly<Partial<Record<SecretName, string>>>;
  /** Secrets of an older secrets file that only the page defines. */
  readonly others: Readonly<Record<string, unknown>>;
  /** Errors: no secrets file must be written. */
  readonly problems: readonly string[];
  /** Notes for the owner; they hold no values. */
  readonly notes: readonly string[];
}

const PARTS: Readonly<Record<string, SecretName>> = {
  DB_PASS: "database_password",
  REDIS_PASSWORD: "redis_password",
  CACHE_REDIS_PASSWORD: "redis_cache_password",
  SIDEKIQ_REDIS_PASSWORD: "redis_sidekiq_password",
};
const URLS: Readonly<Record<string, SecretName>> = {
  DATABASE_URL: "database_password",
  REDIS_URL: "redis_password",
  CACHE_REDIS_URL: "redis_cache_password",
  SIDEKIQ_REDIS_URL: "redis_sidekiq_password",
};
const ALIKE = Object.fromEntries(
  SECRET_NAMES.filter((name) => !/password$/.test(name)).map((name) => [name.toUpperCase(), name]),
) as Readonly<Record<string, SecretName>>;

export interface Asked {
  /**
   * Who read a `.env.production`.
   * @default - unknown: where readers differ, that is a problem
   */
  readonly reader?: Reader | undefined;
  /** The site whose secrets are wanted, as in the names of a secrets file for several. */
  readonly site?: string | undefined;
  /** All sites of the page, whose names are not carried over as something else. */
  readonly sites?: readonly (string | undefined)[];
  /**
   * Whether names without the site are another's.
   * @default false
   */
  readonly onlyWithSite?: boolean;
}

/** Of a file's bytes. */
export function oldSecrets(bytes: Uint8Array, asked: Asked = {}): OldSecrets {
  const text = textOf(bytes);
  if (typeof text !== "string") return { ...NOTHING, problems: [text.wrong] };
  if (text.trimStart().startsWith("{")) return fromJson(text, asked);
  return asked.onlyWithSite === true ? NOTHING : fromDotenv(dotenv(text), asked.reader);
}

const NOTHING: OldSecrets = { values: {}, others: {}, problems: [], notes: [] };

function textOf(bytes: Uint8Array): string | { readonly wrong: string } {
  const [first, second] = bytes;
  const sixteen = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || bytes.includes(0);
  if (sixteen) return { wrong: "is UTF-16, which no loader of Mastodon's reads; convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW" };
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { wrong: "is not UTF-8; convert it, as from Latin-1: iconv -f ISO-8859-1 -t UTF-8 OLD > NEW" };
  }
}

function fromJson(text: string, { site, sites = [], onlyWithSite = false }: Asked): OldSecrets {
  let all: Readonly<Record<string, unknown>>;
  try {
    all = JSON.parse(text) as typeof all;
  } catch {
    // What a parser says may show a piece of the text.
    return { ...NOTHING, problems: ["begins with a brace, but is no JSON"] };
  }
  const under = (prefix: string | undefined, name: string) => (prefix === undefined ? name : `${prefix}_${name}`);
  const standard = new Set(SECRET_NAMES.flatMap((name) => [name, ...[site, ...sites].map((each) => under(each, name))]));
  const values = SECRET_NAMES.map((name) => [name, all[under(site, name)] ?? (onlyWithSite ? undefined : all[name])] as const);
  const others = Object.entries(all).filter(([name]) => !standard.has(name) && name !== SECRET_VERSIONS);
  const anew = (name: string) => ((SECRET_NAMES as readonly string[]).includes(name) ? under(site, name) : name);
  const numbers = renamed(all[SECRET_VERSIONS], anew);
  return { ...judge(Object.fromEntries(values), []), others: { ...Object.fromEntries(others), ...numbers } };
}

function fromDotenv({ settings, passedOver }: Dotenv, reader: Reader | undefined): OldSecrets {
  const values: Record<string, unknown> = {};
  const problems =
    reader === "docker"
      ? []
      : passedOver.map(
          (line) => `line ${line}: is no line of the form NAME=value, and loaders pass over it; correct it or make it a comment`,
        );
  const valueOf = (variable: string): string | undefined => {
    const setting = settings.get(variable);
    const { value, problem } = setting === undefined ? {} : taken(setting, reader);
    if (problem !== undefined) problems.push(`line ${setting!.line}, ${variable}: ${problem}`);
    return value === "" ? undefined : value;
  };
  for (const [variable, name] of Object.entries({ ...ALIKE, ...PARTS })) {
    const value = valueOf(variable);
    if (value !== undefined) values[name] = value;
  }
  // In Mastodon a URL takes precedence over the separate variables, so it does here.
  for (const [variable, name] of Object.entries(URLS)) {
    const address = valueOf(variable);
    if (address === undefined) continue;
    try {
      const { password } = new URL(address);
      if (password !== "") values[name] = decodeURIComponent(password);
      // Of Redis' address Mastodon reads nothing beside it; the database's is completed by DB_PASS.
      else if (name !== "database_password") delete values[name];
    } catch {
      problems.push(
        `line ${settings.get(variable)!.line}, ${variable}: cannot be read as an address; encode what is no letter or digit in its password`,
      );
    }
  }
  const known = { ...ALIKE, ...PARTS, ...URLS };
  const others = [...settings.keys()].filter(
    (variable) => !(variable in known) && (CATALOGUE[variable]?.secret ?? /(PASSWORD|SECRET|_KEY)$/.test(variable)),
  );
  const told = others.length === 0 ? [] : [`not taken over, since the page names them itself: ${others.sort().join(", ")}`];
  const judged = judge(values, told, problems.length > 0);
  return { ...judged, problems: [...problems, ...judged.problems] };
}

const SAY =
  "say who has read it: --read-by ruby (the server itself, or docker compose) or --read-by docker (docker run --env-file)";
const CHOOSE = `write it so that all read the same, or ${SAY}`;

const inQuotes = (value: string) => /^(["'`]).+\1$/s.test(value);

function taken(setting: Setting, reader: Reader | undefined): { readonly value?: string | undefined; readonly problem?: string } {
  if (reader === "docker") {
    return setting.docker === undefined
      ? { problem: "Docker's --env-file cannot read the file or this line; write NAME=value without export" }
      : inQuotes(setting.docker)
        ? {
            problem:
              "is in quotes, which docker run --env-file hands on as a part of the value, and docker compose does not. Ask the server that runs: " +
              "docker compose exec web printenv NAME. If it shows no quotes, remove them; if it does, put the whole into the other kind and say --read-by ruby",
          }
        : { value: setting.docker };
  }
  if (setting.trouble !== undefined) {
    const literal = setting.docker === undefined ? "" : ", or say --read-by docker if Docker read it as it stands";
    return {
      problem: `${setting.trouble}; write the value itself, without quotes if it has letters and digits only, else in single quotes and with --read-by ruby${literal}`,
    };
  }
  if (reader === "ruby") return { value: setting.ruby };
  const differ = differences(setting);
  if (differ !== undefined) return { problem: `is read differently. ${differ}. Now ${CHOOSE}` };
  if (/^['"`]/.test(setting.ruby ?? ""))
    return {
      problem: `begins with a quote that does not end, so all take it for a part of the value. If it is none, remove it; if it is, ${SAY}`,
    };
  return { value: setting.ruby };
}

function judge(values: Readonly<Record<string, unknown>>, told: readonly string[], wrong = false): OldSecrets {
  const found = SECRET_NAMES.filter((name) => values[name] !== undefined);
  const keys = found.filter((name) => ENCRYPTION_KEYS.includes(name));
  const halves = found.filter((name) => name.startsWith("vapid_"));
  const problems = [
    ...found.map((name) => malformed(name, values[name], [ruleOf(name)])).filter((problem) => problem !== undefined),
    ...(keys.length === 1 || keys.length === 2
      ? [`only ${keys.join(" and ")} of the three encryption keys: without the others what they encrypted is lost`]
      : []),
    ...(halves.length === 1 ? [`only ${halves[0]} of the pair: give both halves, or neither for a new pair`] : []),
    ...pair(values["vapid_private_key"], values["vapid_public_key"]),
    ...(found.length === 0 && !wrong ? ["it holds no secret of a site"] : []),
  ];
  const weak = found.flatMap((name) => {
    const why = typeof values[name] === "string" ? weakness(values[name]) : undefined;
    return why === undefined ? [] : [`${name} is weak: it ${why}`];
  });
  const foreign = found.filter((name) => /password$/.test(name) && wrongWith(String(values[name]), PASSWORD) !== undefined);
  return {
    values: Object.fromEntries(found.map((name) => [name, values[name]])) as Partial<Record<SecretName, string>>,
    others: {},
    problems,
    notes: [
      `taken over: ${found.join(", ")}`,
      ...told,
      ...weak,
      ...(foreign.length === 0
        ? []
        : [
            `for external servers only, as in Postgres.external: ${foreign.join(", ")}; a server that it makes wants 16 to 64 letters and digits`,
          ]),
    ],
  };
}
