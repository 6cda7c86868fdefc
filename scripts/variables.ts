// The page of every variable, made from the catalogue: `npm run docs` writes docs/variables.md, and a test holds it to what is committed.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Process, Row, Span } from "../lib/mastodon/catalogue/row";
import { GROUPS } from "../lib/mastodon/env-catalogue";

const HEAD = `# Variables

Every variable of Mastodon 4.1 to 4.7 that the library knows. \`npm run docs\` makes this page from \`lib/mastodon/catalogue/row.ts\` and the files
beside it, through which every environment is rendered: a variable is refused where its process or its version does not read it, where it is empty
and must not be, and where its value looks otherwise than here. Words of the library set most of them: tiers their own, a site's \`settings\`
mail, search, signing on and so on. The others, and what is newer than this page, are given as \`extraEnv\` of a site or a tier. \`task\` stands for
the database task and the administrator's commands.
`;

export function variablesPage(): string {
  const groups = Object.entries(GROUPS).map(([title, rows]) => {
    const lines = Object.entries(rows).map(([name, row]) => line(name, row));
    return [
      `## ${title}`,
      "",
      "| variable | read by | value | meaning | source |",
      "| --- | --- | --- | --- | --- |",
      ...lines,
      "",
    ];
  });
  return [HEAD, ...groups.flat()].join("\n");
}

function line(name: string, row: Row): string {
  const value = [row.secret && "secret", row.format && `\`${cell(row.format.source)}\``, row.mayBeEmpty && "may be empty"];
  const cells = [`\`${name}\``, readers(row), value.filter(Boolean).join(", ") || "any", cell(row.meaning), cell(row.source)];
  return `| ${cells.join(" | ")} |`;
}

function readers(row: Row): string {
  const own = row.readBy.filter((process) => row.spans?.[process] !== undefined);
  const others = row.readBy.filter((process) => !own.includes(process));
  const groups: readonly (readonly [readonly Process[], Span])[] = [
    ...(others.length === 0 ? [] : [[others, row] as const]),
    ...own.map((process) => [[process], row.spans![process]!] as const),
  ];
  return groups.map(([processes, span]) => [processes.join(", "), versions(span)].filter(Boolean).join(" ")).join("; ");
}

function versions({ since, until }: Span): string {
  if (since !== undefined && since === until) return `in ${since} only`;
  return [since && `from ${[since].flat().join(" and ")} on`, until && `up to ${until}`].filter(Boolean).join(", ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (require.main === module) writeFileSync(join(__dirname, "../docs/variables.md"), variablesPage());
