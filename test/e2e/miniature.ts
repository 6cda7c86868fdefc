// Hetzner's plan as Terraform carries it out without Hetzner: every resource of the provider is a `terraform_data` with the same instances,
// references, lifecycle and provisioners, every question to Hetzner is answered from the state, and the gate is a stub that writes down what it
// is asked. So the real Terraform shows the order of things in seconds: `new Miniature().apply(stack)`.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TerraformStack, Testing } from "cdktf";
import { Said, Terraform } from "../terraform";

type Block = Readonly<Record<string, unknown>>;
type Blocks = Readonly<Record<string, Block>>;

interface Plan {
  readonly resource: Readonly<Record<string, Blocks>>;
  readonly data?: Readonly<Record<string, Blocks>>;
  readonly locals?: Block;
  readonly variable?: Block;
  readonly moved?: unknown;
}

interface Instance {
  readonly index_key?: number;
  readonly deposed?: string;
  readonly attributes: { readonly id: string; readonly input?: { readonly value: Block } };
}

/** What stands of one resource: its name at Hetzner, its number, and what it was made of. */
export interface Standing {
  readonly name: string;
  readonly id: string;
  readonly deposed: boolean;
  readonly input: Block;
}

const META = ["count", "lifecycle", "provisioner", "depends_on", "//"];
/** What the provider would only know after the resource is made. */
const COMPUTED = {
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  ipv4_address: "192.0.2.2",
  ipv6_address: "::2",
  linux_device: "/dev/x",
};
/** Of the attributes that make a resource anew, those that pages of these tests change. */
const REPLACES: Readonly<Record<string, readonly string[]>> = { hcloud_volume_attachment: ["server_id", "volume_id"] };

const GATE = `import { appendFileSync, existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
const { POOL, SERVER, ROLE } = process.env;
appendFileSync("log", process.argv[2] + " " + (POOL ?? SERVER ?? ROLE) + " " + process.pid + "\\n");
while (existsSync("wait")) await setTimeout(50);
if (process.argv[2] === "serve" && existsSync("sick")) process.exit(1);
`;

export class Miniature {
  private readonly terraform: Terraform;

  constructor() {
    this.terraform = new Terraform("{}");
  }

  plan(stack: TerraformStack): Said {
    this.write(stack);
    return this.terraform.plan({});
  }

  apply(stack: TerraformStack, ...more: readonly string[]): Said {
    this.write(stack);
    return this.terraform.apply({}, ...more);
  }

  destroy(stack: TerraformStack): Said {
    this.write(stack);
    return this.terraform.run("destroy", "-auto-approve");
  }

  /** An apply that is sent a signal once the gate has been asked something; resolves with the numbers of the processes that it has started. */
  async cut(stack: TerraformStack, signal: NodeJS.Signals): Promise<readonly number[]> {
    this.write(stack);
    const words = ["apply", "-auto-approve", "-no-color", "-input=false"];
    const env = { ...process.env, TF_CLI_CONFIG_FILE: "/dev/null", CHECKPOINT_DISABLE: "1" };
    const child = spawn("terraform", words, { cwd: this.terraform.directory, env, stdio: "ignore" });
    const closed = new Promise((done) => child.on("exit", done));
    while (this.log().length === 0) await new Promise((done) => setTimeout(done, 50));
    child.kill(signal);
    await closed;
    return this.log().map((line) => Number(line.split(" ")[2]));
  }

  /** Switches: `sick`, so that no gate passes; `wait`, so that gates wait; `refuse`, so that no kept server can be made. */
  set(name: "sick" | "wait" | "refuse", on: boolean): void {
    const path = join(this.terraform.directory, name);
    if (on) writeFileSync(path, "");
    else rmSync(path, { force: true });
  }

  /** What the gate was asked since the last time, each as the command, the pool's name, the server's number or the role, and the process. */
  log(): readonly string[] {
    const path = join(this.terraform.directory, "log");
    return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  }

  forget(): void {
    rmSync(join(this.terraform.directory, "log"), { force: true });
  }

