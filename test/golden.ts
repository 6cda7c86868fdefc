// Readable files that a reviewer reads as a diff: `expectGolden("postgres/database-1.txt", text)`; GOLDEN=write rewrites them.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export function expectGolden(name: string, text: string): void {
  const path = join(__dirname, "golden", name);
  if (process.env["GOLDEN"] === "write") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path) ? readFileSync(path, "utf8") : "(no such file; GOLDEN=write makes it)").toBe(text);
}
