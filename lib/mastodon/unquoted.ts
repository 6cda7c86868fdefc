// Some of Mastodon's files of settings are YAML without quotes: whether a text means itself there, `isPlain("mastodon")`.

import { parse } from "yaml";

/**
 * Whether this version has the settings of mail, translation and the cache of a content network in such files: 4.4.0 alone. Before, Ruby read the
 * variables itself; 4.4.1 quotes them (mastodon/mastodon#35314).
 */
export function quotesNothing(isBefore: (version: string) => boolean): boolean {
  return !isBefore("4.4") && isBefore("4.4.1");
}

/**
 * Whether YAML reads the text without quotes as that very text. Ruby's reader is of version 1.1, where `yes` and `1_000` are no texts, and knows two
 * forms more than the package for Node: `1,000` and `:word`.
 */
export function isPlain(text: string): boolean {
  if (/^[-+]?[0-9][0-9_,]*$|^:/.test(text)) return false;
  try {
    return (parse(`key: ${text}\n`, { version: "1.1", logLevel: "error" }) as { readonly key: unknown }).key === text;
  } catch {
    return false;
  }
}
