// Some of Mastodon's settings files insert values into YAML without quotes. Whether YAML reads a text unchanged then: `isPlain("mastodon")`.

import { parse } from "yaml";

/**
 * Whether this version does so with the settings of mail, translation and the cache buster: 4.4.0 alone. Before, Ruby read the variables itself;
 * 4.4.1 quotes them (mastodon/mastodon#35314).
 */
export function quotesNothing(isBefore: (version: string) => boolean): boolean {
  return !isBefore("4.4") && isBefore("4.4.1");
}

/**
 * Whether YAML reads the unquoted text unchanged. Ruby's parser uses YAML 1.1, where `yes` and `1_000` are not strings, and has two more special
 * forms than the package for Node: `1,000` and `:word`.
 */
export function isPlain(text: string): boolean {
  const found = known.get(text) ?? readsAsItself(text);
  known.set(text, found);
  return found;
}

// Pages set the same values for many processes.
const known = new Map<string, boolean>();

function readsAsItself(text: string): boolean {
  if (/^[-+]?[0-9][0-9_,]*$|^:/.test(text)) return false;
  try {
    return (parse(`key: ${text}\n`, { version: "1.1", logLevel: "error" }) as { readonly key: unknown }).key === text;
  } catch {
    return false;
  }
}
