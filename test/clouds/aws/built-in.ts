// A page at AWS as Terraform carries it out without AWS: every resource of the provider is a `terraform_data` with the same references and lifecycle,
// and the gate is a stub that writes down what it is asked. So the real Terraform shows the order of things: `new BuiltIn().apply(stack)`.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TerraformStack, Testing } from "cdktf";
import { Said, Terraform } from "../../terraform";

type Block = Readonly<Record<string, unknown>>;
type Blocks = Readonly<Record<string, Block>>;

interface Plan {
  readonly resource: Readonly<Record<string, Blocks>>;
  readonly data?: Readonly<Record<string, Blocks>>;
  readonly locals?: Block;
  readonly variable?: Readonly<Record<string, Block>>;
}

/** What stands of a resource of AWS: an older object that is still to be deleted is `deposed`. */
export interface Standing {
  readonly id: string;
  readonly deposed: boolean;
  readonly input: Block;
}

const META = ["for_each", "count", "lifecycle", "depends_on", "//"];
/** Of the attributes that make a resource anew, those that pages of these tests change. */
const REPLACES: Readonly<Record<string, readonly string[]>> = {
  aws_autoscaling_group: ["name"],
  aws_autoscaling_policy: ["autoscaling_group_name"],
  aws_launch_template: ["name"],
  aws_volume_attachment: ["instance_id"],
};

const GATE = `import { appendFileSync, existsSync } from "node:fs";
const { POOL, GROUP } = process.env;
appendFileSync("log", process.argv[2] + " " + POOL + " " + GROUP + "\\n");
if (existsSync("sick")) process.exit(1);
`;

const REFERENCE = /(?<![\w.-])(data\.)?(aws_\w+)\.([\w-]+)(\[[^\]]*\])?(?:\.(\w+))?/g;

export class BuiltIn {
  private readonly terraform = new Terraform("{}");

  apply(stack: TerraformStack, ...more: readonly string[]): Said {
    return this.terraform.apply(this.write(stack), ...more);
  }

  plan(stack: TerraformStack, ...more: readonly string[]): Said {
    return this.terraform.plan(this.write(stack), ...more);
  }

  /** Whether Terraform finds no fault and no cycle. */
  graph(stack: TerraformStack): Said {
    this.write(stack);
    const { status, said, lines } = this.terraform.run("validate");
    return status === 0 ? this.terraform.run("graph") : { status, said, lines };
  }

  /** Switches: `sick`, so that no gate passes; `refuse`, so that the creation of no scaling group ends well. */
  set(name: "sick" | "refuse", on: boolean): void {
    const path = join(this.terraform.directory, name);
    if (on) writeFileSync(path, "");
    else rmSync(path, { force: true });
  }

  /** What gates were asked since the last time, each as the command, the pool and the id of the group. */
  log(): readonly string[] {
    const path = join(this.terraform.directory, "log");
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, "utf8").trim().split("\n");
    rmSync(path);
    return lines;
  }

  /** All that stands of a type, in the order of names. */
  all(type: string): readonly Standing[] {
    const state = JSON.parse(readFileSync(join(this.terraform.directory, "terraform.tfstate"), "utf8")) as {
      readonly resources: readonly {
        readonly name: string;
        readonly instances: readonly {
          readonly deposed?: string;
          readonly attributes: { readonly id: string; readonly input?: { readonly value: Block } };
        }[];
      }[];
    };
    return state.resources
      .filter(({ name }) => name.startsWith(`${type}__`))
      .flatMap(({ instances }) => instances)
      .map(({ attributes: { id, input }, deposed }) => ({ id, deposed: deposed !== undefined, input: input?.value ?? {} }))
      .sort((one, other) => (String(one.input["name"]) < String(other.input["name"]) ? -1 : 1));
  }

  remove(): void {
    this.terraform.remove();
  }

  /** Writes the plan and the gate; returns a value for each variable. */
  private write(stack: TerraformStack): Readonly<Record<string, string>> {
    const text = Testing.synth(stack, true);
    const gate = /exec node (\S+gate\.mjs)/.exec(text)![1]!;
    mkdirSync(join(this.terraform.directory, dirname(gate)), { recursive: true });
    writeFileSync(join(this.terraform.directory, gate), GATE);
    const plan = JSON.parse(text) as Plan;
    this.terraform.write(builtIn(plan));
    const texts = Object.entries(plan.variable ?? {}).filter(([, { type }]) => type === "string");
    return Object.fromEntries(texts.map(([name]) => [name, "0123456789abcdef0123456789abcdef"]));
  }
}

function builtIn({ resource, data = {}, locals, variable }: Plan): string {
  const asked = attributesIn(JSON.stringify({ resource, data, locals }));
  const made = Object.entries(resource).flatMap(([type, blocks]) =>
    Object.entries(blocks).map(([name, block]) =>
      // Whether secrets are given is another test's affair.
      type.startsWith("aws_")
        ? [`${type}__${name}`, standIn(type, block, asked(type, name))]
        : [name, name === "secrets" ? {} : block],
    ),
  );
  const found = Object.entries(data).flatMap(([type, blocks]) =>
    Object.entries(blocks).map(([name, { for_each }]) => [
      `data_${type}__${name}`,
      // What such a source repeats another one finds, and there is nothing that it could.
      { ...(for_each !== undefined && { for_each: "${toset([])}" }), input: asked(`data.${type}`, name) },
    ]),
  );
  const whole = { resource: { terraform_data: Object.fromEntries([...made, ...found]) as Block }, locals, variable };
  // In lines of their own, since Terraform shows the line of a fault.
  return JSON.stringify(whole, undefined, 1).replaceAll(
    REFERENCE,
    (_, of: string | undefined, type: string, name: string, index = "", attribute?: string) => {
      const address = `terraform_data.${of === undefined ? "" : "data_"}${type}__${name}${index}`;
      if (attribute === undefined) return address;
      return attribute === "id" && of === undefined ? `${address}.id` : `${address}.output.${attribute}`;
    },
  );
}

/** A value for each attribute of which the plan asks, as a provider would know it after a resource is made. */
function attributesIn(text: string): (type: string, name: string) => Block {
  const known = new Map<string, Record<string, unknown>>();
  for (const [, of = "", type, name, , attribute] of text.matchAll(REFERENCE)) {
    if (attribute === undefined) continue;
    const key = `${of}${type}.${name}`;
    known.set(key, { ...known.get(key), [attribute]: COMPUTED[attribute] ?? `${name}.${attribute}` });
  }
  return (type, name) => known.get(`${type}.${name}`) ?? {};
}

const COMPUTED: Block = { ipv6_cidr_block: "2001:db8::/56", latest_version: 1 };

function standIn(type: string, block: Block, computed: Block): Block {
  const of = (keep: (key: string) => boolean) => Object.fromEntries(Object.entries(block).filter(([key]) => keep(key)));
  const { ignore_changes = [], ...lifecycle } = (block["lifecycle"] ?? {}) as { readonly ignore_changes?: readonly string[] };
  const { precondition: _, postcondition: __, ...orders } = lifecycle as Block;
  const isInput = (key: string) =>
    ![...META, "provisioner", "timeouts"].includes(key) && !ignore_changes.includes(key) && !key.endsWith("_wo");
  return {
    ...of((key) => META.includes(key)),
    input: { ...computed, ...of(isInput) },
    triggers_replace: of((key) => REPLACES[type]?.includes(key) ?? false),
    lifecycle: orders,
    ...(type === "aws_autoscaling_group" && { provisioner: [{ "local-exec": { command: "test ! -e refuse" } }] }),
  };
}
