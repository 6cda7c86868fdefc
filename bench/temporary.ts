// A temporary directory, deleted afterwards: `await inTemporary((directory) => …)`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function inTemporary<Result>(use: (directory: string) => Result | Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  // Also when a signal ends the process: secrets may lie in it.
  process.once("exit", remove);
  try {
    return await use(directory);
  } finally {
    process.off("exit", remove);
    remove();
  }
}
