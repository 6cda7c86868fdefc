// docs/benchmarks.md, and the same text for the terminal: `section(name, report)`, `replaceSections(page, machine, sections)`.

import { Report, Target } from "./benchmark";
import { markdown } from "./table";

/** One benchmark as the docs show it. */
export function section(name: string, { title, meaning, method, tables, targets }: Report): string {
  const missed = targets.filter(({ met, reason }) => !met && reason !== undefined);
  return [
    `## ${title}`,
    meaning,
    ...tables.map(markdown),
    ...(targets.length === 0 ? [] : [targetTable(targets)]),
    ...(missed.length === 0 ? [] : [missed.map(({ what, reason }) => `- Missed, ${what}: ${reason}`).join("\n")]),
    `Measured with \`npm run bench -- ${name}\`: ${method}`,
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

/**
 * The page with these sections in the place of their older selves, in the order of `sections`.
 * @throws if the page was measured on another machine, unless every section is new
 */
export function replaceSections(page: string, machine: string, sections: ReadonlyMap<string, string | undefined>): string {
  const older = new Map(
    [...page.matchAll(/^<!-- ([a-z-]+) -->\n([^]*?)(?=^<!-- |(?![^]))/gm)].map(([, name, text]) => [name!, text!.trim()]),
  );
  const kept = [...sections].filter(([, text]) => text === undefined).flatMap(([name]) => (older.has(name) ? [name] : []));
  if (kept.length > 0 && !page.includes(machine)) {
    throw new Error(`docs/benchmarks.md was measured on another machine: run all benchmarks, not all but ${kept.join(", ")}`);
  }
  const texts = [...sections].flatMap(([name, text]) => {
    const found = text ?? older.get(name);
    return found === undefined ? [] : [`<!-- ${name} -->\n\n${found}`];
  });
  return [HEAD, machine, ...texts].join("\n\n") + "\n";
}

const HEAD = `# Benchmarks

Written by \`npm run bench -- --write\`, which runs all of it as root on a Debian-like machine in less than 25 minutes; \`npm run bench -- NAME\`
runs one. Numbers are medians. What can be compared is measured in turns in one run and given as a ratio, which says more on another machine
than seconds do.`;
