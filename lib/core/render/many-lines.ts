// Values of Terraform's that have several lines, such as certificates: `manyLines(authority.certificate)`. YAML indents every line of a text, and these
// lines are not there when the text is written.

import { Fn } from "cdktf";

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;
/** That of an authority with an RSA key of 4096 bits takes some 2000 bytes. */
const LENGTH = 2048;

const known = new Set<string>();
const indentedTokens = new Map<string, string>();

/** The same text, with a line break at its end. Each value of Terraform's in it may have several lines. */
export function manyLines(text: string): string {
  for (const [token] of text.matchAll(TOKEN)) known.add(token);
  return text.endsWith("\n") ? text : `${text}\n`;
}

/** The size in bytes with which such a value counts; `undefined` for any other token. */
export function lengthOf(token: string): number | undefined {
  return known.has(token) ? LENGTH : undefined;
}

/** A text that is indented by so many spaces, in which Terraform indents the further lines of such values as well. */
export function indented(spaces: number, text: string): string {
  return text.replace(TOKEN, (token) => {
    if (!known.has(token)) return token;
    const key = `${spaces} ${token}`;
    const made = indentedTokens.get(key) ?? Fn.indent(spaces, token);
    indentedTokens.set(key, made);
    known.add(made);
    return made;
  });
}
