// The conformance page, applied by the real Terraform in a temporary directory: `new Rehearsal(make).apply({ members: 4 })`.
// Every command of the cloud is replaced by one that only logs its call. So nothing is made, but the order of actions is the real one.

import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MakeCloud } from "../conformance";
import { Plan, probe, SETTING, Variation } from "../conformance/page";
import { resolved, resources, unhashed } from "../conformance/plan";

/** What Terraform did. */
export interface Done {
  readonly well: boolean;
  /** What it printed. */
  readonly lines: string;
}

/** One instance in Terraform's state. */
export interface Instance {
  /** As in `terraform_data.Probe_Web_Pool_1A2B3C4D`. */
  readonly resource: string;
  readonly id: string;
  /** Whether it has been replaced, and has not been ended yet. */
  readonly replaced: boolean;
}

export class Rehearsal {
  private readonly directory = mkdtempSync(join(tmpdir(), "rehearsal-"));
  private readonly hosts = new Set<string>();
  private plan: Plan = {};

  constructor(private readonly make: MakeCloud) {
    copyFileSync(join(__dirname, "act.sh"), join(this.directory, "act.sh"));
  }

  /** Writes the plan of a page, and applies nothing yet. */
  plans(page: Variation): void {
    this.write(page);
  }

  apply(page: Variation, ...options: readonly string[]): Done {
    this.write(page);
    return this.run("apply", "-auto-approve", ...options);
  }

  /** Whether a plan for the page that was applied last has nothing to do. */
  get isSettled(): boolean {
    return this.run("plan", "-detailed-exitcode").well;
  }

  /** An apply that is told to end as soon as a gate of the pool has been called; the numbers of the gates' processes. */
  async cut(page: Variation): Promise<readonly number[]> {
    this.write(page);
    this.tell("waits", this.gates);
    const child = spawn("terraform", words("apply", ["-auto-approve"]), {
      cwd: this.directory,
      env: environment(),
      stdio: "ignore",
    });
    const closed = new Promise<void>((done) => child.on("exit", () => done()));
    let ended = false;
    void closed.then(() => (ended = true));
    const waiting = () => this.calls().filter(({ act, resource }) => act === "create" && this.gates.includes(resource));
    while (!ended && waiting().length === 0) await new Promise((done) => setTimeout(done, 50));
    child.kill("SIGTERM");
    await closed;
    const processes = waiting().map(({ process: id }) => id);
    this.tell("waits", []);
    return processes;
  }

  /** Has what makes these resources fail from now on. */
  fail(which: readonly string[]): void {
    this.tell("fails", which);
  }

  /** The resources of the last page that are hosts of this construct. */
  hostsOf(construct: RegExp): readonly string[] {
    return [...resources(this.plan)]
      .filter(([address, config]) => construct.test(address) && unhashed(this.plan, config).includes("#cloud-config"))
      .map(([address]) => address);
  }

  /** Whether it is a host of this page or of one before. */
  isHost(resource: string): boolean {
    return this.hosts.has(resource);
  }

  /** What is called once the first pool's members are made, and must end well before others are ended. */
  get gates(): readonly string[] {
    return this.gatesOf(WEB);
  }

  /** The same for any pool. */
  gatesOf(pool: RegExp): readonly string[] {
    const members = this.hostsOf(pool);
    return [...resources(this.plan)]
      .filter(([address]) => !members.includes(address))
      .filter(([, config]) => (config as Resource).provisioner !== undefined)
      .filter(([, config]) => members.some((member) => mentions(resolved(this.plan, config), member)))
      .map(([address]) => address);
  }

  /** Whether the cloud brings changed settings to kept machines that run. */
  get delivers(): boolean {
    return this.make().can.delivers === true;
  }

  /** What is made anew when a setting of a kept machine is another. */
  get deliveries(): readonly string[] {
    return [...resources(this.plan)]
      .filter(([address]) => !this.hosts.has(address))
      .filter(([, config]) => resolved(this.plan, (config as Resource).triggers_replace ?? "").includes(SETTING))
      .map(([address]) => address);
  }

  /** Whatever a resource waits for. */
  needs(resource: string): readonly string[] {
    const all = resources(this.plan);
    const found = new Set<string>();
    const follow = (address: string) => {
      const text = resolved(this.plan, all.get(address));
      for (const other of all.keys()) {
        if (other === resource || found.has(other) || !mentions(text, other)) continue;
        found.add(other);
        follow(other);
      }
    };
    follow(resource);
    return [...found];
  }