  /** All that stands of a type, old generations too, in the order of names. */
  all(type: string): readonly Standing[] {
    const path = join(this.terraform.directory, "terraform.tfstate");
    if (!existsSync(path)) return [];
    const state = JSON.parse(readFileSync(path, "utf8")) as {
      readonly resources: readonly { readonly name: string; readonly instances: readonly Instance[] }[];
    };
    return state.resources
      .filter(({ name }) => name.startsWith(`${type}__`))
      .flatMap(({ instances }) => instances)
      .map(({ attributes: { id, input }, deposed }) => ({
        id,
        deposed: deposed !== undefined,
        input: input?.value ?? {},
        name: String(input?.value["name"]),
      }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  remove(): void {
    this.terraform.remove();
  }

  private write(stack: TerraformStack): void {
    const plan = JSON.parse(Testing.synth(stack)) as Plan;
    const gate = /exec node (\S+gate\.mjs)/.exec(JSON.stringify(plan))![1]!;
    mkdirSync(join(this.terraform.directory, dirname(gate)), { recursive: true });
    writeFileSync(join(this.terraform.directory, gate), GATE);
    for (const [type, attribute] of [
      ["hcloud_volume", "volumes"],
      ["hcloud_server", "servers"],
    ] as const)
      this.answer(attribute, this.all(type));
    const { locals, variable, moved } = plan;
    const words = { resource: { terraform_data: resources(plan) }, data: questions(plan), locals, variable, moved };
    writeFileSync(
      join(this.terraform.directory, "cdk.tf.json"),
      JSON.stringify(words, (_, value: unknown) => rewritten(value)),
    );
  }

  /** Writes what a question to Hetzner gets for an answer, as the outputs of another state. */
  private answer(attribute: string, found: readonly Standing[]): void {
    const value = found.map(({ name, input }) => ({ name, size: Number(input["size"] ?? 0), labels: input["labels"] ?? {} }));
    const type = ["list", ["object", { name: "string", size: "number", labels: ["map", "string"] }]];
    const state = {
      version: 4,
      terraform_version: "1.11.4",
      serial: 1,
      lineage: attribute,
      outputs: { [attribute]: { value, type } },
    };
    writeFileSync(join(this.terraform.directory, `${attribute}.tfstate`), JSON.stringify({ ...state, resources: [] }));
  }
}

function resources({ resource }: Plan): Block {
  const entries = Object.entries(resource).flatMap(([type, blocks]) =>
    Object.entries(blocks).map(([name, block]) => {
      if (type !== "terraform_data") return [`${type}__${name}`, miniature(type, block)] as const;
      // Whether secrets are given is another test's affair.
      return [name, name === "secrets" ? {} : block] as const;
    }),
  );
  return Object.fromEntries(entries);
}

function miniature(type: string, block: Block): Block {
  const of = (keep: (key: string) => boolean) => Object.fromEntries(Object.entries(block).filter(([key]) => keep(key)));
  const lifecycle = (block["lifecycle"] ?? {}) as Block;
  // A part of the input cannot be ignored: of pools nothing but the boot text is, of kept machines all that a page may change.
  const whole = lifecycle["ignore_changes"] !== undefined && block["count"] === undefined ? { ignore_changes: ["input"] } : {};
  const { ignore_changes: _, ...others } = lifecycle;
  const refusable = type === "hcloud_server" && block["count"] === undefined;
  return {
    ...of((key) => META.includes(key)),
    input: { ...of((key) => !META.includes(key) && key !== "user_data"), ...COMPUTED },
    triggers_replace: of((key) => REPLACES[type]?.includes(key) ?? false),
    lifecycle: { ...others, ...whole },
    ...(refusable && { provisioner: [{ "local-exec": { command: "test ! -e refuse" } }] }),
  };
}

/** The questions of which a plan depends on the answers; those about keys and images want Hetzner. */
function questions({ data = {} }: Plan): Block {
  const asked = (["hcloud_volumes", "hcloud_servers"] as const).flatMap((type) =>
    Object.entries(data[type] ?? {}).map(([name, { lifecycle }]) => {
      const path = `${type.slice("hcloud_".length)}.tfstate`;
      const text = JSON.stringify(lifecycle ?? {}).replaceAll(/\bself\.(?=volumes|servers)/g, "self.outputs.");
      return [`${type}__${name}`, { backend: "local", config: { path }, lifecycle: JSON.parse(text) as Block }] as const;
    }),
  );
  return { terraform_remote_state: Object.fromEntries(asked) };
}

function rewritten(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value
    .replaceAll(/\bdata\.(hcloud_\w+)\.([\w-]+)\./g, "data.terraform_remote_state.$1__$2.outputs.")
    .replaceAll(
      /(?<![\w.])(hcloud_\w+)\.([\w-]+)(\[\*\]|\[\d+\])?(?:\.(\w+))?/g,
      (_, type: string, name: string, index = "", attribute?: string) => {
        const address = `terraform_data.${type}__${name}${index}`;
        if (attribute === undefined) return address;
        return attribute === "id" ? `${address}.id` : `${address}.input.${attribute}`;
      },
    )
    .replaceAll(/\bself\.(?!id\b|outputs\b)(\w+)/g, "self.input.$1");
}
