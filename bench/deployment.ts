// Deploys a page for one benchmark and destroys it afterwards, also after a failure: `await deployed(page, context, (site) => …)`.

import { spawnSync } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { apply, driver, makeSecrets, Place, synthesize } from "../scripts/cluster";
import { Context } from "./benchmark";
import { ROOT } from "./measured";
import { inTemporary } from "./temporary";

/** Of all sites of benchmarks, of which only one stands at a time. */
export const NETWORK = "10.80.0.0/16";

export const EXAMPLE = "examples/local/main.ts";

export interface Page {
  /** A file of this repository, or a page's text. */
  readonly path?: string;
  readonly text?: string;
  /** The site's name, which no other site on this machine may have. */
  readonly site: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Deployment {
  readonly site: string;
  /** `terraform init` and `apply`, until everything is healthy. */
  readonly applySeconds: number;
}

const standing = new Set<string>();
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => {
    endChildren();
    for (const site of standing) driver(["clean", site]);
    process.exit(status);
  });
}

// Terraform would go on making machines behind the back of the clean-up. It gets half a minute to end what it has in hand.
// What has ended stays a zombie until this process is back at its loop.
function endChildren(): void {
  const children = ["-P", String(process.pid)];
  spawnSync("pkill", ["-TERM", ...children]);
  for (let tries = 0; tries < 150 && spawnSync("pgrep", ["-r", "D,R,S", ...children]).status === 0; tries++)
    spawnSync("sleep", ["0.2"]);
}

export async function deployed<Result>(
  { path, text, site, environment = {} }: Page,
  { say }: Context,
  use: (deployment: Deployment) => Promise<Result>,
): Promise<Result> {
  return inTemporary(async (directory) => {
    const place: Place = { directory, say: () => undefined };
    symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
    makeSecrets(place);
    say(`${site}: deploying`);
    const page = path ?? join(directory, "page.ts");
    if (text !== undefined) writeFileSync(page, text);
    const stack = await synthesize(page, place, { NETWORK, ...environment });
    driver(["clean", site]);
    standing.add(site);
    try {
      const from = Date.now();
      await apply(stack, place);
      return await use({ site, applySeconds: (Date.now() - from) / 1000 });
    } finally {
      driver(["clean", site]);
      standing.delete(site);
    }
  });
}

/** The example under a name and in a network of its own: what `npm start` has deployed stays as it is. */
export function example(id: string): string {
  const page = readFileSync(join(ROOT, EXAMPLE), "utf8");
  const changed = page.replace('(stack, "Social", { ', `(stack, "${id}", { network: process.env["NETWORK"]!, `);
  if (changed === page) throw new Error(`${EXAMPLE} makes its site in another way than this benchmark knows`);
  return changed;
}

/** The Debian packages of the deployed example: with the same ones a benchmark's machines boot from the same Debian. */
export async function packagesOfTheExample(): Promise<string> {
  return inTemporary(async (directory) => {
    const stack = await synthesize(EXAMPLE, { directory, say: () => undefined });
    const plan = readFileSync(join(stack, "cdk.tf.json"), "utf8");
    const { resource } = JSON.parse(plan) as {
      readonly resource: {
        readonly terraform_data: Record<string, { readonly triggers_replace?: { readonly packages?: string } }>;
      };
    };
    const [packages] = Object.values(resource.terraform_data).flatMap(({ triggers_replace }) => triggers_replace?.packages ?? []);
    if (packages === undefined) throw new Error("the plan of examples/local names no packages");
    return packages;
  });
}

export const sleep = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));