  /** All instances in the state, or those of hosts of a construct, including hosts that are no longer on the page. */
  instances(construct?: RegExp): readonly Instance[] {
    const path = join(this.directory, "terraform.tfstate");
    if (!existsSync(path)) return [];
    const state = JSON.parse(readFileSync(path, "utf8")) as State;
    return state.resources
      .map(({ type, name, instances }) => ({ resource: `${type}.${name}`, instances }))
      .filter(({ resource }) => construct === undefined || (construct.test(resource) && this.hosts.has(resource)))
      .flatMap(({ resource, instances }) =>
        instances.map(({ attributes, deposed }) => ({ resource, id: attributes.id, replaced: deposed !== undefined })),
      );
  }

  /** The value of an output. */
  output(name: string): unknown {
    const { lines } = this.run("output", "-json");
    return (JSON.parse(lines) as Readonly<Record<string, { readonly value: unknown }>>)[name]?.value;
  }

  /** The commands that were called since the last `forget`. */
  calls(): readonly { readonly act: "create" | "destroy"; readonly resource: string; readonly process: number }[] {
    const path = join(this.directory, "log");
    const text = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
    return text === ""
      ? []
      : text.split("\n").map((line) => {
          const [act, resource, id] = line.split(" ");
          return { act: act as "create" | "destroy", resource: resource!, process: Number(id) };
        });
  }

  forget(): void {
    rmSync(join(this.directory, "log"), { force: true });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private write(page: Variation): void {
    this.plan = probe(this.make(), page).plan;
    for (const host of this.hostsOf(/./)) this.hosts.add(host);
    writeFileSync(join(this.directory, "cdk.tf.json"), JSON.stringify(rehearsed(this.plan)));
    // What a variable holds is no affair of roll-outs.
    const values = Object.keys(this.plan.variable ?? {}).map((name) => [name, "rehearsal"]);
    writeFileSync(join(this.directory, "terraform.tfvars.json"), JSON.stringify(Object.fromEntries(values)));
  }

  private tell(what: "waits" | "fails", which: readonly string[]): void {
    writeFileSync(join(this.directory, what), which.map((resource) => `create ${resource}\n`).join(""));
  }

  private run(command: string, ...options: readonly string[]): Done {
    const { status, stdout, stderr, error } = spawnSync("terraform", words(command, options), {
      cwd: this.directory,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: environment(),
    });
    if (error !== undefined) throw new Error(`roll-outs are rehearsed by Terraform, and it does not start: ${error.message}`);
    return { well: status === 0, lines: command === "output" ? stdout : stdout + stderr };
  }
}

/** Hosts of the page's first pool, by what Terraform calls them. */
export const WEB = /_Web_/;

interface Resource {
  readonly triggers_replace?: unknown;
  readonly provisioner?: readonly { readonly "local-exec"?: LocalExec }[];
}

interface LocalExec {
  readonly command: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly when?: "create" | "destroy";
}

interface State {
  readonly resources: readonly {
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly attributes: { readonly id: string }; readonly deposed?: string }[];
  }[];
}

function words(command: string, options: readonly string[]): readonly string[] {
  return [command, "-no-color", ...(command === "output" ? [] : ["-input=false"]), ...options];
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, TF_CLI_CONFIG_FILE: "/dev/null", CHECKPOINT_DISABLE: "1" };
}

function mentions(text: string, resource: string): boolean {
  return new RegExp(`\\b${resource.replaceAll(".", "\\.")}\\b(?!-)`).test(text);
}

function rehearsed(plan: Plan): object {
  const {
    resource = {},
    locals,
    variable,
    output,
    moved,
    data,
  } = plan as Plan & { readonly moved?: unknown; readonly data?: object };
  const foreign = [...Object.keys(resource), ...Object.keys(data ?? {}).map((type) => `data.${type}`)].filter(
    (type) => type !== "terraform_data",
  );
  if (foreign.length > 0) throw new Error(`only terraform_data can be rehearsed, and the plan has ${foreign.join(", ")}`);
  const all = Object.entries(resource["terraform_data"] ?? {}).map(([name, config]) => {
    const { provisioner, ...others } = config as Resource;
    const resource = `terraform_data.${name}`;
    return [name, { ...others, ...(provisioner && { provisioner: provisioner.map((one) => act(resource, one)) }) }];
  });
  return { resource: { terraform_data: Object.fromEntries(all) }, locals, variable, output, moved };
}

// With the same variables, since Terraform orders things by what they refer to.
function act(resource: string, one: { readonly "local-exec"?: LocalExec }): object {
  const of = one["local-exec"];
  if (of === undefined) throw new Error(`only local-exec can be rehearsed: ${resource}`);
  const { command, environment: known = {}, when = "create" } = of;
  // A shell that goes on after the command does not pass on that Terraform ends.
  const shell = command.startsWith("exec ") ? "exec sh act.sh" : "sh act.sh; exit $?";
  return { "local-exec": { command: shell, environment: { ...known, ACT: when, RESOURCE: resource }, when } };
}
