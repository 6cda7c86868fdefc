// The suites of the unit ring, shared out among the files of this folder: `gathered(__filename)`. For each file of tests, jest loads the library and
// itself anew, which takes longer than most suites.

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Declares the tests of one share, each suite under its path. */
export function gathered(file: string): void {
  const { GATHERED } = require("../suites.cjs") as { readonly GATHERED: readonly string[] };
  const files = readdirSync(__dirname).filter((name) => name.endsWith(".test.ts"));
  const own = GATHERED.filter((_, n) => n % files.length === files.indexOf(basename(file)));
  describe.each(own)("%s", (suite) => {
    require(join(__dirname, "../..", suite));
  });
}
