// Which kept machines are older than the page: a changed boot text leaves them alone, and an output says so with the words that renew them.

import { DataResource, Lazy, TerraformOutput } from "cdktf";
import type { LocalNetwork } from "./network";

interface Kept {
  readonly name: string;
  readonly machine: DataResource;
  readonly hashName: string;
}

class Stale {
  private readonly kept: Kept[] = [];

  constructor(network: LocalNetwork) {
    const output = new TerraformOutput(network.scope, "MachinesOlderThanThePage", {
      description:
        "Kept machines whose boot text has changed since they were made. `terraform apply` with these words renews them.",
      value: Lazy.stringValue({ produce: () => this.expression() }),
    });
    output.overrideLogicalId(`${network.site.replaceAll("-", "_")}_machines_older_than_the_page`);
  }

  add(name: string, machine: DataResource, hashName: string): void {
    this.kept.push({ name, machine, hashName });
  }

  private expression(): string {
    const rows = this.kept.map(({ name, machine, hashName }) => {
      const address = `terraform_data.${machine.friendlyUniqueId}`;
      return `"${name}" = ${address}.output.boot == ${hashName} ? "" : "-replace=${address}"`;
    });
    return `\${{ for name, words in { ${rows.join(", ")} } : name => words if words != "" }}`;
  }
}

const known = new WeakMap<LocalNetwork, Stale>();

export function stale(network: LocalNetwork): Stale {
  const found = known.get(network) ?? new Stale(network);
  known.set(network, found);
  return found;
}
