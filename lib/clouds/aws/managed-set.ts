// All databases of one kind that AWS runs for a site, as the entries of one resource: in a resource for each, the protection of a database would be gone
// with the tier that has it. `set.add(scope, "social-database", { … })`.

import { call, Lazy, propertyAccess, ref, TerraformResource, Token } from "cdktf";
import { Construct } from "constructs";
import { Installation } from "../../core/installation";

type Apart = Readonly<Record<string, () => string>>;

export class ManagedSet<Settings extends object> {
  private readonly entries = new Map<string, { readonly settings: Settings; readonly apart: Apart }>();

  /**
   * @param resource it is made on pages without such databases too: there it refuses to delete those of the page before
   * @param apart attributes whose values must not be in `for_each`, such as those of secrets: each is taken from a map of its own
   */
  constructor(
    private readonly resource: TerraformResource,
    apart: readonly string[],
  ) {
    const all = () => [...this.entries].sort(([a], [b]) => (a < b ? -1 : 1));
    const forEach = () => Object.fromEntries(all().map(([name, { settings }]) => [name, settings]));
    resource.addOverride("for_each", Lazy.anyValue({ produce: forEach }));
    for (const attribute of apart) {
      // Terraform cannot take a value out of a map that has none.
      const produce = () => {
        if (this.entries.size === 0) return undefined;
        const values = Object.fromEntries(all().map(([name, { apart: of }]) => [name, of[attribute]!()]));
        return call("lookup", [values, ref("each.key")]);
      };
      resource.addOverride(attribute, Lazy.anyValue({ produce }));
    }
  }

  /**
   * Tells of a database of that name; returns what gives its computed attributes, as references to it alone.
   * @param apart expressions, final at synth
   */
  add(scope: Construct, name: string, settings: Settings, apart: Apart): (attribute: string) => string {
    if (this.entries.has(name)) {
      Installation.of(scope).problems.add(scope, {
        wrong: `its name at AWS is ${name}, which is already used by another database of the page`,
        remedy: "give one of them another id",
      });
    }
    this.entries.set(name, { settings, apart });
    return (attribute) => Token.asString(propertyAccess(this.resource.fqn, [name, attribute]));
  }
}

/** An attribute that not each entry has. */
export function optional(key: string): string {
  return `\${lookup(each.value, "${key}", null)}`;
}
