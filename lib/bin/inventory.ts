// `cdktf-mastodon inventory [SITE]`: what stands, as Terraform's state has it. `deployed("cdktf.out")` reads it for other commands.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Facts, Inventory, INVENTORY_FORMAT, InventoryMachine, InventoryPool, InventoryUnit } from "../core/inventory";

export const INVENTORY_USAGE = `usage: cdktf-mastodon inventory [SITE] [--json] [--out DIRECTORY]
  What stands, as Terraform's state has it: tiers, machines and pools, what runs on each, how one logs in, and the order in which kept machines
  are renewed. Without SITE all sites of the page in this directory. --out is where cdktf synth writes (cdktf.out).`;

/** A deployed site. */
export interface Deployed {
  /** The directory of its stack, for `terraform -chdir`. */
  readonly stack: string;
  readonly inventory: Inventory;
}

/** Why there is nothing to read, and what to do. */
export class NoInventory extends Error {}

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `terraform output -json` in the directory of a stack; tests put another in its place. */
export type Outputs = (stack: string) => Answer;

const ENDING = "_inventory";

/** The names of the sites that the synthesized stacks in a directory make, by the directory of each stack, whether they are deployed or not. */
export function planned(directory: string): ReadonlyMap<string, readonly string[]> {
  const stacks = join(directory, "stacks");
  const found = new Map<string, readonly string[]>();
  for (const stack of existsSync(stacks) ? readdirSync(stacks).sort() : []) {
    const plan = join(stacks, stack, "cdk.tf.json");
    if (!existsSync(plan)) continue;
    const { output = {} } = JSON.parse(readFileSync(plan, "utf8")) as { readonly output?: Readonly<Record<string, Output>> };
    const sites = inventoriesIn(output).map(({ site }) => site);
    if (sites.length > 0) found.set(join(stacks, stack), sites);
  }
  return found;
}

/**
 * The sites of the stacks in a directory that cdktf has written, as they were deployed last.
 * @throws NoInventory if there is no plan, if Terraform cannot read the state, or if it was written by another version of the library
 */
export function deployed(directory: string, outputs: Outputs = terraformOutput): readonly Deployed[] {
  const stacks = [...planned(directory).keys()];
  if (stacks.length === 0)
    throw new NoInventory(
      `${directory} holds no plan of a site with an inventory; npx cdktf synth writes one, in the directory of cdktf.json`,
    );
  const all = stacks.flatMap((stack) => {
    const { status, stdout, stderr } = outputs(stack);
    if (status !== 0) {
      const why = stderr.trim() === "" ? `Terraform could not be started` : stderr.trim();
      throw new NoInventory(
        `the state of ${stack} cannot be read / if it has not been used in this directory, terraform -chdir=${stack} init connects it\n${why}`,
      );
    }
    return inventoriesIn(JSON.parse(stdout) as Readonly<Record<string, Output>>).map((inventory) => ({ stack, inventory }));
  });
  const strange = all.find(({ inventory }) => inventory.format !== INVENTORY_FORMAT)?.inventory;
  if (strange !== undefined)
    throw new NoInventory(
      `the inventory of ${strange.site} has the format ${strange.format}, and this version of the library reads ${INVENTORY_FORMAT} / use the version that has deployed it, or deploy with this one`,
    );
  return all;
}

/** Prints them; returns the exit status. */
export function inventory(args: readonly string[], outputs: Outputs = terraformOutput): number {
  let given;
  try {
    const options = { json: { type: "boolean" }, out: { type: "string" } } as const;
    given = parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    return wrong(`${INVENTORY_USAGE}\n${(error as Error).message}`, 2);
  }
  const [site, more] = given.positionals;
  if (more !== undefined) return wrong(`${INVENTORY_USAGE}\n"${more}" is one word too many`, 2);
  const directory = given.values.out ?? process.env["CDKTF_OUTDIR"] ?? "cdktf.out";
  try {
    const all = deployed(directory, outputs).map(({ inventory }) => inventory);
    if (all.length === 0)
      return wrong(
        `no site of ${directory} is deployed with an inventory / npx cdktf deploy, also where an older version has deployed it`,
        1,
      );
    const names = all.map((one) => one.site).join(", ");
    const chosen = all.filter((one) => site === undefined || one.site === site);
    if (chosen.length === 0) return wrong(`there is no deployed site "${site}" / name one that is: ${names}`, 1);
    const printed = given.values.json
      ? JSON.stringify(site === undefined ? Object.fromEntries(chosen.map((one) => [one.site, one])) : chosen[0], null, 2)
      : chosen.map((one) => readable(one).join("\n")).join("\n\n");
    console.log(printed);
    return 0;
  } catch (error) {
    if (error instanceof NoInventory) return wrong(error.message, 1);
    throw error;
  }
}

