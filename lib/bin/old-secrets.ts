// What a server has already, as secrets of a site: `oldSecrets(text)` of a `.env.production`, or of an older secrets file.

import { CATALOGUE } from "../mastodon/env-catalogue";
import { malformed, pair, weakness } from "../mastodon/secret-check";
import { ENCRYPTION_KEYS, SECRET_NAMES, SecretName } from "../mastodon/secrets";
import { dotenv } from "./dotenv";

export interface OldSecrets {
  readonly values: Readonly<Partial<Record<SecretName, string>>>;
  /** Why nothing should be made of it. */
  readonly problems: readonly string[];
  /** What its owner should know; no values. */
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

export function oldSecrets(text: string): OldSecrets {
  return text.trimStart().startsWith("{") ? judge(fromJson(text), []) : fromDotenv(text);
}

function fromJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function fromDotenv(text: string): OldSecrets {
  const settings = dotenv(text);
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [variable, name] of Object.entries({ ...ALIKE, ...PARTS })) {
    const setting = settings.get(variable);
    if (setting === undefined || setting.value === "") continue;
    if (setting.value === undefined) problems.push(`${variable}: refers to another variable; write out what it stands for`);
    else values[name] = setting.value;
  }
  // An address outranks the parts in Mastodon, so it does here.
  for (const [variable, name] of Object.entries(URLS)) {
    const address = settings.get(variable)?.value;
    if (address === undefined || address === "") continue;
    try {
      const { password } = new URL(address);
      if (password !== "") values[name] = decodeURIComponent(password);
      // Of Redis' address Mastodon reads nothing beside it; the database's is completed by DB_PASS.
      else if (name !== "database_password") delete values[name];
    } catch {
      problems.push(`${variable}: cannot be read as an address`);
    }
  }
  const known = { ...ALIKE, ...PARTS, ...URLS };
  const others = [...settings.keys()].filter(
    (variable) => !(variable in known) && (CATALOGUE[variable]?.secret ?? /(PASSWORD|SECRET|_KEY)$/.test(variable)),
  );
  const told = others.length === 0 ? [] : [`not taken over, since the page names them itself: ${others.sort().join(", ")}`];
  const judged = judge(values, told);
  return { ...judged, problems: [...problems, ...judged.problems] };
}

function judge(values: Readonly<Record<string, unknown>>, told: readonly string[]): OldSecrets {
  const found = SECRET_NAMES.filter((name) => values[name] !== undefined);
  const keys = found.filter((name) => ENCRYPTION_KEYS.includes(name));
  const halves = found.filter((name) => name.startsWith("vapid_"));
  const problems = [
    ...found.map((name) => malformed(name, values[name])).filter((problem) => problem !== undefined),
    ...(keys.length === 1 || keys.length === 2
      ? [`only ${keys.join(" and ")} of the three encryption keys: without the others what they encrypted is lost`]
      : []),
    ...(halves.length === 1 ? [`only ${halves[0]} of the pair: give both halves, or neither for a new pair`] : []),
    ...pair(values["vapid_private_key"], values["vapid_public_key"]),
    ...(found.length === 0 ? ["it holds no secret of a site"] : []),
  ];
  const weak = found.flatMap((name) => {
    const why = typeof values[name] === "string" ? weakness(values[name]) : undefined;
    return why === undefined ? [] : [`${name} is weak: it ${why}`];
  });
  const foreign = found.filter((name) => /password$/.test(name) && !/^[0-9A-Za-z]{16,64}$/.test(String(values[name])));
  return {
    values: Object.fromEntries(found.map((name) => [name, values[name]])) as Partial<Record<SecretName, string>>,
    problems,
    notes: [
      `taken over: ${found.join(", ")}`,
      ...told,
      ...weak,
      ...(foreign.length === 0
        ? []
        : [
            `for servers outside the page only, as in Postgres.external: ${foreign.join(", ")}; a server that it makes wants 16 to 64 letters and digits`,
          ]),
    ],
  };
}
