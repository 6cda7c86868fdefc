// Writes a file atomically, so that no reader gets a part of it: `replaceFile("inventory.json", text)`.

import { renameSync, writeFileSync } from "node:fs";

/** Returns what is wrong, with what to do, if the file cannot be written. */
export function replaceFile(file: string, text: string): string | undefined {
  try {
    const beside = `${file}.new`;
    writeFileSync(beside, text);
    renameSync(beside, file);
    return undefined;
  } catch (error) {
    return `${file} cannot be written: ${(error as Error).message} / name a file in a directory that is there`;
  }
}
