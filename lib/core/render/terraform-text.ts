// Escapes a text for Terraform: `terraformText("curl -w '%{http_code}' ${URL:-/}")`.
// Terraform treats every string of a synthesized plan as a template, so `${` and `%{` of a script must be doubled, while cdktf's tokens stay.

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Secret } from "../secret";
import { lengthOf } from "./many-lines";

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** Escapes Terraform's template marks in `text`, but not the tokens of cdktf (secrets, computed addresses). */
export function terraformText(text: string): string {
  let escaped = "";
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    escaped += escape(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
  }
  return escaped + escape(text.slice(from));
}

/** The size of `text` on the machine in bytes: a secret counts with its declared length, and any other token with 64, unless it has several lines. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text.replace(TOKEN, (token) => "x".repeat(bytesOf(token))));
}

/** The size of `text` in bytes after gzip and base64 by Terraform. */
export function packedLength(text: string): number {
  return Math.ceil(gzippedLength(text) / 3) * 4;
}

/** The size of `text` in bytes after gzip by Terraform. */
export function gzippedLength(text: string): number {
  // A token is replaced by random characters, since secrets do not compress well. Another implementation of gzip may need slightly more.
  const filled = text.replace(TOKEN, (token) => {
    const length = bytesOf(token);
    return createHash("shake256", { outputLength: length }).update(token).digest("base64").slice(0, length);
  });
  return Math.ceil(gzipSync(filled).length * OTHER_GZIP);
}

/** `text` for review: each secret as `<secret name>`, any other token as `<known after apply>`. */
export function readableText(text: string): string {
  return text.replace(TOKEN, (token) => {
    const name = Secret.nameOf(token);
    return name === undefined ? "<known after apply>" : `<secret ${name}>`;
  });
}

function bytesOf(token: string): number {
  return Secret.lengthOf(token) ?? lengthOf(token) ?? UNKNOWN_TOKEN_BYTES;
}

const UNKNOWN_TOKEN_BYTES = 64;
const OTHER_GZIP = 1.03;

// The replacement is a function, since in a replacement string `$$` means one `$`.
function escape(text: string): string {
  return text.replace(/[$%]\{/g, (mark) => mark[0] + mark);
}