/** As a person reads it. */
export function readable(of: Inventory): readonly string[] {
  const hosts = [...of.machines, ...of.pools];
  const homeless = hosts.filter(({ tier }) => tier === undefined);
  const elsewhere = (path: string) =>
    hosts.filter((host) => host.tier !== path && host.units.some(({ tier }) => tier === path)).map(({ name }) => name);
  const { previous = [], frontDoor } = of;
  const before = previous.map(({ version, image }) => `, before it ${version} (${image})`).join("");
  return [
    `${of.site}: ${[of.host, ...listed(of.facts)].join(", ")}${before}, on the cloud ${of.cloud} in ${of.network}`,
    ...(frontDoor?.routes ?? []).map(
      ({ host, pool, port, path }) => `  https://${host} leads to ${pool}, port ${port}, checked at ${path}`,
    ),
    ...(frontDoor?.machine
      ? [`  front door ${frontDoor.machine.name} at ${frontDoor.machine.address}: ${frontDoor.machine.login ?? ""}`]
      : []),
    ...of.tiers.flatMap(({ id, kind, why, path }) => {
      const others = elsewhere(path);
      return [
        `${id}, ${kind}: ${why}${others.length === 0 ? "" : `; on ${others.join(", ")}`}`,
        ...hosts.filter(({ tier }) => tier === path).flatMap(lines),
      ];
    }),
    ...(homeless.length === 0 ? [] : ["of no tier", ...homeless.flatMap(lines)]),
    `Kept machines are renewed one at a time: ${of.renewal.join(", ") || "there is none"}`,
  ];
}

function lines(host: InventoryMachine | InventoryPool): readonly string[] {
  const size = `${host.cpus} CPU, ${host.gib} GiB`;
  const units = host.units.map((unit) => `    ${unit.unit}: ${unitFacts(unit)}`);
  if ("number" in host) {
    const disks = host.disks.map(({ name, gib }) => `, disk ${name} ${gib} GiB`).join("");
    const older = host.older === true ? ["    older than the page"] : [];
    const ways = [host.login, host.renew && `made anew by -replace=${host.renew}`].filter((way) => way !== undefined);
    return [`  ${host.name} at ${host.address}: ${size}${disks}`, ...older, ...units, ...ways.map((way) => `    ${way}`)];
  }
  const { members = [], list, renew } = host;
  const found = members.map(
    ({ name, address, login }) =>
      `    ${name}${address === undefined ? "" : ` at ${address}`}${login === undefined ? "" : `: ${login}`}`,
  );
  const ways = [list && `listed by ${list}`, renew && `replaced by -replace=${renew}`].filter((way) => way !== undefined);
  return [`  ${host.name}: ${host.size} of ${size}, ${host.roll}`, ...units, ...found, ...ways.map((way) => `    ${way}`)];
}

function unitFacts({ what, facts }: InventoryUnit): string {
  return [what, ...listed(facts)].join(", ");
}

function listed(facts: Facts): readonly string[] {
  return Object.entries(facts).map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" ") : String(value)}`);
}

interface Output {
  readonly value?: unknown;
}

function inventoriesIn(outputs: Readonly<Record<string, Output>>): readonly Inventory[] {
  return Object.entries(outputs).flatMap(([name, { value }]) =>
    name.endsWith(ENDING) && typeof value === "object" && value !== null && "format" in value ? [value as Inventory] : [],
  );
}

function terraformOutput(stack: string): Answer {
  const terraform = process.env["TERRAFORM_BINARY_NAME"] ?? "terraform";
  return spawnSync(terraform, [`-chdir=${stack}`, "output", "-json", "-no-color"], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
}

function wrong(words: string, status: number): number {
  console.error(words);
  return status;
}
