// `cdktf-mastodon/cloud` is all that somebody outside has to write a cloud with, so each type that its words mention must be one of them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";

const EXAMPLE = join(__dirname, "../../examples/own-cloud");
const LIB = join(__dirname, "../../lib");
const isOurs = (declaration: ts.Declaration) => declaration.getSourceFile().fileName.startsWith(LIB);
const modifiers = (declaration: ts.Declaration) => ts.getCombinedModifierFlags(declaration);

/** Types of this library that a file's exports mention and that it does not export itself, as `Problems.add: Problem`. */
function unspoken(file: string, text?: string): readonly string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    strict: true,
    skipLibCheck: true,
    noLib: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { readFile } = host;
  host.readFile = (name) => (name === file && text !== undefined ? text : readFile(name));
  const program = ts.createProgram([file], options, host);
  const checker = program.getTypeChecker();
  const whole = (symbol: ts.Symbol) => ((symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol));
  const index = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  const spoken = new Map(checker.getExportsOfModule(index).map((symbol) => [whole(symbol), symbol.name]));
  const found = new Set<string>();
  const seen = new Set<ts.Symbol>();

  const mention = (where: string, name: ts.Node) => {
    const at = checker.getSymbolAtLocation(name);
    const symbol = at === undefined ? undefined : whole(at);
    if (symbol === undefined || spoken.has(symbol) || (symbol.flags & ts.SymbolFlags.TypeParameter) !== 0) return;
    const ours = (symbol.declarations ?? []).filter(isOurs);
    if (ours.length === 0) return;
    // What its own file does not export nobody can name; what it is made of counts.
    if (ours.some((one) => modifiers(one) & ts.ModifierFlags.Export)) found.add(`${where}: ${symbol.name}`);
    else follow(where, symbol);
  };

  const follow = (where: string, symbol: ts.Symbol) => {
    if (seen.has(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) walk(where, declaration);
  };

  const walk = (where: string, node: ts.Node): void => {
    if (ts.isBlock(node)) return;
    if (ts.isClassElement(node) && modifiers(node) & ts.ModifierFlags.Private) return;
    const name = ts.isClassElement(node) || ts.isTypeElement(node) ? node.name : undefined;
    const place = name === undefined ? where : `${where}.${name.getText()}`;
    if (ts.isTypeReferenceNode(node)) mention(place, node.typeName);
    if (ts.isExpressionWithTypeArguments(node)) mention(place, node.expression);
    // The type of a field or a constant that names none comes from its value.
    if ((ts.isPropertyDeclaration(node) || ts.isVariableDeclaration(node)) && node.type === undefined) {
      const { symbol } = checker.getTypeAtLocation(node);
      if (symbol?.declarations?.some(isOurs) && symbol.flags & ts.SymbolFlags.Class && !spoken.has(symbol))
        found.add(`${place}: ${symbol.name}`);
      return;
    }
    ts.forEachChild(node, (child) => walk(place, child));
  };

  for (const [symbol, name] of spoken) follow(name, symbol);
  return [...found].sort();
}

test("each type that a word of cdktf-mastodon/cloud mentions is one of its words", () => {
  expect(unspoken(join(LIB, "cloud.ts"))).toEqual([]);
}, 60_000);

test("a type that is left out is found, by where it stands", () => {
  const text = `
    export { type HostSpec, type DiskSpec } from "./core/host-spec";
    export { Problems } from "./core/problems";
    export { unit } from "./core/unit";`;
  expect(unspoken(join(LIB, "some.ts"), text)).toEqual([
    "HostSpec.calls: Flow",
    "HostSpec.identity: IdentityUse",
    "HostSpec.names: HostName",
    "HostSpec.openings: Flow",
    "HostSpec.role: Role",
    "HostSpec.secrets: Secret",
    "HostSpec.size: Size",
    "Problems.add: Problem",
    "unit: SystemdFile",
  ]);
}, 60_000);

test("examples/own-cloud is made of public words alone", () => {
  const texts = readdirSync(EXAMPLE)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(EXAMPLE, name), "utf8"));
  const from = texts.flatMap((text) => [...text.matchAll(/ from "([^"]+)"/g)].map((match) => match[1]!));
  expect([...new Set(from)].sort()).toEqual([
    "./cloud",
    "cdktf",
    "cdktf-mastodon",
    "cdktf-mastodon/cloud",
    "cdktf-mastodon/testing",
    "constructs",
  ]);
});
