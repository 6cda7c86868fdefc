// Checks a plan against the schemas of its providers: `schemaCheck(Testing.synth(stack), schema)` must be empty.
// Like `terraform validate`, but without Terraform and without an account, it finds misspelt and missing arguments, wrong types and wrong blocks.

/** What `terraform providers schema -json` prints. */
export interface ProvidersSchema {
  readonly provider_schemas: Readonly<Record<string, ProviderSchema>>;
}

export interface ProviderSchema {
  readonly provider?: { readonly block: SchemaBlock };
  readonly resource_schemas?: Readonly<Record<string, { readonly block: SchemaBlock }>>;
  readonly data_source_schemas?: Readonly<Record<string, { readonly block: SchemaBlock }>>;
}

export interface SchemaBlock {
  readonly attributes?: Readonly<Record<string, SchemaAttribute>>;
  readonly block_types?: Readonly<Record<string, SchemaNesting>>;
}

export interface SchemaAttribute {
  /** `"string"`, or nested as in `["list", "string"]` and `["object", { "name": "string" }]`. */
  readonly type?: unknown;
  readonly nested_type?: { readonly attributes?: Readonly<Record<string, SchemaAttribute>>; readonly nesting_mode: string };
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
}

export interface SchemaNesting {
  readonly block: SchemaBlock;
  readonly nesting_mode: string;
  readonly min_items?: number;
  readonly max_items?: number;
}

type Values = Readonly<Record<string, unknown>>;

const META = ["//", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "connection"];

/**
 * Every fault of a synthesized plan, as `address, argument: what is wrong`. Providers whose schema is not given are not looked at.
 * @param plan the text of `cdk.tf.json`
 * @throws if `plan` is no JSON
 */
export function schemaCheck(plan: string, ...schemas: readonly ProvidersSchema[]): readonly string[] {
  const whole = JSON.parse(plan) as Values;
  const known = Object.assign({}, ...schemas.map((schema) => schema.provider_schemas)) as ProvidersSchema["provider_schemas"];
  const required = record(record(whole["terraform"])["required_providers"]);
  const faults: string[] = [];
  for (const [name, provider] of Object.entries(required)) {
    const source = String(record(provider)["source"]);
    const schema = known[source.split("/").length === 3 ? source : `registry.terraform.io/${source}`];
    if (schema === undefined) continue;
    for (const config of list(record(whole["provider"])[name])) {
      faults.push(...inBlock(without(record(config), ["alias"]), schema.provider?.block ?? {}, `provider ${name}`));
    }
    faults.push(...ofKind(record(whole["resource"]), name, schema.resource_schemas ?? {}, ""));
    faults.push(...ofKind(record(whole["data"]), name, schema.data_source_schemas ?? {}, "data."));
  }
  return faults;
}

function ofKind(
  types: Values,
  provider: string,
  schemas: Readonly<Record<string, { readonly block: SchemaBlock }>>,
  prefix: string,
): readonly string[] {
  return Object.entries(types)
    .filter(([type]) => type === provider || type.startsWith(`${provider}_`))
    .flatMap(([type, named]) =>
      Object.entries(record(named)).flatMap(([name, config]) => {
        const at = `${prefix}${type}.${name}`;
        const schema = schemas[type];
        return schema === undefined
          ? [`${at}: the schema has no ${type}`]
          : inBlock(without(record(config), META), schema.block, at);
      }),
    );
}

function inBlock(given: Values, block: SchemaBlock, at: string): readonly string[] {
  const { attributes = {}, block_types: blocks = {} } = block;
  const values = spread(given);
  return [
    ...inAttributes(without(values, Object.keys(blocks)), attributes, at, Object.keys(blocks)),
    ...Object.entries(blocks).flatMap(([name, nesting]) => inNesting(values[name], nesting, `${at}, ${name}`)),
  ];
}

/** `dynamic` blocks as the blocks that they make. */
function spread(values: Values): Values {
  if (values["dynamic"] === undefined) return values;
  const made = Object.entries(record(values["dynamic"])).map(([name, dynamic]) => [
    name,
    list(dynamic).map((one) => new Repeated(record(record(one)["content"]))),
  ]);
  return { ...without(values, ["dynamic"]), ...(Object.fromEntries(made) as Values) };
}

/** A block that Terraform makes as often as an expression says. */
class Repeated {
  constructor(readonly content: Values) {}
}

