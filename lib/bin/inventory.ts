// `cdktf-mastodon inventory [SITE]`: prints the deployed inventory from Terraform's state, or writes it to a file.

import { parseArgs } from "node:util";
import { Facts, Inventory, InventoryMachine, InventoryPool, InventoryUnit } from "../core/inventory";
import { deployedSites, NoInventory, outputDirectory, Outputs } from "./deployed";
import { replaceFile } from "./replace-file";

export const INVENTORY_USAGE = `usage: cdktf-mastodon inventory [SITE] [--json] [--file FILE] [--out DIRECTORY]
  What stands, as Terraform's state has it: tiers, machines and pools, what runs on each, how one logs in, and the order in which kept machines
  are renewed. Without SITE all sites of the page in this directory. --json prints it for programs, of all sites by name; --file writes that
  to FILE, which is replaced as a whole. --out is where cdktf synth writes (cdktf.out).`;

/** Prints them; returns the exit status. */
export function inventory(args: readonly string[], outputs?: Outputs): number {
  let given;
  try {
    const options = { json: { type: "boolean" }, file: { type: "string" }, out: { type: "string" } } as const;
    given = parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    return wrong(`${INVENTORY_USAGE}\n${(error as Error).message}`, 2);
  }
  const [site, more] = given.positionals;
  if (more !== undefined) return wrong(`${INVENTORY_USAGE}\n"${more}" is one word too many`, 2);
  const directory = outputDirectory(given.values.out);
  try {
    const chosen = deployedSites(directory, site, outputs);
    const { json, file } = given.values;
    const data = JSON.stringify(
      site === undefined ? Object.fromEntries(chosen.map((one) => [one.site, one])) : chosen[0],
      null,
      2,
    );
    const unwritten = file === undefined ? undefined : replaceFile(file, `${data}\n`);
    if (unwritten !== undefined) return wrong(unwritten, 1);
    if (json === true) console.log(data);
    else if (file === undefined) console.log(chosen.map((one) => readable(one).join("\n")).join("\n\n"));
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
  const { members = [], list, renew, login } = host;
  const found = members.map(
    ({ name, address, login }) =>
      `    ${name}${address === undefined ? "" : ` at ${address}`}${login === undefined ? "" : `: ${login}`}`,
  );
  const ways = [
    list && `listed by ${list}`,
    login && `logged in on by ${login}`,
    renew && `replaced by -replace=${renew}`,
  ].filter((way) => way !== undefined);
  return [`  ${host.name}: ${host.size} of ${size}, ${host.roll}`, ...units, ...found, ...ways.map((way) => `    ${way}`)];
}

function unitFacts({ what, facts }: InventoryUnit): string {
  return [what, ...listed(facts)].join(", ");
}

function listed(facts: Facts): readonly string[] {
  const told = Object.entries(facts).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  return told.map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" ") : String(value)}`);
}

function wrong(words: string, status: number): number {
  console.error(words);
  return status;
}
