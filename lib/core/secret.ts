// A value that nobody may read in a plan: `new Secret(site, "database_password", { length: 32, description: "…" })`.
// It becomes a sensitive Terraform variable; texts hold its token, and renderers count it at its declared length.

import { Fn, Lazy, TerraformVariable } from "cdktf";
import { Construct } from "constructs";
import { SecretChecks } from "./secret-checks";
import { isOneLine, ONE_LINE, SecretRule } from "./secret-rule";
import { siteAround, siteCount } from "./sites";

export interface SecretProps {
  /** The longest value in characters; boot texts are measured with it. */
  readonly length: number;
  /** What it is for. */
  readonly description: string;
  /**
   * What a value must look like, as a regular expression of Terraform's; anything else is refused when the plan is made, before the first
   * resource is touched. A line break or another control character is refused in any case, since no file of settings could hold it.
   * @default - 1 to `length` printable characters of ASCII without space, as issuers of keys and passwords emit them
   */
  readonly pattern?: string;
  /**
   * What Terraform computes, as a reference such as `cluster.password`. Such a secret stands in Terraform's state, and nobody checks it.
   * @default - it is a variable, which the user gives
   */
  readonly value?: string;
}

/** How the variable is told to the secrets command, in the plan itself. */
export interface SecretFacts {
  /** The id of the site in the names of variables, if they have it. */
  readonly site?: string;
  /** Its name without the site. */
  readonly name: string;
  readonly wanted: boolean;
  readonly rules: readonly SecretRule[];
}

const knownTokens = new Map<string, { readonly secret: Secret; readonly times: number }>();

export class Secret {
  private readonly token: string;
  private readonly kept: SecretRule[];
  private urlToken: string | undefined;
  private used = false;

  constructor(
    private readonly scope: Construct,
    private readonly shortName: string,
    private readonly props: SecretProps,
  ) {
    const own = { reader: "it", pattern: props.pattern ?? `^[!-~]{1,${props.length}}$` };
    this.kept = isOneLine(own) ? [own] : [ONE_LINE, own];
    const variable = props.value === undefined ? new SecretVariable(scope, shortName, props.description, this) : undefined;
    // Lazy, since the name depends on how many sites the stack turns out to have.
    this.token = props.value ?? Lazy.stringValue({ produce: () => variable!.stringValue });
    knownTokens.set(this.token, { secret: this, times: 1 });
    if (variable !== undefined) SecretChecks.of(scope).add(this);
  }

  /** The name of the Terraform variable: that of the page, behind the site's where a stack has several. Known once the page is whole. */
  get name(): string {
    return this.site === undefined ? this.shortName : `${this.site}_${this.shortName}`;
  }

  /** Whether any text holds it. One that nothing holds needs no value. */
  get wanted(): boolean {
    return this.used;
  }

  /** What its value must look like, each rule by whoever reads it so. */
  get rules(): readonly SecretRule[] {
    return this.kept;
  }

  get facts(): SecretFacts {
    const { site, shortName: name, wanted, rules } = this;
    return { ...(site !== undefined && { site }), name, wanted, rules };
  }

  /** Has values refused that this reader would take for something else. */
  readBy(rule: SecretRule): this {
    if (!this.kept.some(({ pattern, unless }) => pattern === rule.pattern && unless === rule.unless)) this.kept.push(rule);
    return this;
  }

  /** The token that stands for the value where it is part of a URL; each character may take three there. */
  get inUrl(): string {
    if (this.urlToken === undefined) {
      this.urlToken = Fn.urlencode(this.token) as string;
      knownTokens.set(this.urlToken, { secret: this, times: 3 });
    }
    this.used = true;
    return this.urlToken;
  }

  /** The token that stands for the value in any text. */
  toString(): string {
    this.used = true;
    return this.token;
  }

  private get site(): string | undefined {
    const site = siteCount(this.scope) > 1 ? siteAround(this.scope) : undefined;
    return site?.name.replaceAll("-", "_");
  }

  /** The secret behind a token, or `undefined` if the token is none. */
  static of(token: string): Secret | undefined {
    return knownTokens.get(token)?.secret;
  }

  /** Whether a token stands for a secret as a part of a URL. */
  static isInUrl(token: string): boolean {
    return knownTokens.get(token)?.secret.urlToken === token;
  }

  /** The declared length behind a token, or `undefined` if the token is no secret. */
  static lengthOf(token: string): number | undefined {
    const known = knownTokens.get(token);
    return known === undefined ? undefined : known.secret.props.length * known.times;
  }

  /** The variable's name behind a token, or `undefined` if the token is no secret. */
  static nameOf(token: string): string | undefined {
    return knownTokens.get(token)?.secret.name;
  }
}

class SecretVariable extends TerraformVariable {
  constructor(
    scope: Construct,
    id: string,
    description: string,
    private readonly secret: Secret,
  ) {
    // Empty by default, since Terraform would else stop and ask, one after the other, also when it is to destroy. The checks refuse it.
    super(scope, id, { type: "string", sensitive: true, nullable: false, default: "", description });
  }

  override get friendlyUniqueId(): string {
    return this.secret.name;
  }

  override toTerraform(): unknown {
    // Terraform reads nothing below this key.
    this.addOverride("//", this.secret.facts);
    return super.toTerraform();
  }
}
