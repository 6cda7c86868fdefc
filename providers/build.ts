// Makes the bindings of a provider that nobody publishes, from the schema in its folder: `tsx providers/build.ts hcloud [--into DIRECTORY]`.
// What is built from the same schema by the same tools is kept; the same input gives the same bytes.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import ts from "typescript";

interface Manifest {
  readonly cdktf: { readonly provider: { readonly name: string; readonly version: string } };
}

async function main([provider, ...rest]: readonly string[]): Promise<void> {
  const folder = join(__dirname, provider ?? "");
  if (provider === undefined || !existsSync(join(folder, "schema.json"))) {
    throw new Error("usage: tsx providers/build.ts PROVIDER [--into DIRECTORY]");
  }
  const lib = rest[0] === "--into" && rest[1] !== undefined ? resolve(rest[1]) : join(folder, "lib");
  const stamp = fingerprint(folder);
  const stampFile = join(lib, ".made-from");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  // Below the package, so that its imports are found as they will be.
  const work = mkdtempSync(join(folder, "build-"));
  try {
    await generate(folder, provider, work);
    compile(join(work, "src"), join(work, "lib"));
    writeFileSync(join(work, "lib/.made-from"), stamp);
    rmSync(lib, { recursive: true, force: true });
    mkdirSync(join(lib, ".."), { recursive: true });
    // In one step, so that an interrupted build leaves nothing half made.
    if (lib.startsWith(folder)) renameSync(join(work, "lib"), lib);
    else cpSync(join(work, "lib"), lib, { recursive: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fingerprint(folder: string): string {
  const hash = createHash("sha256");
  for (const file of [join(folder, "schema.json"), join(folder, "package.json"), __filename]) hash.update(readFileSync(file));
  const tools = ["@cdktf/provider-generator", "cdktf", "typescript"];
  for (const tool of tools) hash.update(readFileSync(require.resolve(`${tool}/package.json`)));
  return hash.digest("hex") + "\n";
}

async function generate(folder: string, provider: string, into: string): Promise<void> {
  // Loading the generator asks for Terraform's version, which nothing here needs, and would report to its makers if it got no answer.
  Object.assign(process.env, { TERRAFORM_BINARY_NAME: "true", CHECKPOINT_DISABLE: "1" });
  const { CodeMaker } = await import("codemaker");
  // Deep, since the package's index wants jsii and its packers, for other languages than ours.
  const { TerraformProviderGenerator } = await import("@cdktf/provider-generator/lib/get/generator/provider-generator");
  const { ConstructsMakerProviderTarget, Language, TerraformProviderConstraint } = await import("@cdktf/commons");
  const { name, version } = (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest).cdktf.provider;
  const schema = JSON.parse(readFileSync(join(folder, "schema.json"), "utf8")) as { provider_versions?: Record<string, string> };
  // Without it the classes would not ask Terraform for the very version that they were made from.
  schema.provider_versions = { [name]: version };
  const generator = new TerraformProviderGenerator(new CodeMaker(), schema);
  const source = name.replace("registry.terraform.io/", "");
  const constraint = new TerraformProviderConstraint({ name: provider, source, version: `~> ${version}` });
  generator.generate(new ConstructsMakerProviderTarget(constraint, Language.TYPESCRIPT));
  await generator.save(into);
  renameSync(join(into, "providers", provider), join(into, "src"));
}

function compile(from: string, to: string): void {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    declaration: true,
    strict: true,
    skipLibCheck: true,
    types: ["node"],
    rootDir: from,
    outDir: to,
  };
  const program = ts.createProgram([join(from, "index.ts"), join(from, "lazy-index.ts")], options);
  const { diagnostics } = program.emit();
  const wrong = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (wrong.length > 0) {
    const host = { getCanonicalFileName: (file: string) => file, getCurrentDirectory: () => from, getNewLine: () => "\n" };
    throw new Error(`${relative(__dirname, from)} does not compile:\n${ts.formatDiagnostics(wrong, host)}`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
