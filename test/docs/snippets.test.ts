import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");

/** The lines between `// region NAME` and `// endregion` of a file. */
function region(file: string, name: string): string {
  const text = readFileSync(join(ROOT, file), "utf8");
  const [, found] = new RegExp(`// region ${name}\\n([^]*?)// endregion\\n`).exec(text) ?? [];
  return found ?? `(there is no region ${name} in ${file})`;
}

const snippets = readdirSync(join(ROOT, "docs"))
  .filter((file) => file.endsWith(".md"))
  .flatMap((file) => {
    const text = readFileSync(join(ROOT, "docs", file), "utf8");
    const marked = [...text.matchAll(/<!-- (\S+)#(\S+) -->\n\n```ts\n([^]*?)```\n/g)];
    return marked.map(([, source, name, code]) => ({ file, source: source!, name: name!, code: code! }));
  });

test.each(snippets)("$file shows the region $name of $source", ({ source, name, code }) => {
  expect(code).toBe(region(source, name));
});

test("there are snippets, and those of docs/hetzner.md all say where they come from", () => {
  const text = readFileSync(join(ROOT, "docs/hetzner.md"), "utf8");
  const mine = snippets.filter(({ file }) => file === "hetzner.md");
  expect(mine.length).toBeGreaterThan(0);
  expect(text.match(/```ts/g)).toHaveLength(mine.length);
});
