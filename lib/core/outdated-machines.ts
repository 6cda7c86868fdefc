// Kept machines that are older than the page: a changed boot text does not touch them, so an output lists them with the option that renews each.

import { Lazy, TerraformOutput } from "cdktf";
import { Construct } from "constructs";

export interface Kept {
  readonly name: string;
  /** Its resource address in Terraform, as in `hcloud_server.Social_Database_1`. */
  readonly address: string;
  /** A Terraform expression for the hash of the boot text with which it was made. */
  readonly madeWith: string;
  /** A Terraform expression for the hash of the page's boot text. */
  readonly now: string;
}

export class OutdatedMachines {
  private readonly kept: Kept[] = [];

  constructor(scope: Construct, site: string) {
    const output = new TerraformOutput(scope, "MachinesOlderThanThePage", {
      description:
        "Kept machines whose boot text has changed since they were made, each with the option of `terraform apply` that makes it anew.",
      value: Lazy.stringValue({ produce: () => this.expression() }),
    });
    output.overrideLogicalId(`${site.replaceAll("-", "_")}_machines_older_than_the_page`);
  }

  add(kept: Kept): void {
    this.kept.push(kept);
  }

  private expression(): string {
    const rows = this.kept.map(
      ({ name, address, madeWith, now }) => `"${name}" = ${madeWith} == ${now} ? "" : "-replace=${address}"`,
    );
    return `\${{ for name, words in { ${rows.join(", ")} } : name => words if words != "" }}`;
  }
}
