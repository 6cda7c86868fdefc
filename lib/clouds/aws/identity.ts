// The roles of machines: one a tier, which may read the secrets of the tier's machines and nothing else, unless `allow` adds to it:
// `network.identities.of(scope, "machines-database", spec).allow({ Sid: "…", Action: ["s3:GetObject"], Resource: ["…"] })`.

import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Lazy, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { HostSpec } from "../../core/host-spec";
import { shortened } from "../../core/names";
import { SecretChecks } from "../../core/secret-checks";
import { addressOf } from "../shared/terraform-address";
import { IAM_NAME_LENGTH } from "./limits";
import type { AwsNetwork } from "./network";

/** A statement of an IAM policy, in IAM's own words. */
export interface Statement {
  /** Letters and digits. A statement with the same words is added once; IAM wants another id for each, so further ones get a number. */
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** The identity of a tier's machines. */
export interface Identity {
  /** The name of the instance profile. */
  readonly profile: string;
  /** What must stand before a machine boots: its rights, and the secrets that it reads. */
  readonly ready: readonly TerraformResource[];
  /** Allows more. */
  allow(statement: Statement): void;
}

const VERSION = "2012-10-17";

/** Who may be this role: instances of EC2 alone. */
const TRUST = JSON.stringify({
  Version: VERSION,
  Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
});

export class Identities {
  private readonly tiers = new Map<string, Identity>();
  private readonly hosts = new Map<string, HostSpec[]>();

  constructor(private readonly network: AwsNetwork) {}

  /** The identity of a tier; made once. All its hosts have one role on the page. */
  of(_scope: Construct, tier: string, host: HostSpec): Identity {
    const found = this.tiers.get(tier) ?? this.make(tier, host);
    this.tiers.set(tier, found);
    this.hosts.set(tier, [...(this.hosts.get(tier) ?? []), host]);
    return found;
  }

  private make(tier: string, { role }: HostSpec): Identity {
    const { network } = this;
    // Names of roles are those of an account, whatever the region.
    const name = shortened(`${network.site}-${tier}-${network.settings.region}`, IAM_NAME_LENGTH);
    const statements = new Map<string, Statement>();
    const allow = (statement: Statement) => void statements.set(key(statement), statement);
    const identity = new IamRole(network.scope, `Role-${tier}`, {
      name,
      description: `Machines of ${tier} of ${network.site}`,
      assumeRolePolicy: TRUST,
      tags: network.tags(tier),
    });
    // It depends on nothing else of the page that would be made after the secrets are checked.
    SecretChecks.of(network.scope).before([identity]);
    const roleName = `\${${addressOf(identity)}.name}`;
    const policy = new IamRolePolicy(network.scope, `Rights-${tier}`, {
      name: "rights",
      role: roleName,
      policy: Lazy.stringValue({ produce: () => policyOf([this.readsSecrets(tier, role), ...statements.values()]) }),
    });
    const profile = new IamInstanceProfile(network.scope, `Profile-${tier}`, { name, role: roleName, tags: network.tags(tier) });
    return {
      profile: `\${${addressOf(profile)}.name}`,
      ready: [policy, network.parameters.of(role)],
      allow,
    };
  }

  /**
   * The parameters of the tier's machines, each by its name: tiers of one role on the page share a path, and not all have the same secrets, such as the
   * password of a database's admin, which the scheduler's machine alone has. To decrypt them needs no statement: the key policy of `aws/ssm`, the account's own
   * key, allows it for all who may read a parameter (docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html).
   */
  private readsSecrets(tier: string, role: HostSpec["role"]): Statement {
    const { found, settings, parameters } = this.network;
    const all = (this.hosts.get(tier) ?? []).flatMap((host) => host.secrets().map(({ name }) => name));
    // IAM takes no statement without a resource; nothing has the name of the path itself.
    const names = all.length === 0 ? [""] : [...new Set(all)].sort();
    const path = `arn:${found.partition}:ssm:${settings.region}:${found.account}:parameter${parameters.path(role)}`;
    return { Sid: "ReadSecrets", Action: ["ssm:GetParameters"], Resource: names.map((name) => `${path}${name}`) };
  }

  /** The page is whole. */
  end(): void {}
}

function policyOf(statements: readonly Statement[]): string {
  const sorted = [...statements].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const name = ({ Sid }: Statement, at: number) => {
    const before = sorted.slice(0, at).filter((other) => other.Sid === Sid).length;
    return before === 0 ? Sid : `${Sid}${before + 1}`;
  };
  return JSON.stringify({
    Version: VERSION,
    Statement: sorted.map((statement, at) => {
      const { Action, Resource, Condition } = statement;
      return { Sid: name(statement, at), Effect: "Allow", Action, Resource, ...(Condition !== undefined && { Condition }) };
    }),
  });
}

function key(statement: Statement): string {
  return `${statement.Sid} ${JSON.stringify(statement)}`;
}
