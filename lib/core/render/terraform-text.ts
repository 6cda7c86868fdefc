// The one place that makes a text safe for Terraform: `terraformText("curl -w '%{http_code}' ${URL:-/}")`.
// Every string of a synthesized plan is a template to Terraform, so a script's own `${` and `%{` must be doubled, while cdktf's tokens stay.

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
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

/** The bytes that `text` will have once Terraform has compressed it and written it as base64. */
export function packedLength(text: string): number {
  return Math.ceil(gzippedLength(text) / 3) * 4;
}

/** The bytes that `text` will have once Terraform has compressed it. */
export function gzippedLength(text: string): number {
  // What stands in a token's place does not compress, like most secrets. Another gzip than this one may need a little more.
  const filled = text.replace(TOKEN, (token) => {
    const length = Secret.lengthOf(token) ?? UNKNOWN_TOKEN_BYTES;
    return createHash("shake256", { outputLength: length }).update(token).digest("base64").slice(0, length);
  });
  return Math.ceil(gzipSync(filled).length * OTHER_GZIP);
}

/** `text` as a reviewer reads it: each secret as `<secret name>`, any other token as `<known after apply>`. */
export function readableText(text: string): string {
  return text.replace(TOKEN, (token) => {
    const name = Secret.nameOf(token);
    return name === undefined ? "<known after apply>" : `<secret ${name}>`;
  });
}

const UNKNOWN_TOKEN_BYTES = 64;
const OTHER_GZIP = 1.03;

// A function as replacement: in a replacement string `$$` would mean one `$`.
function escape(text: string): string {
  return text.replace(/[$%]\{/g, (mark) => mark[0] + mark);
}
