// The page under drill, as `cdktf deploy` left it in the current directory: `const page = await openPage({ directory, … })`.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Answer, asksForOutputs, deployedIn, planned } from "../lib/bin/deployed";
import { GENERATION } from "../lib/core/generation";
import { Inventory } from "../lib/core/inventory";
import { apply, machines, Place } from "../scripts/cluster";

/** Why there is nothing to drill, and what to do. */
export class NotReady extends Error {}

export interface Page {
  readonly place: Place;
  readonly site: string;
  readonly stack: string;
  /** What the last deploy has described. */
  readonly inventory: () => Promise<Inventory>;
  /** Synthesizes it anew and applies it; `app` is another command that makes it. */
  apply(app?: string): Promise<void>;
  /** Replaces the members of these pools, of all if none is named. The next `apply` does it once more, back to what was there. */
  rollOut(...pools: readonly string[]): Promise<void>;
  /** Makes a kept machine anew over its disk. */
  renew(machine: string): Promise<void>;
}

/** Values for constructs, as `context` of cdktf.json has them. */
export type Context = Readonly<Record<string, unknown>>;

interface Options {
  readonly place: Place;
  /** @default - the only one that the page makes on this host */
  readonly site?: string;
}

export async function openPage({ place, site: wanted }: Options): Promise<Page> {
  const { app, output, context } = settings(place);
  await synthesize(place, app, context);
  const found = planned(join(place.directory, output)).filter(({ inventory }) => inventory.cloud === "local");
  const sites = found.map(({ inventory, stack }) => ({ site: inventory.site, stack }));
  const fit = sites.filter(({ site }) => site === (wanted ?? site) && machines(site).length > 0);
  if (fit.length > 1)
    throw new NotReady(`several sites are here; choose one by --site: ${fit.map(({ site }) => site).join(", ")}`);
  if (fit.length === 0) {
    const names = sites.map(({ site }) => site).join(", ");
    throw new NotReady(
      names === "" || (wanted !== undefined && !sites.some(({ site }) => site === wanted))
        ? `the page makes no ${wanted === undefined ? "site" : `site ${wanted}`} on the local cloud${names === "" ? "" : `; it makes: ${names}`}`
        : `${wanted ?? names} is not deployed on this host: run cdktf deploy in this directory (npm start in this library's repository)`,
    );
  }
  const { site, stack } = fit[0]!;
  // Asked once after each deploy.
  let described: Promise<Inventory> | undefined;
  const inventory = () =>
    (described ??= inventoryOf(stack, site).catch((error) => {
      described = undefined;
      throw error;
    }));
  // Terraform's lock would refuse a second one.
  let last: Promise<unknown> = Promise.resolve();
  const make = (command: string, values: Context, more: () => Promise<readonly string[]>) => {
    const next = last.then(async () => {
      await synthesize(place, command, values);
      try {
        await apply(stack, place, await more());
      } finally {
        described = undefined;
      }
    });
    last = next.catch(() => undefined);
    return next;
  };
  const nothing = async () => [];
  return {
    place,
    site,
    stack,
    inventory,
    apply: (other = app) => make(other, context, nothing),
    rollOut: (...pools) => make(app, newGeneration(context, new Date().toISOString(), pools), nothing),
    renew: (machine) => make(app, context, async () => [`-replace=${renewalOf(await inventory(), machine)}`]),
  };
}

function settings({ directory }: Place): { readonly app: string; readonly output: string; readonly context: Context } {
  const file = join(directory, "cdktf.json");
  if (!existsSync(file)) throw new NotReady(`there is no cdktf.json in ${directory}: run this where you run cdktf deploy`);
  const given = JSON.parse(readFileSync(file, "utf8")) as {
    readonly app?: string;
    readonly output?: string;
    readonly context?: Context;
  };
  if (given.app === undefined) throw new NotReady(`${file} names no app`);
  // As cdktf's own command does: with a context in the file, the environment's is not used.
  const context = given.context ?? (JSON.parse(process.env["CDKTF_CONTEXT_JSON"] ?? "{}") as Context);
  return { app: given.app, output: given.output ?? "cdktf.out", context };
}

/** The context with which these pools, all if none is named, have another boot text than with the page's own. */
export function newGeneration(context: Context, word: string, pools: readonly string[]): Context {
  // A pool's own word goes before the one for all.
  const own = pools.length === 0 ? Object.keys(context).filter((key) => key.startsWith(`${GENERATION}:`)) : [];
  const keys = pools.length === 0 ? [GENERATION, ...own] : pools.map((pool) => `${GENERATION}:${pool}`);
  return { ...context, ...Object.fromEntries(keys.map((key) => [key, word])) };
}

/** What Terraform's `-replace` takes for a kept machine. */
export function renewalOf({ machines }: Inventory, machine: string): string {
  const renew = machines.find(({ name }) => name === machine)?.renew;
  if (renew === undefined) throw new Error(`the inventory has no kept machine ${machine} that can be renewed`);
  return renew;
}

// Not at once: the load runs in this process meanwhile.
async function inventoryOf(stack: string, site: string): Promise<Inventory> {
  const [program, words] = asksForOutputs(stack);
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (part: Buffer) => (said[stream] += part.toString()));
  const status = await new Promise<Answer["status"]>((done, fail) => child.on("error", fail).on("close", done));
  const found = deployedIn(stack, { status, ...said }).find((one) => one.site === site);
  if (found === undefined)
    throw new NotReady(`${site} was deployed without an inventory, by an older version of the library: run cdktf deploy`);
  return found;
}

async function synthesize(place: Place, app: string, context: Context): Promise<void> {
  const child = spawn(app, {
    shell: true,
    cwd: place.directory,
    env: { ...process.env, CDKTF_OUTDIR: settings(place).output, CDKTF_CONTEXT_JSON: JSON.stringify(context) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += part.toString()));
  const status = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  if (status !== 0) throw new NotReady(`the page could not be synthesized (${app}):\n${said}`);
}

/** A command that makes a page: itself, or the file that it is in. */
export function commandOf(commandOrPage: string, directory: string): string {
  const file = resolve(directory, commandOrPage);
  return existsSync(file) ? `npx tsx "${file}"` : commandOrPage;
}
