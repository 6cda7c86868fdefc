// Secrets in AWS' Parameter Store: one parameter for each role and secret, `/social/web/database_password`, which machines of the role read at boot.
// Values are written by a write-only attribute, so neither plan nor state has them.

import { join } from "node:path";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { call, Fn, Lazy, ref, Token } from "cdktf";
import { Role } from "../../core/address-plan";
import { HostSpec } from "../../core/host-spec";
import { Step } from "../../core/program";
import { script } from "../../core/script";
import { Secret } from "../../core/secret";
import { SecretChecks } from "../../core/secret-checks";
import { SECRETS_DIRECTORY } from "../../core/secret-store";
import { SecretVersions } from "../shared/secret-versions";
import { PARAMETER_BYTES } from "./limits";
import type { AwsNetwork } from "./network";

/** How long a boot waits for the store before it begins again: the rights of a new role take up to a minute, a NAT gateway a few. */
const LIMIT_SECONDS = 300;
const PAUSE_SECONDS = 5;
/** Names that Parameter Store keeps for AWS, whatever their case. */
const RESERVED = /^(aws|ssm)/i;

export class Parameters {
  private readonly numbers: SecretVersions;
  private readonly roles = new Map<Role, SsmParameter>();
  private readonly texts = new Map<HostSpec, string>();

  constructor(private readonly network: AwsNetwork) {
    this.numbers = SecretVersions.of(network.scope);
    if (!RESERVED.test(network.site)) return;
    network.problems.add(network.scope, {
      wrong: `its name "${network.site}" begins with a word that AWS' Parameter Store keeps for itself`,
      remedy: "give it an id that begins with neither aws nor ssm: the names of its secrets begin with it",
    });
  }

  /** The path of a role's parameters, with a slash at its end. */
  path(role: Role): string {
    return `/${this.network.site}/${role}/`;
  }

  /**
   * The parameters of a role: those of all secrets of its hosts, which are known at synth. One resource for all of them, so that machines can depend on it
   * before. It has no attribute that may change besides the number: without another number the provider would write an empty value with the change.
   */
  of(role: Role): SsmParameter {
    const found = this.roles.get(role) ?? this.make(role);
    this.roles.set(role, found);
    return found;
  }

  private make(role: Role): SsmParameter {
    const { network } = this;
    const each = (of: (secret: Secret) => string) =>
      Object.fromEntries(this.secrets(role).map((secret) => [secret.name, of(secret)]));
    const made = new SsmParameter(network.scope, `Secrets-${role}`, {
      name: `${this.path(role)}\${each.key}`,
      type: "SecureString",
      tier: "Standard",
      valueWo: Lazy.stringValue({ produce: () => Token.asString(call("lookup", [each(String), ref("each.key"), ""])) }),
      valueWoVersion: Token.asNumber("${each.value}"),
      tags: network.tags(`${role}-secrets`),
    });
    made.addOverride("for_each", Lazy.anyValue({ produce: () => each((secret) => this.numbers.of(secret)) }));
    SecretChecks.of(network.scope).before([made]);
    return made;
  }

  /** The secrets of all hosts of a role, by name. */
  private secrets(role: Role): readonly Secret[] {
    const all = this.network.all.filter(({ spec }) => spec.role === role).flatMap(({ spec }) => spec.secrets());
    return [...new Map(all.map((secret) => [secret.name, secret]))]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, secret]) => secret);
  }

  /**
   * What a host performs to read its secrets. The numbers of the secrets are in its boot text, so that a changed secret is a changed boot text: it
   * replaces members of pools, and makes kept machines older than the page. Machines need not compare them with what they read, since the parameters are
   * written before the machines are made. A member of an old generation that AWS launches during a deploy may have the new value already.
   */
  steps(host: HostSpec): readonly Step[] {
    const secrets = host.secrets();
    if (secrets.length === 0) return [];
    return [
      { kind: "package", names: ["awscli", "jq"] },
      {
        kind: "run",
        why: "secrets from AWS' Parameter Store",
        script: script(join(__dirname, "read-secrets.sh"), {
          DIRECTORY: SECRETS_DIRECTORY,
          REGION: this.network.settings.region,
          STORE: this.path(host.role),
          NAMES: secrets.map(({ name }) => name).join(" "),
          NUMBERS: this.versions(host),
          LIMIT_SECONDS,
          PAUSE_SECONDS,
        }),
      },
    ];
  }

  // One token for all, since the size of a boot text counts each with more bytes than such numbers take; and always the same one for the same host.
  private versions(host: HostSpec): string {
    const produce = () =>
      Fn.join(
        " ",
        host.secrets().map((secret) => this.numbers.of(secret)),
      );
    const text = this.texts.get(host) ?? Lazy.stringValue({ produce });
    this.texts.set(host, text);
    return text;
  }

  /** The page is whole: refuses what the store does not take. */
  end(): void {
    for (const { scope, spec } of this.network.all) {
      for (const secret of spec.secrets()) {
        const bytes = Secret.lengthOf(String(secret))!;
        if (bytes <= PARAMETER_BYTES) continue;
        this.network.problems.add(scope, {
          wrong: `its secret ${secret.name} may have ${bytes} characters, and a parameter of AWS takes ${PARAMETER_BYTES}`,
          remedy: "declare the length that it has, or give the program a smaller one",
          cause: `length of ${secret.name}`,
        });
      }
    }
  }
}
