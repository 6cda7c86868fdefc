// Checks all secrets of a stack in one resource, before anything else of the stack is made: `SecretChecks.of(stack).add(check)`.
// A precondition of a resource shows no value. The validation of a variable would: Terraform prints the value of an invalid variable.

import { Aspects, TerraformLocal, TerraformResource, TerraformStack, TerraformResourceLifecycle } from "cdktf";
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
    const wanted = this.secrets.filter((secret) => secret.wanted);
    if (node !== this.stack || wanted.length === 0) return;
    wanted.sort((a, b) => (a.name < b.name ? -1 : 1));
    const rules = new Map<string, number>();
    const kept = wanted.flatMap(({ name, rules: own }) =>
      own.map((rule) => {
        const text = JSON.stringify(forTerraform(rule));
        const known = rules.get(text) ?? rules.size;
        rules.set(text, known);
        return { name, rule: known };
      }),
    );
    const empty = wanted.map(({ name }) => `var.${name} == "" ? "${name}" : ""`).join(", ");
    this.local("secret_characters", `\${jsondecode(${hcl(JSON.stringify(CHARACTER_NAMES))})}`);
    this.local(
      "secret_rules",
      [...rules.keys()].map((text) => JSON.parse(noTemplate(text)) as unknown),
    );
    this.local("secrets_without_value", `\${nonsensitive(join(", ", compact([${empty}])))}`);
    this.local("secrets_malformed", `\${${faults(kept)}}`);
    const checks = new Checks(this.stack, "SecretChecks", { precondition: [MISSING, MALFORMED] });
    checks.overrideLogicalId("secrets");
    const first = this.first.filter(({ dependsOn }) => dependsOn === undefined || dependsOn.length === 0);
    for (const resource of first) resource.dependsOn = ["terraform_data.secrets"];
    this.secrets.splice(0);
  }

  private local(name: string, value: unknown): void {
    new TerraformLocal(this.stack, name, value).overrideLogicalId(name);
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
