// Which values of secrets Mastodon's own files of settings take for something else: `readSecret(site, "SMTP_PASSWORD", token)`.

import { Secret } from "../core/secret";
import { SecretRule } from "../core/secret-rule";
import { rowOf } from "./env-catalogue";
import { quotesNothing } from "./unquoted";
import { MastodonVersion } from "./version";

// In 4.4.0 these stand unquoted in config/email.yml, config/translation.yml and config/cache_buster.yml (mastodon/mastodon#35305). Whoever
// stands there with `to_json`, as they do from 4.4.1 on and DB_PASS in config/database.yml always has, takes everything.
const UNQUOTED: readonly string[] = [
  "SMTP_PASSWORD",
  "BULK_SMTP_PASSWORD",
  "DEEPL_API_KEY",
  "LIBRE_TRANSLATE_API_KEY",
  "CACHE_BUSTER_SECRET",
];
/** Unquoted in config/captcha.yml from 4.4 to the newest release. */
const CAPTCHA = "HCAPTCHA_SECRET_KEY";

// RE2 and JavaScript have no way in common to say that capitals do not matter.
const anyCase = (words: string) => words.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);
const NO_TEXT = [
  "^(=|~|<<)$",
  anyCase("^(null|true|false|yes|no|on|off|y|n)$"),
  anyCase("^[-+]?[.](inf|nan)$"),
  // Decimal, octal and binary, with fractions and exponents, and those that count in sixties; then hexadecimal, and dates.
  "^[-+]?([0-9.][0-9_,.:xob]*)?([Ee][-+]?[0-9]+)?$",
  "^[-+]?0x[0-9A-Fa-f_,]+$",
  "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}",
  " #",
  ": ",
];

/** What Ruby's YAML reads as the very text: no sign of YAML's at its beginning, no comment, no key, no number and no word of its own. */
export const UNQUOTED_YAML: Pick<SecretRule, "pattern" | "unless" | "allowed"> = {
  pattern: "^[0-9A-Za-z$()+./;<=^_~\\\\]([!-~ ]*[!-9;-~])?$",
  unless: NO_TEXT.join("|"),
  allowed:
    "what YAML reads as plain text, since it stands there unquoted: it begins with a letter, a digit or one of $ ( ) + . / ; < = ^ _ ~ \\, " +
    "does not end in a colon or a space, has no number sign behind a space nor a space behind a colon, and is no number, date or word like true",
};

/** Has a secret refused whose value the processes would not get as it is. */
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
