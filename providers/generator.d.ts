// What the generator's deep import is; the package ships no types.

declare module "@cdktf/provider-generator/lib/get/generator/provider-generator" {
  import type { CodeMaker } from "codemaker";
  import type { ConstructsMakerProviderTarget } from "@cdktf/commons";

  export class TerraformProviderGenerator {
    constructor(code: CodeMaker, schema: object);
    generate(target: ConstructsMakerProviderTarget): void;
    save(outdir: string): Promise<void>;
  }
}
