import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { transformSync } from "@swc/core";

const LIB = join(__dirname, "../../lib");

/** What each file requires when it runs, by the compiler that leaves out what is used as a type only. */
function graph(files: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const requires = Object.entries(files).map(([file, text]) => {
    const options = { target: "es2022", parser: { syntax: "typescript" } } as const;
    const { code } = transformSync(text, { jsc: options, module: { type: "commonjs" } });
    const named = [...code.matchAll(/require\("(\.[^"]+)"\)/g)].map((match) => posix.join(posix.dirname(file), match[1]!));
    return [file, named.map((name) => (`${name}.ts` in files ? `${name}.ts` : `${name}/index.ts`))] as const;
  });
  return new Map(requires);
}

/** Each import that leads back to the file that it stands in, as `a.ts > b.ts > a.ts`. */
function circles(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found: string[] = [];
  const whole = new Set<string>();
  const follow = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(" > "));
    if (way.includes(file) || whole.has(file)) return;
    for (const next of imports.get(file) ?? []) follow(next, [...way, file]);
    whole.add(file);
  };
  for (const file of imports.keys()) follow(file, []);
  return found;
}

test("a circle is found, unless one of its imports is a type", () => {
  const a = 'import { b } from "./b";\nexport const a = () => b();';
  expect(circles(graph({ "x/a.ts": a, "x/b.ts": 'import { a } from "../x/a";\nexport const b = () => a();' }))).toEqual([
    "x/a.ts > x/b.ts > x/a.ts",
  ]);
  const typed = 'import { a } from "./a";\nexport const b = (): typeof a => { throw new Error(); };';
  expect(circles(graph({ "x/a.ts": a, "x/b.ts": typed }))).toEqual([]);
});

test("lib's files import each other in no circle", () => {
  const names = readdirSync(LIB, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const imports = graph(Object.fromEntries(names.map((file) => [file, readFileSync(join(LIB, file), "utf8")])));
  // Else a name that was not found would be no edge.
  const bin = [...imports.values()].flat().filter((file) => !file.startsWith(".."));
  expect(bin.filter((file) => !existsSync(join(LIB, file)))).toEqual([]);
  expect(bin.length).toBeGreaterThan(300);
  expect(circles(imports)).toEqual([]);
});
