// A file that is too large for a boot text as it is: `program.add(...packedFile({ kind: "file", path: "/etc/prometheus/rules.yml", content: () => text }))`.
// Boot texts are compressed by gzip at most, and brotli needs a sixth less for configuration and English text.

import { brotliCompressSync, constants } from "node:zlib";
import { FileStep, Step, textOf } from "./program";
import { shellWord } from "./script";
import { secretsIn } from "./secret-store";

/** Reads what a boot text holds of the file, and prints the file. */
const UNPACK = "base64 -d | brotli -dc";

/** The steps of a file without secrets and without Terraform's expressions. Settings are delivered in the same form. */
export function packedFile(file: FileStep): readonly Step[] {
  const { path, content } = file;
  const word = shellWord(path);
  return [
    { kind: "package", names: ["brotli"] },
    { ...file, content: () => packed(path, textOf(content)), writtenBy: UNPACK },
    {
      kind: "run",
      why: `unpack ${path}`,
      // Run again, it finds nothing that is packed.
      script: `if ${UNPACK} <${word} >${word}.new 2>/dev/null; then\n  chmod --reference=${word} ${word}.new\n  mv ${word}.new ${word}\nelse\n  rm -f ${word}.new\nfi\n`,
    },
  ];
}

// A text is read several times for each plan, and brotli at its best takes long.
const known = new Map<string, string>();

function packed(path: string, text: string): string {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (secretsIn(text).length > 0 || text.includes("${TfToken[")) throw new Error(`${path} holds what only Terraform knows`);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 };
  const lines =
    brotliCompressSync(text, { params })
      .toString("base64")
      .match(/.{1,120}/g) ?? [];
  const made = `${lines.join("\n")}\n`;
  known.set(text, made);
  return made;
}
