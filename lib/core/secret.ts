// A value that nobody may read in a plan: `new Secret(site, "database_password", { length: 32, describe: "…" })`.
// It becomes a sensitive Terraform variable; texts hold its token, and renderers count it at its declared length.

import { Fn, TerraformVariable } from "cdktf";
import { Construct } from "constructs";

export interface SecretProps {
  /** The longest value in characters; boot texts are measured with it. */
  readonly length: number;
  /** What it is for, as shown by `terraform plan` when the value is missing. */
  readonly description: string;
  /**
   * What a value must look like; anything else is refused before the first resource is touched.
   * @default - 1 to `length` letters and digits, which survive env files, YAML and shells unquoted
   */
  readonly pattern?: string;
}

interface Known {
  readonly name: string;
  readonly length: number;
}

const knownTokens = new Map<string, Known>();

export class Secret {
  /** The name of the Terraform variable. */
  readonly name: string;
  private readonly token: string;
  private readonly length: number;
  private urlToken: string | undefined;

  constructor(scope: Construct, name: string, props: SecretProps) {
    const pattern = props.pattern ?? `^[0-9A-Za-z]{1,${props.length}}$`;
    const variable = new TerraformVariable(scope, name, {
      type: "string",
      sensitive: true,
      nullable: false,
      description: props.description,
      validation: [
        {
          condition: `\${can(regex(${JSON.stringify(pattern)}, var.${name}))}`,
          errorMessage: `The secret ${name} must match ${pattern}; make it with the secrets command.`,
        },
      ],
    });
    variable.overrideLogicalId(name);
    this.name = name;
    this.token = variable.stringValue;
    this.length = props.length;
    knownTokens.set(this.token, { name, length: props.length });
  }

  /** The token that stands for the value where it is part of a URL; each character may take three there. */
  get inUrl(): string {
    if (this.urlToken === undefined) {
      this.urlToken = Fn.urlencode(this.token) as string;
      knownTokens.set(this.urlToken, { name: this.name, length: this.length * 3 });
    }
    return this.urlToken;
  }

  /** The token that stands for the value in any text. */
  toString(): string {
    return this.token;
  }

  /** The declared length behind a token, or `undefined` if the token is no secret. */
  static lengthOf(token: string): number | undefined {
    return knownTokens.get(token)?.length;
  }

  /** The variable's name behind a token, or `undefined` if the token is no secret. */
  static nameOf(token: string): string | undefined {
    return knownTokens.get(token)?.name;
  }
}
