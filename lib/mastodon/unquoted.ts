// Mastodon's files of settings are YAML and quote nothing: whether a text means itself there, `isPlain("mastodon")`.

import { parse } from "yaml";

/** Whether YAML reads the text without quotes as that very text. Ruby's reader is of version 1.1, where `yes` and `1_000` are no texts. */
export function isPlain(text: string): boolean {
  try {
    return (parse(`key: ${text}\n`, { version: "1.1", logLevel: "error" }) as { readonly key: unknown }).key === text;
  } catch {
    return false;
  }
}
