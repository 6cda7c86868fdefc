// `npm run drill -- growth`: examples/local with one more web machine, Redis replica and PostgreSQL replica, made from its text.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(__dirname, "..");

/** The text of a page like examples/local with more machines. */
export function grown(text: string): string {
  const changes = [
    ['"Database", { replicas: 1', '"Database", { replicas: 2'],
    ['"Redis", { replicas: 2', '"Redis", { replicas: 3'],
    ['"Web", { machines: 2', '"Web", { machines: 3'],
  ] as const;
  return changes.reduce((page, [from, to]) => {
    if (!page.includes(from)) throw new Error(`the page does not say ${from}: it cannot grow by itself any more`);
    return page.replace(from, to);
  }, text);
}

if (require.main === module) {
  const page = join(ROOT, "cdktf.out/grown.ts");
  mkdirSync(join(ROOT, "cdktf.out"), { recursive: true });
  writeFileSync(page, grown(readFileSync(join(ROOT, "examples/local/main.ts"), "utf8")));
  require(page);
}
