// examples/local as a page of its own, deployed for one test file and removed after it: `const page = deployed({ id: "Drilled", network })`.

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

/** Deploys it before the tests of this file, and removes it after them. A name and a network of its own: what `npm start` has made stays. */
export function deployed({ id, network }: { readonly id: string; readonly network: string }): Deployed {
  const site = id.toLowerCase();
  const directory = mkdtempSync(join(tmpdir(), `${site}-`));
  const place: Place = { directory, say: (line) => process.stderr.write(`  ${line}\n`) };
  const page = join(directory, "page.ts");
  const text = readFileSync(join(REPOSITORY, "examples/local/main.ts"), "utf8").replace(
    '(stack, "Social", { ',
    `(stack, "${id}", { network: "${network}", `,
  );
  let stack: string | undefined;
  beforeAll(async () => {
    await setUp(place, "shellcheck");
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
