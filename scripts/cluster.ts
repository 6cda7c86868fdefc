// A page deployed on this machine: `const cluster = await deploy("examples/local/main.ts", { directory, say })`.
// It runs the same commands as a user: the page writes the plan, Terraform applies it, and the driver manages the machines.

import { ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { secretsIn } from "../lib/bin/secrets";

const ROOT = resolve(__dirname, "..");
const DRIVER = join(ROOT, "lib/clouds/local/driver/local.sh");

export interface Machine {
  readonly name: string;
  readonly address: string;
  readonly pool: string;
  readonly state: string;
}

export interface Place {
  /** Where the synthesized stack and Terraform's state lie. */
  readonly directory: string;
  /**
   * Terraform's file of secrets, if it is there.
   * @default - `secrets.tfvars.json` in the directory
   */
  readonly secrets?: string;
  /** Takes one line at a time. */
  readonly say: (line: string) => void;
}

/** The problems of a page; no plan was written. */
export class PageError extends Error {}

/** Finds what only the types know, such as a misspelt property, which would be ignored. */
export async function checkTypes(place: Place): Promise<void> {
  try {
    await run(
      process.execPath,
      [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", ROOT],
      { ...place, say: () => undefined },
      {},
    );
  } catch (error) {
    throw new PageError((error as Error).message.split("\n").slice(1).join("\n"));
  }
}

/** Writes the plan of a page, by running it. */
export async function synthesize(
  page: string,
  place: Place,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  mkdirSync(place.directory, { recursive: true });
  const quiet = { ...place, say: () => undefined };
  try {
    await run(process.execPath, ["--import", require.resolve("tsx"), resolve(ROOT, page)], quiet, {
      cwd: place.directory,
      // The page's imports of `cdktf-mastodon` mean this very source.
      env: { ...environment, CDKTF_OUTDIR: "cdktf.out", TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json") },
    });
  } catch (error) {
    const [, problems] = /^\d+ problems? on this page, .*:\n((?: {2}.*(?:\n|$))+)/m.exec((error as Error).message) ?? [];
    throw problems === undefined ? error : new PageError(problems.trimEnd().replaceAll(/^ {2}/gm, ""));
  }
  const stacks = join(place.directory, "cdktf.out/stacks");
  return join(stacks, readdirSync(stacks)[0]!);
}

/** Applies the plan; only what the driver says is passed on, not what Terraform says about itself. */
export async function apply(stack: string, place: Place, more: readonly string[] = []): Promise<readonly string[]> {
  await terraform(stack, ["init"], { ...place, say: () => undefined });
  return terraform(stack, ["apply", "-auto-approve", "-compact-warnings", ...secretsOf(place), ...more], {
    ...place,
    say: (line) => {
      const said = /^terraform_data\.\S+ \(local-exec\): (?!Executing: )(.*)$/.exec(line)?.[1];
      if (said !== undefined) place.say(said);
    },
  });
}

export async function destroy(stack: string, place: Place): Promise<void> {
  await terraform(stack, ["destroy", "-auto-approve", "-compact-warnings", ...secretsOf(place)], {
    ...place,
    say: () => undefined,
  });
}

export function output<T>(stack: string, name: string): T {
  const { status, stdout, stderr } = spawnSync("terraform", [`-chdir=${stack}`, "output", "-json", name], { encoding: "utf8" });
  if (status !== 0) throw new Error(`terraform output ${name}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Runs a command of the driver and returns what it prints. */
export function driver(args: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync("bash", [DRIVER, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`local ${args.join(" ")}: exit ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** The same without blocking. */
export async function drive(args: readonly string[]): Promise<string> {
  const child = spawnDriver(args);
  child.stdin.end();
  let printed = "";
  let complained = "";
  child.stdout.on("data", (part: Buffer) => (printed += part.toString()));
  child.stderr.on("data", (part: Buffer) => (complained += part.toString()));
  const status = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  if (status !== 0) throw new Error(`local ${args.slice(0, 4).join(" ")}: exit ${status}\n${printed}${complained}`);
  return printed;
}

/** A command of the driver that goes on. */
export function spawnDriver(args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn("bash", [DRIVER, ...args]);
}

/** Runs a command inside a machine. */
export function inside(site: string, machine: string, ...command: readonly string[]): string {
  return driver(["run", site, machine, "--", ...command]);
}

export function machines(site: string): readonly Machine[] {
  return hasSite(site) ? listed(driver(["list", site])) : [];
}

export async function machinesNow(site: string): Promise<readonly Machine[]> {
  return hasSite(site) ? listed(await drive(["list", site])) : [];
}

const hasSite = (site: string) =>
  existsSync(join(process.env["CDKTF_MASTODON_ROOT"] ?? "/var/lib/cdktf-mastodon", "sites", site));

function listed(lines: string): readonly Machine[] {
  return lines
    .split("\n")
    .slice(1)
    .filter((line) => line !== "")
    .map((line) => {
      const [name, address, pool, state] = line.split("\t") as [string, string, string, string];
      return { name, address, pool, state };
    });
}

/** Boots what stands still, as after a restart of the host. All at once: machines wait for each other. */
export async function startStopped(site: string, place: Place): Promise<void> {
  const stopped = machines(site).filter(({ state }) => state === "stopped");
  await Promise.all(stopped.map(({ name }) => run("bash", [DRIVER, "machine", "start", site, name], place, {})));
  for (const { name } of stopped) await run("bash", [DRIVER, "wait", site, name], place, {});
}

/** Installs what the host lacks, and these Debian packages, and says what it cannot. */
export async function setUp(place: Place, ...packages: readonly string[]): Promise<void> {
  await run("bash", [DRIVER, "setup", ...packages], place, {});
}

/** Makes the secrets of a place unless they are there; returns whether they were made. */
export function makeSecrets(place: Place): boolean {
  const file = secretsFile(place);
  if (existsSync(file)) return false;
  const bin = join(ROOT, "lib/bin/cdktf-mastodon.ts");
  const words = ["secrets", file, "--page", join(place.directory, "cdktf.out")];
  const { status, stderr } = spawnSync(process.execPath, ["--import", require.resolve("tsx"), bin, ...words], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return true;
}

export const secretsFile = ({ directory, secrets }: Place): string => secrets ?? join(directory, "secrets.tfvars.json");

function secretsOf(place: Place): readonly string[] {
  const file = secretsFile(place);
  if (!existsSync(file)) return [];
  const read = secretsIn(file);
  if ("wrong" in read) throw new Error(read.wrong);
  return [`-var-file=${file}`];
}

// Its state may hold secrets, so it is for its owner only, as a saved plan would be.
async function terraform(stack: string, args: readonly string[], place: Place): Promise<readonly string[]> {
  for (const file of readdirSync(place.directory).filter((name) => /\.tfstate(\.|$)/.test(name)))
    chmodSync(join(place.directory, file), 0o600);
  return run(process.env.TERRAFORM_BINARY_NAME ?? "terraform", [`-chdir=${stack}`, ...args, "-input=false", "-no-color"], place, {
    umask: 0o077,
  });
}

// Both streams line by line; the last lines are the error's text when the command fails.
async function run(
  command: string,
  args: readonly string[],
  { say }: Place,
  { cwd, env, umask }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>>; readonly umask?: number },
): Promise<readonly string[]> {
  const before = process.umask(umask ?? process.umask());
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  process.umask(before);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      say(line);
    });
  }
  const status = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  if (status !== 0) {
    // Terraform says what went wrong last, and all of it from the first "Error:" on.
    const wrong = lines.findIndex((line) => line.startsWith("Error: "));
    throw new Error(`${command} ended with ${status}\n${lines.slice(wrong === -1 ? -60 : wrong).join("\n")}`);
  }
  return lines;
}
