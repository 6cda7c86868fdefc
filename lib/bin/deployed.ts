// The inventories of a page's sites, for commands and drills: `deployed("cdktf.out")` as Terraform's state has them, `planned("cdktf.out")` as
// the page has them. docs/inventory.md says what they hold.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Inventory, INVENTORY_FORMAT } from "../core/inventory";

/** A site of a stack. */
export interface SiteOfStack {
  /** The directory of the stack, for `terraform -chdir`. */
  readonly stack: string;
  readonly inventory: Inventory;
}

/** A site as the page has it. */
export interface PlannedSite extends SiteOfStack {
  /** The plan's local values, which hold what is too long for outputs. */
  readonly locals: Readonly<Record<string, unknown>>;
}

/** There is no inventory to read; the message says why and what to do. */
export class NoInventory extends Error {}

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `terraform output -json` in the directory of a stack; tests put another in its place. */
export type Outputs = (stack: string) => Answer;

const ENDING = "_inventory";

/** The sites that the synthesized stacks in a directory make, deployed or not, with Terraform's expressions for what it computes. */
export function planned(directory: string): readonly PlannedSite[] {
  // Directories of removed stacks remain in cdktf.out; the manifest lists the current ones.
  const manifest = join(directory, "manifest.json");
  if (!existsSync(manifest)) return [];
  const { stacks } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly stacks: Readonly<Record<string, { readonly workingDirectory: string; readonly synthesizedStackPath: string }>>;
  };
  return Object.values(stacks).flatMap(({ workingDirectory, synthesizedStackPath }) => {
    const plan = readFileSync(join(directory, synthesizedStackPath), "utf8");
    const { output = {}, locals = {} } = JSON.parse(plan) as {
      readonly output?: Readonly<Record<string, Output>>;
      readonly locals?: PlannedSite["locals"];
    };
    return inventoriesIn(output).map((inventory) => ({ stack: join(directory, workingDirectory), inventory, locals }));
  });
}

/**
 * The sites of the stacks in a directory that cdktf has written, as they were deployed last.
 * @throws NoInventory if there is no plan, if Terraform cannot read the state, or if it was written by another version of the library
 */
export function deployed(directory: string, outputs: Outputs = terraformOutput): readonly SiteOfStack[] {
  const stacks = [...new Set(planned(directory).map(({ stack }) => stack))];
  if (stacks.length === 0)
    throw new NoInventory(
      `${directory} holds no plan of a site with an inventory; npx cdktf synth writes one, in the directory of cdktf.json`,
    );
  return stacks.flatMap((stack) => deployedIn(stack, outputs(stack)).map((inventory) => ({ stack, inventory })));
}

/**
 * The inventories of a command's site, or of all sites, as they were deployed last.
 * @throws NoInventory as `deployed`, and if there is no such site
 */
export function deployedSites(directory: string, site: string | undefined, outputs?: Outputs): readonly Inventory[] {
  const all = deployed(directory, outputs).map(({ inventory }) => inventory);
  if (all.length === 0)
    throw new NoInventory(
      `no site of ${directory} is deployed with an inventory / npx cdktf deploy, also where an older version has deployed it`,
    );
  const chosen = all.filter((one) => site === undefined || one.site === site);
  const names = all.map((one) => one.site).join(", ");
  if (chosen.length === 0) throw new NoInventory(`there is no deployed site "${site}" / name one that is: ${names}`);
  return chosen;
}

/**
 * The sites in what `terraform output -json` has said in the directory of a stack.
 * @throws NoInventory if Terraform cannot read the state, or if it was written by another version of the library
 */
export function deployedIn(stack: string, { status, stdout, stderr }: Answer): readonly Inventory[] {
  // Terraform has twenty lines for what is the most common case: nothing has been deployed yet.
  if (status !== 0 && stderr.includes("Backend initialization required"))
    throw new NoInventory(
      `nothing has been deployed from this directory / npx cdktf deploy; or, if it was deployed elsewhere: terraform -chdir=${stack} init`,
    );
  if (status !== 0) {
    const why = stderr.trim();
    throw new NoInventory(
      `the state of ${stack} cannot be read / ${why === "" ? "install Terraform, or name it by TERRAFORM_BINARY_NAME: it could not be started" : `do what Terraform says\n${why}`}`,
    );
  }
  const all = inventoriesIn(JSON.parse(stdout) as Readonly<Record<string, Output>>);
  const strange = all.find(({ format }) => format !== INVENTORY_FORMAT);
  if (strange !== undefined)
    throw new NoInventory(
      `the inventory of ${strange.site} has the format ${strange.format}, and this version of the library reads ${INVENTORY_FORMAT} / use the version that has deployed it, or deploy with this one`,
    );
  return all;
}

/** The command whose output `deployedIn` reads: program and arguments. */
export function asksForOutputs(stack: string): readonly [string, readonly string[]] {
  return [process.env["TERRAFORM_BINARY_NAME"] ?? "terraform", [`-chdir=${stack}`, "output", "-json", "-no-color"]];
}

/** The output directory of cdktf, unless one is given. */
export const outputDirectory = (given?: string): string => given ?? process.env["CDKTF_OUTDIR"] ?? "cdktf.out";

interface Output {
  readonly value?: unknown;
}

function inventoriesIn(outputs: Readonly<Record<string, Output>>): readonly Inventory[] {
  return Object.entries(outputs).flatMap(([name, { value }]) =>
    name.endsWith(ENDING) && typeof value === "object" && value !== null && "format" in value ? [value as Inventory] : [],
  );
}

function terraformOutput(stack: string): Answer {
  const [program, words] = asksForOutputs(stack);
  return spawnSync(program, words, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}
