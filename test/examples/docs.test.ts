import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { main } from "../../lib/bin/cdktf-mastodon";
import { variablesPage } from "../../scripts/variables";
import { said } from "../said";

const ROOT = join(__dirname, "../..");
const pages = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);
const examples = new Map(
  readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => [`examples/${name}`, readFileSync(join(ROOT, "examples", name), "utf8")]),
);
/** Pages that explain other pages piece by piece: each links the whole ones. */
const IN_PIECES = ["docs/monitoring.md", "docs/settings.md", "docs/writing-a-cloud.md"];
/** A piece of a class stands further in there than on the page. */
const flush = (text: string) => text.replaceAll(/^ +/gm, "");
const linksOf = (page: string) =>
  [
    ...readFileSync(join(ROOT, page), "utf8")
      .replace(/`[^`\n]*`/g, "")
      .matchAll(/\]\((?!https?:|#)([^)#]+)/g),
  ].map((match) => join(dirname(page), match[1]!));

test("every example is linked", () => {
  const linked = pages.flatMap(linksOf);
  expect([...examples.keys()].filter((name) => !linked.includes(name))).toEqual([]);
});

test("what the pages name is in the package", () => {
  const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly files: readonly string[] };
  expect(files).toEqual(expect.arrayContaining(["docs", "examples"]));
});

test("docs/variables.md is what npm run docs makes of the catalogue", () => {
  expect(readFileSync(join(ROOT, "docs/variables.md"), "utf8")).toBe(variablesPage());
});

describe.each(pages)("%s", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");

  test("every TypeScript is an example from its first import to its end, or a piece of one that is linked; examples compile", () => {
    const shown = [...text.matchAll(/^ *```ts\n([^]*?)^ *```$/gm)].map((match) => match[1]!);
    const linked = linksOf(page);
    const stands = (piece: string) =>
      [...examples].some(
        ([name, example]) =>
          linked.includes(name) &&
          (IN_PIECES.includes(page)
            ? flush(example).includes(flush(piece))
            : piece === example.slice(example.search(/^import /m))),
      );
    expect(shown.filter((piece) => !stands(piece))).toEqual([]);
  });

  test("every file that it links or names is there", () => {
    const linked = linksOf(page);
    const named = [...text.matchAll(/`((?:docs|examples|lib|standin|test|scripts|providers)\/[\w./-]+)`/g)].map(
      (match) => match[1]!,
    );
    expect([...linked, ...named].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("every command of the package that it shows exists", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
    const shown = [...text.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1]!);
    expect(shown.filter((name) => scripts[name] === undefined)).toEqual([]);
    // Of our own command, by what its help lists.
    const { said: help } = said(() => main([]));
    const ours = [...text.matchAll(/npx cdktf-mastodon (\w+)/g)].map((match) => match[1]!);
    expect(ours.filter((name) => !help.includes(`cdktf-mastodon ${name}`))).toEqual([]);
  });
});
