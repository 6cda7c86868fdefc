// The secrets of a site, each a sensitive Terraform variable: `secret(site, "database_password")`.
// `makeSecrets()` generates a value for each, in the formats of Mastodon's own generators.

import { createECDH, randomBytes, randomInt } from "node:crypto";
import { Aspects } from "cdktf";
import { Secret } from "../core/secret";
import { SecretRule } from "../core/secret-rule";
import { Site } from "./site";

interface Format {
  readonly length: number;
  readonly pattern: string;
  readonly description: string;
  readonly make: () => string;
}

// These are written to env files only, which can hold any printable character, so values of an older server are accepted.
const LONG: Omit<Format, "description" | "make"> = { length: 256, pattern: "^[!-~]{30,256}$" };
const KEY: Omit<Format, "description" | "make"> = { length: 128, pattern: "^[!-~]{12,128}$" };
const hex128 = (): string => randomBytes(64).toString("hex");
const letters32 = (): string => letters(32);
// Letters and digits only, which need no quoting in env files, YAML, SQL, ini files and URLs.
const OWN_PASSWORD: Omit<Format, "description"> = { length: 64, pattern: "^[0-9A-Za-z]{16,64}$", make: makePassword };

/** The rule for the password of a server that the page makes. */
export const PASSWORD: SecretRule = { reader: "a server of the page", pattern: OWN_PASSWORD.pattern };

// Printable characters without those that some reader interprets: a space ends a word, " ends an entry of PgBouncer, \ is an escape character,
// and Mastodon decodes % in Redis' password. Passwords from Amazon's, DigitalOcean's and Aiven's generators are shorter than the limit.
const EXTERNAL_PASSWORD = { length: 128, pattern: "^[!#$&-\\[\\]-~]{1,128}$" };

/** The rule for the password of an external server, which is written to PgBouncer's list of users, Redis' URL and env files. */
export const PASSWORD_OF_EXTERNAL: SecretRule = { reader: "an external server", pattern: EXTERNAL_PASSWORD.pattern };

const FORMATS = {
  secret_key_base: { ...LONG, make: hex128, description: "Signs sessions. A change logs everyone out." },
  otp_secret: {
    ...LONG,
    make: hex128,
    description: "Encrypts second factors up to Mastodon 4.3; later versions read it in the upgrade that encrypts them anew.",
  },
  active_record_encryption_primary_key: {
    ...KEY,
    make: letters32,
    description: "Encrypts columns. If it is lost or changed, data is lost.",
  },
  active_record_encryption_deterministic_key: {
    ...KEY,
    make: letters32,
    description: "Encrypts columns. If it is lost or changed, data is lost.",
  },
  active_record_encryption_key_derivation_salt: {
    ...KEY,
    make: letters32,
    description: "Encrypts columns. If it is lost or changed, data is lost.",
  },
  vapid_private_key: {
    length: 44,
    // Older generators omit the padding, and a key that begins with a zero byte may be one character shorter.
    pattern: "^[0-9A-Za-z_-]{42,43}={0,2}$",
    description: "Signs web push; half of a pair. A change ends all subscriptions.",
    make: () => "",
  },
  vapid_public_key: {
    length: 88,
    pattern: "^B[0-9A-Za-z_-]{86}=?$",
    description: "The public half of the pair that signs web push.",
    make: () => "",
  },
  database_password: { ...OWN_PASSWORD, description: "The PostgreSQL role mastodon." },
  replication_password: { ...OWN_PASSWORD, description: "The PostgreSQL role replicator." },
  pgbouncer_admin_password: { ...OWN_PASSWORD, description: "PgBouncer's console." },
  redis_password: { ...OWN_PASSWORD, description: "Redis for feeds and pub/sub." },
  redis_cache_password: { ...OWN_PASSWORD, description: "Redis for the cache." },
  redis_sidekiq_password: { ...OWN_PASSWORD, description: "Redis for jobs." },
  etcd_password: { ...OWN_PASSWORD, description: "The users root and patroni of etcd." },
  patroni_password: { ...OWN_PASSWORD, description: "Patroni's REST API, where it changes anything." },
  sentinel_password: { ...OWN_PASSWORD, description: "The sentinels that watch Redis." },
} satisfies Record<string, Format>;

