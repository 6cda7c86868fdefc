// docs/benchmarks.md, and the same text for the terminal: `section(name, report, where)`, `replaceSections(page, sections)`.

import { Report, Target } from "./benchmark";
import { markdown } from "./table";

/** One benchmark as the docs show it. `where` says when and on which machine, since not all of the page is measured in one run. */
export function section(name: string, { title, meaning, method, tables, targets }: Report, where: string): string {
  const missed = targets.filter(({ met, reason }) => !met && reason !== undefined);
  return [
    `## ${title}`,
    meaning,
    ...tables.map(markdown),
    ...(targets.length === 0 ? [] : [targetTable(targets)]),
    ...(missed.length === 0 ? [] : [missed.map(({ what, reason }) => `- Missed, ${what}: ${reason}`).join("\n")]),
    `Measured with \`npm run bench -- ${name}\`: ${method}`,
    where,
  ].join("\n\n");
}

/** The last line of a run. */
export function verdict(targets: readonly Target[]): string {
  const missed = targets.filter(({ met }) => !met).map(({ what }) => what);
  const words = `bench: ${targets.length - missed.length} of ${targets.length} targets met`;
  return missed.length === 0 ? words : `${words}; missed: ${missed.join("; ")}`;
}

function targetTable(targets: readonly Target[]): string {
  const rows = targets.map(({ what, measured, target, met }) => [what, measured, target, met ? "met" : "missed"]);
  return markdown({ head: ["target", "measured", "wanted", ""], rows });
}

/** The page with these sections in the place of their older selves, in the order of `sections`. */
export function replaceSections(page: string, sections: ReadonlyMap<string, string | undefined>): string {
  const older = new Map(
    [...page.matchAll(/^<!-- ([a-z-]+) -->\n([^]*?)(?=^<!-- |(?![^]))/gm)].map(([, name, text]) => [name!, text!.trim()]),
  );
  const texts = [...sections].flatMap(([name, text]) => {
    const found = text ?? older.get(name);
    return found === undefined ? [] : [`<!-- ${name} -->\n\n${found}`];
  });
  return [HEAD, ...texts].join("\n\n") + "\n";
}

const HEAD = `# Benchmarks

Written by \`npm run bench -- --write\`, which runs all of it as root on a Debian-like machine in about 50 minutes; \`npm run bench -- NAME --write\`
runs one and leaves the others as they are, so each says when and where it was measured. Numbers are medians. What can be compared is measured in
turns in one run and given as a ratio, which says more on another machine than seconds do.`;
