// The schema of AWS' provider, against which the plans are held: that of version 6.25, cut to the types that this cloud uses, so what
// `terraform providers schema -json` prints, with these types alone among `resource_schemas` and `data_source_schemas`.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformStack, Testing } from "cdktf";
import { Construct } from "constructs";
import { ProvidersSchema, SchemaBlock } from "../../../lib/testing/schema-check";

const FOLDER = join(__dirname, "../../../lib/clouds/aws");
const { provider_schemas } = JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as ProvidersSchema;
const { resource_schemas: resources = {}, data_source_schemas: data = {} } = Object.values(provider_schemas)[0]!;

/** Types of which no schema of version 6.25 was at hand: theirs is that of 5.100, with the arguments that came since, as the bindings have them. */
const OLDER = [
  "aws_ec2_instance_connect_endpoint",
  "aws_wafv2_web_acl_association",
  "data.aws_ec2_instance_type_offerings",
  "data.aws_servicequotas_service_quota",
];

/** A class of the bindings, which were made from 6.25. */
interface Binding {
  readonly tfResourceType: string;
  new (scope: Construct, id: string, config: object): { synthesizeAttributes(): object };
}

/** The classes that the cloud imports, by their types; data sources as `data.TYPE`. */
const used: ReadonlyMap<string, Binding> = new Map(
  readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [...readFileSync(join(FOLDER, name), "utf8").matchAll(/"@cdktf\/provider-aws\/lib\/([\w-]+)"/g)])
    .map(([, module]) => module!)
    .filter((module) => module !== "provider")
    .map((module) => {
      const all = Object.values(jest.requireActual<Record<string, Partial<Binding>>>(`@cdktf/provider-aws/lib/${module}`));
      const binding = all.find(({ tfResourceType }) => tfResourceType !== undefined) as Binding;
      return [`${module.startsWith("data-") ? "data." : ""}${binding.tfResourceType}`, binding];
    }),
);

const known: Readonly<Record<string, { readonly block: SchemaBlock }>> = {
  ...resources,
  ...Object.fromEntries(Object.entries(data).map(([type, schema]) => [`data.${type}`, schema])),
};

function settable({ attributes = {}, block_types: blocks = {} }: SchemaBlock): readonly string[] {
  const names = Object.entries(attributes).filter(([, { required, optional }]) => required === true || optional === true);
  return [...names.map(([name]) => name), ...Object.keys(blocks)].sort();
}

test("it has the types that the cloud uses, and no others", () => {
  expect(Object.keys(known).sort()).toEqual([...used.keys()].sort());
  expect(OLDER.filter((type) => !used.has(type))).toEqual([]);
});

test("each type has the arguments that the bindings have, the older ones too", () => {
  const stack = new TerraformStack(Testing.app(), "stack");
  for (const [type, Type] of used) {
    const arguments_ = Object.keys(new Type(stack, type, {}).synthesizeAttributes());
    expect({ type, has: settable(known[type]!.block) }).toEqual({ type, has: arguments_.sort() });
  }
});
