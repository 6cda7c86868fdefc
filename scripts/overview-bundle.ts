// Makes the overview page small enough for boot texts: one script and one style sheet from those in its folder: `tsx scripts/overview-bundle.ts`. It is a
// part of `npm run prepare`; what it makes is not in the repository.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync, transformSync } from "esbuild";

const FOLDER = join(__dirname, "../lib/mastodon/monitoring/overview");

/** The made files by name. */
export function overviewBundle(): Readonly<Record<string, string>> {
  const made = buildSync({
    entryPoints: [join(FOLDER, "overview.js")],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  const styles = readFileSync(join(FOLDER, "overview.css"), "utf8");
  return {
    "overview.js": made.outputFiles[0]!.text,
    "overview.css": transformSync(styles, { loader: "css", minify: true }).code,
  };
}

if (require.main === module) {
  mkdirSync(join(FOLDER, "bundle"), { recursive: true });
  for (const [name, text] of Object.entries(overviewBundle())) writeFileSync(join(FOLDER, "bundle", name), text);
}
