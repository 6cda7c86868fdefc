// Checks all secrets of a stack in one resource, before anything else of the stack is made: `SecretChecks.of(stack).add(check)`.
// A precondition of a resource shows no value. The validation of a variable would: Terraform prints the value of an invalid variable.

import { Aspects, Lazy, TerraformLocal, TerraformResource, TerraformStack } from "cdktf";
import { Construct, IConstruct } from "constructs";
import { CHARACTER_NAMES, faults, fits, forTerraform, hcl, noTemplate, SecretRule } from "./secret-rule";

export interface CheckedSecret {
  readonly name: string;
  /** Whether anything on the page uses it. */
  readonly wanted: boolean;
  /** Whether its variable is ephemeral. Terraform shows no message that is computed from such a value, not even one that says that it is empty. */
  readonly ephemeral: boolean;
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
    if (this.made) this.order();
  }

  private visit(node: IConstruct): void {
    if (node !== this.stack || this.made || this.secrets.length === 0) return;
    this.made = true;
    // A value that is `undefined` does not stand in the plan.
    const shown =
      <T>(produce: () => T) =>
      () =>
        this.onlyEphemeral ? undefined : produce();
    this.local(
      "secret_characters",
      shown(() => `\${jsondecode(${hcl(JSON.stringify(CHARACTER_NAMES))})}`),
    );
    this.local(
      "secret_rules",
      shown(() => [...this.kept().texts].map((text) => JSON.parse(noTemplate(text)) as unknown)),
    );
    this.local(
      "secrets_without_value",
      shown(() => {
        const empty = this.wanted(false).map(({ name }) => `var.${name} == "" ? "${name}" : ""`);
        return empty.length === 0 ? "" : `\${nonsensitive(join(", ", compact([${empty.join(", ")}])))}`;
      }),
    );
    this.local(
      "secrets_malformed",
      shown(() => (this.wanted(false).length === 0 ? "" : `\${${faults(this.kept().rules)}}`)),
    );
    this.local("secrets_given", () => {
      const ephemeral = this.wanted(true);
      return ephemeral.length === 0 ? undefined : `\${${ephemeral.map(({ name }) => `var.${name} != ""`).join(" || ")}}`;
    });
    const checks = new Checks(this.stack, "SecretChecks");
    checks.overrideLogicalId("secrets");
    checks.addOverride("lifecycle.precondition", Lazy.anyValue({ produce: () => this.conditions() }));
    this.order();
  }

  private order(): void {
    const first = this.first.filter(({ dependsOn }) => dependsOn === undefined || dependsOn.length === 0);
    for (const resource of first) resource.dependsOn = ["terraform_data.secrets"];
  }

  private conditions(): readonly Condition[] {
    const ephemeral = this.wanted(true);
    return [
      ...(this.onlyEphemeral ? [] : [MISSING, MALFORMED]),
      ...(ephemeral.length === 0 ? [] : ephemeralConditions(ephemeral)),
    ];
  }

  private get onlyEphemeral(): boolean {
    return this.wanted(true).length > 0 && this.wanted(false).length === 0;
  }

  private wanted(ephemeral: boolean): readonly CheckedSecret[] {
    const wanted = this.secrets.filter((secret) => secret.wanted && secret.ephemeral === ephemeral);
    return wanted.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  // Each text of a rule once, and the rules of each secret by their numbers.
  private kept(): {
    readonly texts: Iterable<string>;
    readonly rules: readonly { readonly name: string; readonly rule: number }[];
  } {
    const numbers = new Map<string, number>();
    const rules = this.wanted(false).flatMap(({ name, rules: own }) =>
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

/** A precondition as a plan has it. */
interface Condition {
  readonly condition: string;
  readonly error_message: string;
}

const FILE =
  'Name the file that holds them, as in --var-file="$PWD/secrets.tfvars.json". ' +
  "npx cdktf-mastodon secrets FILE makes those of a site; others are written into it by hand.";

const MISSING: Condition = {
  condition: '${local.secrets_without_value == ""}',
  error_message: `These secrets have no value: \${local.secrets_without_value}. ${FILE}`,
};
const MALFORMED: Condition = {
  condition: '${local.secrets_malformed == ""}',
  error_message:
    "These secrets are malformed:\n${local.secrets_malformed}\n" +
    "Correct them in the file that --var-file names; npx cdktf-mastodon secrets check FILE says the same.",
};

/** One condition for each way in which each secret can be wrong, with a message in fixed words; one alone if no secret has a value. */
function ephemeralConditions(secrets: readonly CheckedSecret[]): readonly Condition[] {
  const names = secrets.map(({ name }) => name).join(", ");
  return [
    { condition: "${local.secrets_given}", error_message: `These secrets have no value: ${names}. ${FILE}` },
    ...secrets.flatMap(({ name, rules }) => [
      ...(secrets.length === 1
        ? []
        : [
            {
              condition: `\${var.${name} != "" || !local.secrets_given}`,
              error_message: `The secret ${name} has no value. Write it into the file that --var-file names.`,
            },
          ]),
      ...rules.map((rule) => ({
        condition: `\${var.${name} == "" || (${fits(name, rule)})}`,
        error_message:
          `The secret ${name} is malformed: ${noTemplate(forTerraform(rule).says)}. ` +
          "Correct it in the file that --var-file names; npx cdktf-mastodon secrets check FILE says what is wrong with it.",
      })),
    ]),
  ];
}

// `terraform_data` without cdktf's class, which would run `terraform version`.
class Checks extends TerraformResource {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      terraformResourceType: "terraform_data",
      terraformGeneratorMetadata: { providerName: "terraform" },
    });
  }
}
