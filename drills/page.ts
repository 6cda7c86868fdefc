// The page under drill, as `cdktf deploy` left it in the current directory: `const page = await openPage({ directory, … })`.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { apply, machines, Place } from "../scripts/cluster";

/** Why there is nothing to drill, and what to do. */
export class NotReady extends Error {}

export interface Page {
  readonly place: Place;
  readonly site: string;
  readonly stack: string;
  /** Synthesizes it anew and applies it; `environment` is what the page's own process sees, `app` another command that makes it. */
  apply(environment?: Readonly<Record<string, string>>, app?: string): Promise<void>;
  /** Makes a kept machine anew over its disk. */
  renew(machine: string): Promise<void>;
}

interface Options {
  readonly place: Place;
  /** @default - the only one that the page makes on this host */
  readonly site?: string;
}

export async function openPage({ place, site: wanted }: Options): Promise<Page> {
  const { app, output } = settings(place);
  await synthesize(place, app, {});
  const manifest = JSON.parse(readFileSync(join(place.directory, output, "manifest.json"), "utf8")) as {
    readonly stacks: Readonly<Record<string, { readonly workingDirectory: string }>>;
  };
  const found = Object.values(manifest.stacks).flatMap(({ workingDirectory }) => {
    const stack = join(place.directory, output, workingDirectory);
    return sitesOf(stack).map((site) => ({ site, stack }));
  });
  const fit = found.filter(({ site }) => site === (wanted ?? site) && machines(site).length > 0);
  if (fit.length > 1)
    throw new NotReady(`several sites are here; choose one by --site: ${fit.map(({ site }) => site).join(", ")}`);
  if (fit.length === 0) {
    const names = found.map(({ site }) => site).join(", ");
    throw new NotReady(
      names === "" || (wanted !== undefined && !found.some(({ site }) => site === wanted))
        ? `the page makes no ${wanted === undefined ? "site" : `site ${wanted}`} on the local cloud${names === "" ? "" : `; it makes: ${names}`}`
        : `${wanted ?? names} is not deployed on this host: run cdktf deploy in this directory (npm start in this library's repository)`,
    );
  }
  const { site, stack } = fit[0]!;
  // Terraform's lock would refuse a second one.
  let last: Promise<unknown> = Promise.resolve();
  const make = (command: string, environment: Readonly<Record<string, string>>, more: readonly string[]) => {
    const next = last.then(async () => {
      await synthesize(place, command, environment);
      await apply(stack, place, more);
    });
    last = next.catch(() => undefined);
    return next;
  };
  return {
    place,
    site,
    stack,
    apply: (environment = {}, other = app) => make(other, environment, []),
    renew: (machine) => make(app, {}, [`-replace=${addressOf(stack, machine)}`]),
  };
}

function settings({ directory }: Place): { readonly app: string; readonly output: string } {
  const file = join(directory, "cdktf.json");
  if (!existsSync(file)) throw new NotReady(`there is no cdktf.json in ${directory}: run this where you run cdktf deploy`);
  const { app, output = "cdktf.out" } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly app?: string;
    readonly output?: string;
  };
  if (app === undefined) throw new NotReady(`${file} names no app`);
  return { app, output };
}

interface Data {
  readonly input?: { readonly site?: unknown; readonly name?: unknown };
}

function dataOf(stack: string): readonly (readonly [string, Data])[] {
  const { resource } = JSON.parse(readFileSync(join(stack, "cdk.tf.json"), "utf8")) as {
    readonly resource?: { readonly terraform_data?: Readonly<Record<string, Data>> };
  };
  return Object.entries(resource?.terraform_data ?? {});
}

/** The sites that a synthesized stack makes on the local cloud. */
function sitesOf(stack: string): readonly string[] {
  return [...new Set(dataOf(stack).flatMap(([, { input }]) => (typeof input?.site === "string" ? [input.site] : [])))];
}

/** What Terraform calls a kept machine. */
function addressOf(stack: string, machine: string): string {
  const found = dataOf(stack).find(([, { input }]) => input?.name === machine);
  if (found === undefined) throw new Error(`the page has no kept machine ${machine}`);
  return `terraform_data.${found[0]}`;
}

/** What the page's process is told, so that these pools, all if none is named, get a new boot text. */
export function newBootText(...pools: readonly string[]): Readonly<Record<string, string>> {
  const hook = `--require ${JSON.stringify(join(__dirname, "new-boot-text.cjs"))}`;
  const options = [process.env["NODE_OPTIONS"], hook].filter((option) => option !== undefined).join(" ");
  return { NODE_OPTIONS: options, DRILL_TEXT: new Date().toISOString(), DRILL_POOLS: pools.join(" ") };
}

async function synthesize(place: Place, app: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(app, {
    shell: true,
    cwd: place.directory,
    env: { ...process.env, CDKTF_OUTDIR: settings(place).output, ...environment },
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
