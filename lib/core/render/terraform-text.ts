// The one place that makes a text safe for Terraform: `terraformText("curl -w '%{http_code}' ${URL:-/}")`.
// Every string of a synthesized plan is a template to Terraform, so a script's own `${` and `%{` must be doubled, while cdktf's tokens stay.

import { Secret } from "../secret";

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** Escapes Terraform's template marks in `text`, leaving the tokens of cdktf (secrets, computed addresses) as they are. */
export function terraformText(text: string): string {
  let escaped = "";
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    escaped += escape(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
  }
  return escaped + escape(text.slice(from));
}

/** The bytes that `text` will have on the machine: a secret counts at its declared length, any other token at 64. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text.replace(TOKEN, (token) => "x".repeat(Secret.lengthOf(token) ?? UNKNOWN_TOKEN_BYTES)));
}

/** `text` as a reviewer reads it: each secret as `<secret name>`, any other token as `<known after apply>`. */
export function readableText(text: string): string {
  return text.replace(TOKEN, (token) => {
    const name = Secret.nameOf(token);
    return name === undefined ? "<known after apply>" : `<secret ${name}>`;
  });
}

const UNKNOWN_TOKEN_BYTES = 64;

// A function as replacement: in a replacement string `$$` would mean one `$`.
function escape(text: string): string {
  return text.replace(/[$%]\{/g, (mark) => mark[0] + mark);
}
