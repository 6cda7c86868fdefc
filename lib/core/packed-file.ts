// Files that are too large for a boot text as they are: `program.add(...packedFile({ kind: "file", path: "/etc/prometheus/rules.yml", content }))`. The
// boot text has all of them as one block that brotli has made, which is a sixth smaller than what gzip makes of them.

import { extname } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { FileStep, Step, textOf } from "./program";
import { shellWord } from "./script";

/** Where the block is. */
export const PACKED = "/var/lib/cdktf-mastodon-packed";

/** Writes the files of the block. */
export const UNPACK = `echo "boot: packed files"\nbase64 -d ${PACKED} | brotli -dc | bash -eu\n`;

/**
 * The steps of a file without secrets. If it holds what only Terraform knows, the boot text has it as any other file. A change is delivered as that of
 * any other file.
 */
export function packedFile(file: FileStep): readonly Step[] {
  return [
    { kind: "package", names: ["brotli"] },
    { ...file, packed: true },
  ];
}

/** Whether a file is in the block. Called at synth. */
export function isPacked({ packed, content }: FileStep): boolean {
  return packed === true && !textOf(content).includes("${TfToken[");
}

/** The block. Files of one kind stand together, since brotli finds more in the text just before: this is some 150 bytes less. */
export function packedBlock(files: readonly FileStep[]): string {
  const kind = ({ path }: FileStep) => `${extname(path)} ${path}`;
  const text = files
    .toSorted((a, b) => (kind(a) < kind(b) ? -1 : 1))
    .map(written)
    .join("");
  const found = known.get(text);
  if (found !== undefined) return found;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 };
  // One line: gzip, which is to follow, packs 64 signs best if there are no others among them.
  const made = `${brotliCompressSync(text, { params }).toString("base64")}\n`;
  known.set(text, made);
  return made;
}

// A boot text is read several times for each plan, and brotli at its best takes long.
const known = new Map<string, string>();

function written({ path, content, mode = "0644" }: FileStep): string {
  const text = textOf(content);
  const lines = text.split("\n");
  let end = "END";
  while (lines.includes(end)) end += "_";
  const word = shellWord(path);
  return `install -D -m ${mode} /dev/null ${word}\ncat >${word} <<'${end}'\n${text}${text.endsWith("\n") || text === "" ? "" : "\n"}${end}\n`;
}
