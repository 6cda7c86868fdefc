// Checks all secrets of a stack in one resource, before anything else of the stack is made: `SecretChecks.of(stack).add(check)`.
// A precondition of a resource shows no value. The validation of a variable would: Terraform prints the value of an invalid variable.

import { Aspects, Lazy, TerraformLocal, TerraformResource, TerraformStack, TerraformResourceLifecycle } from "cdktf";
import { Construct, IConstruct } from "constructs";
import { CHARACTER_NAMES, faults, forTerraform, hcl, noTemplate, SecretRule } from "./secret-rule";

export interface CheckedSecret {
  readonly name: string;
  /** Whether anything on the page uses it. */
  readonly wanted: boolean;
  readonly rules: readonly SecretRule[];
}

const known = new WeakMap<TerraformStack, SecretChecks>();

export class SecretChecks {
  private readonly secrets: CheckedSecret[] = [];
  private readonly first: TerraformResource[] = [];
  private made = false;

  private constructor(private readonly stack: TerraformStack) {
    Aspects.of(stack).add({ visit: (node) => this.visit(node) });
  }

  static of(scope: Construct): SecretChecks {
    const stack = TerraformStack.of(scope);
    const found = known.get(stack) ?? new SecretChecks(stack);
    known.set(stack, found);
    return found;
  }

  /** Registers a secret. It is checked if the page uses it. */
  add(secret: CheckedSecret): void {
    this.secrets.push(secret);
  }

  /**
   * Makes these resources depend on the checks, unless they have other dependencies, which do so already. Whatever depends on them is then checked
   * too, also in a plan of a few resources (`-target`).
   */
  before(resources: readonly TerraformResource[]): void {
    this.first.push(...resources);
  }

  private visit(node: IConstruct): void {
    if (node !== this.stack || this.made || this.secrets.length === 0) return;
    this.made = true;
    this.local("secret_characters", () => `\${jsondecode(${hcl(JSON.stringify(CHARACTER_NAMES))})}`);
    this.local("secret_rules", () => [...this.kept().texts].map((text) => JSON.parse(noTemplate(text)) as unknown));
    this.local("secrets_without_value", () => {
      const empty = this.wanted().map(({ name }) => `var.${name} == "" ? "${name}" : ""`);
      return empty.length === 0 ? "" : `\${nonsensitive(join(", ", compact([${empty.join(", ")}])))}`;
    });
    this.local("secrets_malformed", () => (this.wanted().length === 0 ? "" : `\${${faults(this.kept().rules)}}`));
    const checks = new Checks(this.stack, "SecretChecks", { precondition: [MISSING, MALFORMED] });
    checks.overrideLogicalId("secrets");
    const first = this.first.filter(({ dependsOn }) => dependsOn === undefined || dependsOn.length === 0);
    for (const resource of first) resource.dependsOn = ["terraform_data.secrets"];
  }

  private wanted(): readonly CheckedSecret[] {
    return this.secrets.filter(({ wanted }) => wanted).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  // Each text of a rule once, and the rules of each secret by their numbers.
  private kept(): {
    readonly texts: Iterable<string>;
    readonly rules: readonly { readonly name: string; readonly rule: number }[];
  } {
    const numbers = new Map<string, number>();
    const rules = this.wanted().flatMap(({ name, rules: own }) =>
      own.map((rule) => {
        const text = JSON.stringify(forTerraform(rule));
        const number = numbers.get(text) ?? numbers.size;
        numbers.set(text, number);
        return { name, rule: number };
      }),
    );
    return { texts: numbers.keys(), rules };
  }

  // Lazy: texts that are made at synth may hold secrets too. All of them have been made when the plan is written, since their sizes are checked before.
  private local(name: string, produce: () => unknown): void {
    new TerraformLocal(this.stack, name, Lazy.anyValue({ produce })).overrideLogicalId(name);
  }
}

type Condition = NonNullable<TerraformResourceLifecycle["precondition"]>[number];

const MISSING: Condition = {
  condition: '${local.secrets_without_value == ""}',
  errorMessage:
    'These secrets have no value: ${local.secrets_without_value}. Name the file that holds them, as in --var-file="$PWD/secrets.tfvars.json". ' +
    "npx cdktf-mastodon secrets FILE makes those of a site; others are written into it by hand.",
};
const MALFORMED: Condition = {
  condition: '${local.secrets_malformed == ""}',
  errorMessage:
    "These secrets are malformed:\n${local.secrets_malformed}\n" +
    "Correct them in the file that --var-file names; npx cdktf-mastodon secrets check FILE says the same.",
};

// `terraform_data` without cdktf's class, which would run `terraform version`.
class Checks extends TerraformResource {
  constructor(scope: Construct, id: string, lifecycle: TerraformResourceLifecycle) {
    super(scope, id, {
      terraformResourceType: "terraform_data",
      terraformGeneratorMetadata: { providerName: "terraform" },
      lifecycle,
    });
  }
}
