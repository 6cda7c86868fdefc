// Refuses secrets whose value Mastodon's own YAML settings files would change: `readSecret(site, "SMTP_PASSWORD", token)`.

import { Secret } from "../core/secret";
import { SecretRule } from "../core/secret-rule";
import { rowOf } from "./env-catalogue";
import { quotesNothing } from "./unquoted";
import { MastodonVersion } from "./version";

// In 4.4.0 these are unquoted in config/email.yml, config/translation.yml and config/cache_buster.yml (mastodon/mastodon#35305). From 4.4.1 on
// they are quoted by `to_json`, as DB_PASS in config/database.yml always is, and accept any value.
const UNQUOTED: readonly string[] = [
  "SMTP_PASSWORD",
  "BULK_SMTP_PASSWORD",
  "DEEPL_API_KEY",
  "LIBRE_TRANSLATE_API_KEY",
  "CACHE_BUSTER_SECRET",
];
/** Unquoted in config/captcha.yml from 4.4 to the newest release. */
const CAPTCHA = "HCAPTCHA_SECRET_KEY";

// RE2 and JavaScript have no common syntax for case-insensitive patterns.
const anyCase = (words: string) => words.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);
const NO_TEXT = [
  "^(=|~|<<)$",
  anyCase("^(null|true|false|yes|no|on|off|y|n)$"),
  anyCase("^[-+]?[.](inf|nan)$"),
  // Decimal, octal and binary numbers, fractions, exponents and sexagesimal numbers; then hexadecimal numbers, and dates.
  "^[-+]?([0-9.][0-9_,.:xob]*)?([Ee][-+]?[0-9]+)?$",
  "^[-+]?0x[0-9A-Fa-f_,]+$",
  "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}",
  " #",
  ": ",
];

/** Values that Ruby's YAML reads unchanged without quotes: no YAML indicator first, no comment, no key, no number and no keyword. */
export const UNQUOTED_YAML: Pick<SecretRule, "pattern" | "unless" | "allowed"> = {
  pattern: "^[0-9A-Za-z$()+./;<=^_~\\\\]([!-~ ]*[!-9;-~])?$",
  unless: NO_TEXT.join("|"),
  allowed:
    "what YAML reads as plain text, since it stands there unquoted: it begins with a letter, a digit or one of $ ( ) + . / ; < = ^ _ ~ \\, " +
    "does not end in a colon or a space, has no number sign behind a space nor a space behind a colon, and is no number, date or word like true",
};

/** Adds a rule that refuses values of a secret which the processes would read differently. */
export function readSecret(version: MastodonVersion, variable: string, token: string): void {
  const secret = Secret.of(token);
  if (secret === undefined) return;
  const unquoted =
    (UNQUOTED.includes(variable) && quotesNothing((other) => version.isBefore(other))) ||
    (variable === CAPTCHA && !version.isBefore("4.4"));
  if (unquoted) secret.readBy({ reader: variable, ...UNQUOTED_YAML });
  if (variable === "SAML_PRIVATE_KEY") secret.readBy({ reader: variable, ...ONE_LINE_KEY });
  const format = rowOf(variable)?.format;
  if (format !== undefined) secret.readBy({ reader: variable, pattern: format.source });
}

const ONE_LINE_KEY: Pick<SecretRule, "pattern" | "allowed"> = {
  pattern: "^[0-9A-Za-z+/=]+$",
  allowed: "what a key in PEM form has between its BEGIN and END, written in one line",
};