function inNesting(given: unknown, nesting: SchemaNesting, at: string): readonly string[] {
  const { block, nesting_mode: mode, min_items: least = 0, max_items: most = 0 } = nesting;
  // Keys of a map are its labels.
  const blocks = mode === "map" ? Object.values(record(given)) : list(given);
  const counted = blocks.every((one) => !(one instanceof Repeated));
  const limit = mode === "single" || mode === "group" ? 1 : most;
  const faults = blocks.flatMap((one) => {
    const content: unknown = one instanceof Repeated ? one.content : one;
    return isRecord(content) ? inBlock(content, block, at) : [`${at}: is ${shown(content)}, and must be a block`];
  });
  if (counted && blocks.length < least) faults.push(`${at}: there are ${blocks.length} blocks, and at least ${least} must be`);
  if (counted && limit > 0 && blocks.length > limit) {
    faults.push(`${at}: there are ${blocks.length} blocks, and at most ${limit} may be`);
  }
  return faults;
}

function inAttributes(
  values: Values,
  attributes: Readonly<Record<string, SchemaAttribute>>,
  at: string,
  others: readonly string[] = [],
): readonly string[] {
  const settable = Object.keys(attributes).filter((name) => attributes[name]!.required || attributes[name]!.optional);
  const missing = settable.filter((name) => attributes[name]!.required && (values[name] ?? null) === null);
  return [
    ...missing.map((name) => `${at}, ${name}: is required and missing`),
    ...Object.entries(values)
      .filter(([, value]) => value !== null)
      .flatMap(([name, value]) => {
        const attribute = attributes[name];
        if (attribute === undefined) return [`${at}, ${name}: is no argument; there are ${[...settable, ...others].join(", ")}`];
        if (!settable.includes(name)) return [`${at}, ${name}: is computed by the provider and cannot be set`];
        const { nested_type: nested, type } = attribute;
        return nested === undefined
          ? inType(value, type, `${at}, ${name}`)
          : inNested(value, nested.attributes ?? {}, nested.nesting_mode, `${at}, ${name}`);
      }),
  ];
}

function inNested(
  value: unknown,
  attributes: Readonly<Record<string, SchemaAttribute>>,
  mode: string,
  at: string,
): readonly string[] {
  if (isExpression(value)) return [];
  if (mode !== "single" && mode !== "map" && !Array.isArray(value)) return [`${at}: is ${shown(value)}, and must be a ${mode}`];
  if (mode === "map" && !isRecord(value)) return [`${at}: is ${shown(value)}, and must be a map`];
  const objects = mode === "single" ? [value] : Object.values(value as Values);
  return objects.flatMap((one) => {
    if (isExpression(one)) return [];
    return isRecord(one) ? inAttributes(one, attributes, at) : [`${at}: is ${shown(one)}, and must be an object`];
  });
}

function inType(value: unknown, type: unknown, at: string): readonly string[] {
  // What an expression will be is known to Terraform only.
  if (isExpression(value) || value === null || type === "dynamic") return [];
  if (Array.isArray(type)) {
    const [kind, inner] = type as unknown as readonly [string, unknown];
    if (kind === "list" || kind === "set") {
      return Array.isArray(value)
        ? value.flatMap((one) => inType(one, inner, at))
        : [`${at}: is ${shown(value)}, and must be a ${kind}`];
    }
    if (!isRecord(value)) return [`${at}: is ${shown(value)}, and must be ${kind === "map" ? "a map" : "an object"}`];
    if (kind === "map") return Object.entries(value).flatMap(([key, one]) => inType(one, inner, `${at}, ${key}`));
    const members = record(inner);
    const strange = Object.keys(value).filter((key) => !(key in members));
    return [
      ...strange.map((key) => `${at}, ${key}: is no member; there are ${Object.keys(members).join(", ")}`),
      ...Object.entries(members).flatMap(([key, one]) => inType(value[key] ?? null, one, `${at}, ${key}`)),
    ];
  }
  return fits(value, String(type)) ? [] : [`${at}: is ${shown(value)}, and must be a ${String(type)}`];
}

/** Whether Terraform turns a literal into a primitive type, as it does with "5" for a number. */
function fits(value: unknown, type: string): boolean {
  if (typeof value === "object") return false;
  if (type === "number") return typeof value === "number" || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value));
  if (type === "bool") return typeof value === "boolean" || value === "true" || value === "false";
  return true;
}

function isExpression(value: unknown): boolean {
  return typeof value === "string" && /[$%]\{/.test(value.replaceAll(/\$\$\{|%%\{/g, ""));
}

function isRecord(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function record(value: unknown): Values {
  return isRecord(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function without(values: Values, names: readonly string[]): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
