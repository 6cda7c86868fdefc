// A value that no plan shows: `new Secret(site, "database_password", { length: 32, description: "…" })`.
// It is a sensitive Terraform variable, and an ephemeral one where machines fetch secrets from a store. Texts hold its token, and the size of a boot
// text is computed with its declared length.

import { Fn, Lazy, TerraformVariable } from "cdktf";
import { Construct } from "constructs";
import { SecretChecks } from "./secret-checks";
import { isOneLine, ONE_LINE, SecretRule } from "./secret-rule";
import { siteAround, siteCount, sitesBeside } from "./sites";

export interface SecretProps {
  /** The maximum length in characters; used to compute the size of boot texts. */
  readonly length: number;
  /** What it is used for. */
  readonly description: string;
  /**
   * A regular expression of Terraform's that the value must match. Other values are refused when the plan is made, before any resource is changed.
   * Line breaks and other control characters are always refused, since settings files cannot hold them.
   * @default - 1 to `length` printable ASCII characters without space
   */
  readonly pattern?: string;
  /**
   * A value that Terraform computes, as a reference such as `cluster.password`. Such a secret is stored in Terraform's state and is not checked.
   * @default - a variable, whose value the user gives
   */
  readonly value?: string;
  /**
   * Whether `cdktf-mastodon secrets` makes a value for it, of 40 letters and digits: for the password of a server that the page makes.
   * @default false - the user writes it into the file of secrets
   */
  readonly generated?: boolean;
}

/** What the plan holds about a variable for `cdktf-mastodon secrets`. */
export interface SecretFacts {
  /** The site's name as a prefix of variable names, if they have one. */
  readonly site?: string;
  /** Its name without the site. */
  readonly name: string;
  readonly wanted: boolean;
  readonly rules: readonly SecretRule[];
  /** Whether the command makes a value for it. */
  readonly generated?: true;
}

const knownTokens = new Map<string, { readonly secret: Secret; readonly times: number }>();

export class Secret {
  private readonly token: string;
  private readonly kept: SecretRule[];
  private urlToken: string | undefined;
  private used = false;
  private stored = false;

  constructor(
    private readonly scope: Construct,
    private readonly shortName: string,
    private readonly props: SecretProps,
  ) {
    const own = { reader: "it", pattern: props.pattern ?? `^[!-~]{1,${props.length}}$` };
    this.kept = isOneLine(own) ? [own] : [ONE_LINE, own];
    const variable = props.value === undefined ? new SecretVariable(scope, shortName, props.description, this) : undefined;
    // Lazy, since the name depends on the number of sites in the stack.
    this.token = props.value ?? Lazy.stringValue({ produce: () => variable!.stringValue });
    knownTokens.set(this.token, { secret: this, times: 1 });
    if (variable !== undefined) SecretChecks.of(scope).add(this);
  }

  /** The name of the Terraform variable, prefixed with the site's name if the stack has several sites. Final at synth. */
  get name(): string {
    return this.site === undefined ? this.shortName : `${this.site}_${this.shortName}`;
  }

  /** Whether any text uses it. An unused secret needs no value. */
  get wanted(): boolean {
    return this.used;
  }

  /**
   * Whether neither plan nor state hold its value: it is used on clouds with a store only, and in no attribute of a resource (`forState`).
   * Terraform refuses such a value anywhere but in write-only attributes and conditions. Final at synth.
   */
  get ephemeral(): boolean {
    if (this.props.value !== undefined || this.stored) return false;
    const all = sitesBeside(this.scope);
    const own = siteAround(this.scope);
    const fetched = (own === undefined ? all : [own]).some(({ fetchesSecrets }) => fetchesSecrets);
    return fetched && !all.some((site) => !site.fetchesSecrets && site.holds(this));
  }

  /** A value that Terraform computes (`SecretProps.value`), which no variable holds. */
  get computed(): boolean {
    return this.props.value !== undefined;
  }

  /** The rules for its value. */
  get rules(): readonly SecretRule[] {
    return this.kept;
  }

  get facts(): SecretFacts {
    const { site, shortName: name, wanted, rules } = this;
    const generated = this.props.generated === true && ({ generated: true } as const);
    return { ...(site !== undefined && { site }), name, wanted, rules, ...generated };
  }

  /** Adds a rule, for a program that would misread other values. */
  readBy(rule: SecretRule): this {
    if (!this.kept.some(({ pattern, unless }) => pattern === rule.pattern && unless === rule.unless)) this.kept.push(rule);
    return this;
  }

  /** The token of the value as a part of a URL, where a character may take three. */
  get inUrl(): string {
    if (this.urlToken === undefined) {
      this.urlToken = Fn.urlencode(this.token) as string;
      knownTokens.set(this.urlToken, { secret: this, times: 3 });
    }
    this.used = true;
    return this.urlToken;
  }

  /** The token of the value for an attribute that Terraform keeps in its state, such as the password of a service that a provider makes. */
  forState(): string {
    this.stored = true;
    return this.toString();
  }

  /** The token of the value in any other text. */
  toString(): string {
    this.used = true;
    return this.token;
  }

  private get site(): string | undefined {
    const site = siteCount(this.scope) > 1 ? siteAround(this.scope) : undefined;
    return site?.name.replaceAll("-", "_");
  }

  /** The secret of a token, or `undefined`. */
  static of(token: string): Secret | undefined {
    return knownTokens.get(token)?.secret;
  }

  /** Whether a token is that of a secret as a part of a URL. */
  static isInUrl(token: string): boolean {
    return knownTokens.get(token)?.secret.urlToken === token;
  }

  /** The maximum length of what a token stands for, or `undefined` if it is no secret. */
  static lengthOf(token: string): number | undefined {
    const known = knownTokens.get(token);
    return known === undefined ? undefined : known.secret.props.length * known.times;
  }

  /** The variable name of a token, or `undefined` if it is no secret. */
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
    // Empty by default: otherwise Terraform would prompt for each one, also on destroy. The checks refuse an empty value.
    super(scope, id, { type: "string", sensitive: true, nullable: false, default: "", description });
  }

  override get friendlyUniqueId(): string {
    return this.secret.name;
  }

  override toTerraform(): unknown {
    // Terraform ignores the key "//".
    this.addOverride("//", this.secret.facts);
    // cdktf's variables have no such property.
    if (this.secret.ephemeral) this.addOverride("ephemeral", true);
    return super.toTerraform();
  }
}
