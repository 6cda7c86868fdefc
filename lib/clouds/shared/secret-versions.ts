// Numbers of secrets, for clouds with a store: `versions.of(secret)` is an expression that changes when the value does. The value itself stands in no plan,
// so Terraform cannot see that it has changed; the user says so in the file of secrets with `cdktf-mastodon secrets changed FILE NAME`.

import { Fn, TerraformStack, TerraformVariable } from "cdktf";
import { Construct } from "constructs";
import { Secret } from "../../core/secret";
import { notSecret } from "./boot-text";

/** The name of the variable, and of its entry in the file of secrets: a number by the name of each secret that was changed. */
export const SECRET_VERSIONS = "secret_versions";
/** The number of a secret that was never changed. */
export const FIRST_VERSION = 1;

const known = new WeakMap<TerraformStack, SecretVersions>();

export class SecretVersions {
  private readonly variable: TerraformVariable;

  private constructor(stack: TerraformStack) {
    this.variable = new TerraformVariable(stack, SECRET_VERSIONS, {
      type: "map(number)",
      nullable: false,
      default: {},
      description: "How often each secret was changed. `cdktf-mastodon secrets changed FILE NAME` writes it.",
    });
    this.variable.addValidation({
      condition: `\${alltrue([for number in values(var.${SECRET_VERSIONS}) : number >= ${FIRST_VERSION} && floor(number) == number])}`,
      errorMessage: `The numbers of ${SECRET_VERSIONS} are whole and at least ${FIRST_VERSION}: npx cdktf-mastodon secrets changed FILE NAME writes them.`,
    });
  }

  /** Those of the stack, which its sites share. */
  static of(scope: Construct): SecretVersions {
    const stack = TerraformStack.of(scope);
    const found = known.get(stack) ?? new SecretVersions(stack);
    known.set(stack, found);
    return found;
  }

  /** The number of a secret, as an expression that is not sensitive; of one that Terraform computes, a number made of its value. Called at synth. */
  of(secret: Secret): string {
    if (!secret.computed) return Fn.lookup(this.variable.value, secret.name, FIRST_VERSION) as string;
    return Fn.parseint(Fn.substr(notSecret(Fn.sha256(String(secret))), 0, HASH_LENGTH), 16) as unknown as string;
  }
}

/** So many hexadecimal digits are a number for any provider. */
const HASH_LENGTH = 7;
