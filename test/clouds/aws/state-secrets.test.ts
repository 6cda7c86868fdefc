// What of a plan Terraform keeps in clear, held against the provider. sensitive.json has each attribute that AWS' provider 6.25 marks as sensitive, of 359
// types of resources and 176 of data sources: those that the state keeps, and those that are write-only.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { secretsInState, STATE_SECRETS } from "../../../lib/clouds/aws/state-secrets";
import { ProvidersSchema, SchemaBlock } from "../../../lib/testing/schema-check";

interface Sensitive {
  readonly kept: readonly string[];
  readonly writeOnly: readonly string[];
  readonly types: { readonly resources: number; readonly dataSources: number };
}

interface Marked {
  readonly sensitive?: boolean;
  readonly write_only?: boolean;
}

const read = (name: string) => JSON.parse(readFileSync(join(__dirname, name), "utf8")) as unknown;
const sensitive = read("sensitive.json") as Sensitive;
const { provider_schemas } = read("schema.json") as ProvidersSchema;
const provider = Object.values(provider_schemas)[0]!;
const listed = Object.entries(STATE_SECRETS).flatMap(([name, all]) => Object.keys(all).map((path) => `${name}: ${path}`));

/** The paths of all attributes below a block that hold. */
function paths(block: SchemaBlock, holds: (attribute: Marked) => boolean, before = ""): readonly string[] {
  return [
    ...Object.entries(block.attributes ?? {}).flatMap(([name, attribute]) => (holds(attribute as Marked) ? [before + name] : [])),
    ...Object.entries(block.block_types ?? {}).flatMap(([name, inner]) => paths(inner.block, holds, `${before}${name}.`)),
  ];
}

function inSchema(holds: (attribute: Marked) => boolean): readonly string[] {
  const resources = Object.entries(provider.resource_schemas ?? {});
  const data = Object.entries(provider.data_source_schemas ?? {}).map(([name, one]) => [`data.${name}`, one] as const);
  return [...resources, ...data].flatMap(([name, { block }]) => paths(block, holds).map((path) => `${name}: ${path}`)).sort();
}

test("each attribute that the provider marks and keeps is listed, and no other", () => {
  expect(sensitive.types).toEqual({ resources: 359, dataSources: 176 });
  expect([...listed].sort()).toEqual(sensitive.kept);
});

test("what is written alone is in no state, and so not listed", () => {
  expect(sensitive.writeOnly).toContain("aws_db_instance: password_wo");
  expect(sensitive.writeOnly).toContain("aws_ssm_parameter: value_wo");
  expect(listed.filter((one) => sensitive.writeOnly.includes(one))).toEqual([]);
});

test("the types that this cloud uses are marked as their schema says", () => {
  const types = new Set(inSchema(() => true).map((one) => one.split(": ")[0]!));
  const ofTypes = (all: readonly string[]) => all.filter((one) => types.has(one.split(": ")[0]!));
  expect(types.has("aws_elasticache_replication_group")).toBe(true);
  expect(inSchema(({ sensitive: is, write_only }) => is === true && write_only !== true)).toEqual(ofTypes(sensitive.kept));
  expect(inSchema(({ write_only }) => write_only === true)).toEqual(ofTypes(sensitive.writeOnly));
});

test("a plan is told what it keeps in clear: whatever AWS answers, and arguments if they are given", () => {
  const plan = JSON.stringify({
    resource: {
      aws_iam_access_key: { Mail: { user: "mail" } },
      aws_db_instance: { Own: { password: "${var.password}" }, Written: { password_wo: "${var.password}" } },
      aws_elasticache_replication_group: { None: { for_each: {}, auth_token: "${var.token}" }, Open: { engine: "valkey" } },
      aws_lb_listener: {
        Web: { default_action: [{ authenticate_oidc: { client_secret: "${var.secret}" } }, { type: "forward" }] },
      },
    },
    data: { aws_ssm_parameter: { Found: { name: "/social/x" } } },
  });
  expect(secretsInState(plan)).toEqual([
    "aws_iam_access_key.Mail: secret",
    "aws_iam_access_key.Mail: ses_smtp_password_v4",
    "aws_db_instance.Own: password",
    "aws_lb_listener.Web: default_action.authenticate_oidc.client_secret",
    "data.aws_ssm_parameter.Found: value",
  ]);
});
