import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { variablesPage } from "../../scripts/variables";

const ROOT = join(__dirname, "../..");
const pages = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);
const examples = readdirSync(join(ROOT, "examples")).map((name) => readFileSync(join(ROOT, "examples", name, "main.ts"), "utf8"));

test("docs/variables.md is what npm run docs makes of the catalogue", () => {
  expect(readFileSync(join(ROOT, "docs/variables.md"), "utf8")).toBe(variablesPage());
});

describe.each(pages)("%s", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");

  test("every piece of TypeScript stands in an example, which compiles", () => {
    const pieces = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match) => match[1]!);
    expect(pieces.filter((piece) => !examples.some((example) => example.includes(piece)))).toEqual([]);
  });

  test("every file that it links or names is there", () => {
    const linked = [...text.replace(/`[^`\n]*`/g, "").matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) =>
      join(dirname(page), match[1]!),
    );
    const named = [...text.matchAll(/`((?:docs|examples|lib|standin|test|scripts|providers)\/[\w./-]+)`/g)].map(
      (match) => match[1]!,
    );
    expect([...linked, ...named].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("every command of the package that it shows exists", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
    const shown = [...text.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1]!);
    expect(shown.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
