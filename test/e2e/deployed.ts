// examples/local as a page of its own, deployed for one test file and removed after it: `const page = deployed({ id: "Drilled" })`.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, driver, makeSecrets, Place, setUp, synthesize } from "../../scripts/cluster";

const MINUTE = 60_000;
const REPOSITORY = join(__dirname, "../..");

export interface Deployed {
  readonly directory: string;
  readonly place: Place;
  /** The machines' site. */
  readonly site: string;
  /** The page's file, and its text: a test may write another. */
  readonly page: string;
  readonly text: string;
  /** Where the synthesized stack lies. */
  readonly stack: () => string;
}

/** A network that no device of this host has: a run that was killed, of another root of the local cloud, may have left its bridge behind. */
function freeNetwork(): string {
  const taken = execFileSync("ip", ["-o", "-4", "address", "show"], { encoding: "utf8" });
  for (let second = 60; second < 250; second += 1) {
    if (!taken.includes(` 10.${second}.`)) return `10.${second}.0.0/16`;
  }
  throw new Error("no network of 10.60.0.0/16 to 10.249.0.0/16 is free on this host");
}

/** As the last line of the page. */
function withMonitoring(page: string): string {
  return page
    .replace("import { Disk, Etcd,", "import { Disk, Etcd, Monitoring,")
    .replace("\napp.synth();", '\nnew Monitoring(site, "Monitoring", { size: small, disk: Disk.gib(5) });\n\napp.synth();');
}

/**
 * Deploys it before the tests of this file, and removes it after them. A name and a network of its own: what `npm start` has made stays.
 * What a killed run has left under the same name is removed first.
 */
export function deployed({ id, monitored = false }: { readonly id: string; readonly monitored?: boolean }): Deployed {
  const site = id.toLowerCase();
  const network = freeNetwork();
  const directory = mkdtempSync(join(tmpdir(), `${site}-`));
  const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };
  const page = join(directory, "page.ts");
  const own = readFileSync(join(REPOSITORY, "examples/local/main.ts"), "utf8").replace(
    '(stack, "Social", { ',
    `(stack, "${id}", { network: "${network}", `,
  );
  const text = monitored ? withMonitoring(own) : own;
  let stack: string | undefined;
  beforeAll(async () => {
    await setUp(place, "shellcheck");
    driver(["clean", site]);
    makeSecrets(place);
    symlinkSync(join(REPOSITORY, "node_modules"), join(directory, "node_modules"));
    writeFileSync(page, text);
    stack = await synthesize(page, place);
    await apply(stack, place);
  }, 40 * MINUTE);
  afterAll(() => {
    driver(["clean", site]);
    rmSync(directory, { recursive: true, force: true });
  }, 2 * MINUTE);
  return { directory, place, site, page, text, stack: () => stack! };
}
