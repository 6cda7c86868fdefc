// The files of the overview page on the monitoring machine: `program.add(...overviewFiles("/usr/local/share/overview", facts))`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FileStep } from "../../../core/program";
import { OverviewFacts } from "./facts";
import { OVERVIEW_FILES } from "./nginx";

/** Where `npm run prepare` has made the script and the style sheet, from those beside this file. */
const BUNDLE = join(__dirname, "bundle");

/**
 * All files of the page, with `site.json`, which is made of the facts. None holds a secret, and nginx' user must be able to read them.
 * @param facts called at synth, when the whole page is known
 */
export function overviewFiles(directory: string, facts: () => OverviewFacts): readonly FileStep[] {
  return OVERVIEW_FILES.map((name) => ({
    kind: "file",
    path: `${directory}/${name}`,
    content: name === "site.json" ? () => `${siteJson(facts())}\n` : readFileSync(pathOf(name), "utf8"),
    // Browsers read them at each use.
    taken: { what: "the overview page", does: "nothing" },
  }));
}

/** What the page shows. It has nothing of objectives, and boot texts have little room. */
function siteJson({ objectives: _, ...shown }: OverviewFacts): string {
  return JSON.stringify(shown);
}

function pathOf(name: string): string {
  return name === "index.html" ? join(__dirname, name) : join(BUNDLE, name);
}
