// The lines at the end of a deploy: the output `<site>_next_steps`. Terraform and cdktf print outputs in alphabetical order, so its name sorts after
// all other outputs of a site: `site.nextSteps.add("Its owner: …")`.

import { Lazy, TerraformOutput } from "cdktf";
import { Construct } from "constructs";

export class NextSteps {
  private readonly lines: string[] = [];

  /** @param last the last lines; called at synth */
  constructor(scope: Construct, site: string, last: () => readonly string[]) {
    const output = new TerraformOutput(scope, "NextSteps", {
      description: "The site's address, the command that opens it, and what comes next.",
      value: Lazy.stringValue({ produce: () => [...this.lines, ...last()].join("\n") }),
    });
    output.overrideLogicalId(`${site.replaceAll("-", "_")}_next_steps`);
  }

  /** Adds lines, which may hold Terraform references. cdktf wraps lines of more than 74 characters, the first at 62. */
  add(...lines: readonly string[]): void {
    this.lines.push(...lines);
  }
}
