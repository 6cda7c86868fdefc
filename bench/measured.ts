// A page run in a process of its own against the built package, as its users have it: `measured("examples/local/main.ts", directory)`.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { Context } from "./benchmark";
import type { Probed } from "./probe";

export const ROOT = resolve(__dirname, "..");

export interface Measured extends Probed {
  /** From the start of the process to its end. */
  readonly wallMs: number;
}

let built = false;

/** Builds the package once for all benchmarks of a run. */
export function build({ say }: Context): void {
  if (built) return;
  say("building the package");
  command("npm", ["run", "--silent", "build"], ROOT, {});
  built = true;
}

/** Runs a page, whose plan then lies in `directory`/cdktf.out. */
export function measured(page: string, directory: string, environment: Readonly<Record<string, string>> = {}): Measured {
  const report = join(directory, "report.json");
  const from = performance.now();
  // No tsconfig of ours: `cdktf-mastodon` then means the built package.
  command(process.execPath, ["--import", require.resolve("tsx"), join(ROOT, "bench/probe.ts"), resolve(ROOT, page)], directory, {
    CDKTF_OUTDIR: join(directory, "cdktf.out"),
    REPORT: report,
    ...environment,
  });
  const wallMs = performance.now() - from;
  return { wallMs, ...(JSON.parse(readFileSync(report, "utf8")) as Probed) };
}

/** What a command prints. */
export function command(
  name: string,
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): string {
  const { status, stdout, stderr, error } = spawnSync(name, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${name} ${args.join(" ")}: ${status}\n${stdout}${stderr}`);
  return stdout;
}