export type SecretName = keyof typeof FORMATS;
export const SECRET_NAMES = Object.keys(FORMATS) as readonly SecretName[];

/** The three keys of Active Record Encryption: data can only be decrypted with all of them. */
export const ENCRYPTION_KEYS: readonly SecretName[] = SECRET_NAMES.filter((name) => name.startsWith("active_record_encryption_"));
// Secrets of servers that the page always makes itself.
const OWN: readonly SecretName[] = [
  "replication_password",
  "pgbouncer_admin_password",
  "etcd_password",
  "patroni_password",
  "sentinel_password",
];

/** The rule that a value must satisfy for any page: most passwords may be of an external server. */
export function ruleOf(name: SecretName): SecretRule {
  if (!name.endsWith("_password")) return { reader: "it", pattern: FORMATS[name].pattern };
  return OWN.includes(name) ? PASSWORD : PASSWORD_OF_EXTERNAL;
}

/** What the secret is for, and the effect of a change. */
export function purposeOf(name: SecretName): string {
  return FORMATS[name].description;
}

export interface MadeSecret {
  readonly secret: Secret;
  /** The external server whose password it is, if it is one. */
  readonly of: string | undefined;
}

// The secrets command writes all secrets, since a later tier may need one, and Terraform warns of values without a variable: so all are declared.
function declareOthers(site: Site, secrets: ReadonlyMap<SecretName, MadeSecret>): void {
  for (const name of SECRET_NAMES)
    if (!secrets.has(name) && site.node.tryFindChild(name) === undefined) new Secret(site, name, FORMATS[name]);
}

/** The secret of that name in the site; the same object for each call. */
export function secret(site: Site, name: SecretName): Secret {
  return ask(site, name, FORMATS[name], undefined);
}

/** The password of an external server. */
export function externalPassword(site: Site, name: SecretName, of: string): Secret {
  return ask(site, name, { ...FORMATS[name], ...EXTERNAL_PASSWORD }, of);
}

function ask(
  site: Site,
  name: SecretName,
  { length, pattern, description }: Omit<Format, "make">,
  of: string | undefined,
): Secret {
  const known = site.shared;
  const { secrets } = known;
  known.once("all secrets", () => {
    Aspects.of(site).add({ visit: (node) => void (node === site && declareOthers(site, secrets)) });
  });
  const found = secrets.get(name) ?? { secret: new Secret(site, name, { length, pattern, description }), of };
  secrets.set(name, found);
  if ((found.of === undefined) !== (of === undefined)) {
    site.problems.add(site, {
      wrong: `${name} is the password of ${of ?? found.of} and of a server that this page makes`,
      remedy: "give the external server another secret, as in password: new Secret(site, …)",
    });
  }
  return found.secret;
}

/** Generates a password for a server that the page makes. */
export function makePassword(): string {
  return letters(40);
}

/** Generates new values for all secrets of a site. */
export function makeSecrets(): Readonly<Record<SecretName, string>> {
  const values = Object.fromEntries(SECRET_NAMES.map((name) => [name, FORMATS[name].make()])) as Record<SecretName, string>;
  const pair = createECDH("prime256v1");
  const publicKey = pair.generateKeys();
  // Node omits leading zero bytes of a private key; the format needs all 32 bytes.
  const privateKey = pair.getPrivateKey();
  const padded = Buffer.concat([Buffer.alloc(32 - privateKey.length), privateKey]);
  return { ...values, vapid_private_key: urlSafe(padded), vapid_public_key: urlSafe(publicKey) };
}

function urlSafe(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function letters(length: number): string {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
}
