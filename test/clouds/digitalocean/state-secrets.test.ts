// What of a plan Terraform keeps in clear.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { secretsInState, STATE_SECRETS } from "../../../lib/clouds/digitalocean/state-secrets";
import { ProvidersSchema, SchemaBlock } from "../../../lib/testing/schema-check";

interface Marked {
  readonly sensitive?: boolean;
}

const { provider_schemas } = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;
const provider = Object.values(provider_schemas)[0]!;

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

const listed = Object.entries(STATE_SECRETS).flatMap(([name, all]) => Object.keys(all).map((path) => `${name}: ${path}`));

test("each attribute that the provider marks is listed, and two that it does not mark", () => {
  const marked = inSchema(({ sensitive }) => sensitive === true);
  expect(marked.length).toBeGreaterThan(30);
  expect(marked.filter((one) => !listed.includes(one))).toEqual([]);
  expect(listed.filter((one) => !marked.includes(one)).sort()).toEqual([
    "digitalocean_database_online_migration: source.password",
    "digitalocean_droplet_autoscale: droplet_template.user_data",
  ]);
});

test("nothing is listed that the provider does not have", () => {
  const all = new Set(inSchema(() => true));
  expect(listed.filter((one) => !all.has(one))).toEqual([]);
});

test("a plan is told what it keeps in clear: whatever the API answers, and arguments if they are given", () => {
  const plan = JSON.stringify({
    resource: {
      digitalocean_droplet: { Web: { user_data: "secret" } },
      digitalocean_certificate: { Own: { private_key: "${var.key}" }, Encrypted: { domains: ["social.example"] } },
      digitalocean_spaces_key: { Media: {} },
      digitalocean_droplet_autoscale: {
        Pool: { droplet_template: [{ user_data: "${local.boot}" }] },
        Bare: { droplet_template: {} },
      },
    },
    data: { digitalocean_database_metrics_credentials: { All: {} }, digitalocean_database_ca: { Ca: {} } },
  });
  expect(secretsInState(plan)).toEqual([
    "digitalocean_certificate.Own: private_key",
    "digitalocean_spaces_key.Media: secret_key",
    "digitalocean_droplet_autoscale.Pool: droplet_template.user_data",
    "data.digitalocean_database_metrics_credentials.All: password",
  ]);
});
