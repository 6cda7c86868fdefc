// A plan with Terraform's built-in resources in the place of DigitalOcean's, with the same references, counts and lifecycles, so that the real
// Terraform orders and compares it without the provider: `new Terraform(builtIn(Testing.synth(stack)))`. No gate runs.

type Block = Readonly<Record<string, unknown>>;
type Blocks = Readonly<Record<string, Block>>;

interface Plan {
  readonly resource: Readonly<Record<string, Blocks>>;
  readonly data?: Readonly<Record<string, Blocks>>;
  readonly locals?: Block;
  readonly variable?: Block;
  readonly output?: Block;
}

const META = ["count", "for_each", "lifecycle", "depends_on"];
/** What the provider would only know after the resource is made. */
const COMPUTED = {
  ip: "192.0.2.1",
  ipv6: "2001:db8::1",
  ipv4_address: "192.0.2.2",
  ipv4_address_private: "10.20.0.2",
  private_host: "db.example",
  password: "0123456789abcdef",
};
/** Answers of the account. */
const ANSWERS = { ssh_keys: [{ id: 1, name: "admin" }], ca_certificate: "", certificate: "" };

export function builtIn(plan: string): string {
  const { resource, data = {}, locals, variable, output } = JSON.parse(plan) as Plan;
  const made = Object.entries(resource).flatMap(([type, blocks]) =>
    Object.entries(blocks).map(([name, block]) =>
      type === "terraform_data" ? ([name, own(name, block)] as const) : ([`${type}__${name}`, standIn(block)] as const),
    ),
  );
  const asked = Object.entries(data).flatMap(([type, blocks]) =>
    Object.keys(blocks).map((name) => [`data_${type}__${name}`, { input: ANSWERS }] as const),
  );
  const whole = { resource: { terraform_data: Object.fromEntries([...made, ...asked]) }, locals, variable, output };
  // In lines of their own, since Terraform shows the line of a fault. Names of local values hold references as well.
  return rewritten(JSON.stringify(whole, undefined, 1));
}

// Whether secrets are given is another test's affair.
function own(name: string, block: Block): Block {
  const { provisioner: _, ...rest } = block;
  return name === "secrets" ? {} : rest;
}

function standIn(block: Block): Block {
  const of = (keep: (key: string) => boolean) => Object.fromEntries(Object.entries(block).filter(([key]) => keep(key)));
  const { ignore_changes, ...lifecycle } = (block["lifecycle"] ?? {}) as Block;
  return {
    ...of((key) => META.includes(key)),
    // What a dynamic block repeats is known inside it alone.
    input: { ...of((key) => ![...META, "provisioner", "//", "dynamic"].includes(key)), ...COMPUTED },
    // A part of the input cannot be ignored.
    lifecycle: { ...lifecycle, ...(ignore_changes !== undefined && { ignore_changes: ["input"] }) },
  };
}

function rewritten(text: string): string {
  return text.replaceAll(
    /(?<![\w.-])(data\.)?(digitalocean_\w+)\.([\w-]+)(\[[^\]]*\])?(?:\.(\w+))?/g,
    (_, data: string | undefined, type: string, name: string, index = "", attribute?: string) => {
      const address = `terraform_data.${data === undefined ? "" : "data_"}${type}__${name}${index}`;
      if (attribute === undefined) return address;
      return attribute === "id" ? `${address}.id` : `${address}.output.${attribute}`;
    },
  );
}
