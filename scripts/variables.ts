// The page of every variable, made from the catalogue: `npm run docs` writes docs/variables.md, and a test holds it to what is committed.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Process, Row, Span } from "../lib/mastodon/catalogue/row";
import { GROUPS } from "../lib/mastodon/env-catalogue";
import { releasesOf, VARIABLES_READ, VariablesRead } from "./read-variables";

const READ = JSON.parse(readFileSync(VARIABLES_READ, "utf8")) as VariablesRead;
const RELEASES = Object.keys(READ.releases);

const HEAD = `# Variables

Every variable of Mastodon 4.1 to 4.7 that the library knows. \`npm run docs\` makes this page from \`lib/mastodon/catalogue/row.ts\` and the files
beside it, through which every environment is rendered: a variable is refused where its process or its version does not read it, where it is empty
and must not be, and where its value looks otherwise than here. Words of the library set most of them: tiers their own, a site's \`settings\`
mail, search, signing on and so on. The others, and what is newer than this page, are given as \`extraEnv\` of a site or a tier. \`task\` stands for
the database task and the administrator's commands.

Where a prop says what a variable says, it stands under "said by", and \`extraEnv\` may not say it as well: one of the two would go unheard. A prop of
a setting, as in \`tls of mail()\`, counts only where the page has that setting. "nobody" is a variable that would break the machine.

The sources are files of the newest release that reads the variable, from \`test/mastodon/variables-read.json\`, which holds what ${RELEASES.length} releases from
${RELEASES[0]} to ${RELEASES.at(-1)} read, with the commit of each. Others are the libraries and programs that read it.
`;

export function variablesPage(): string {
  const groups = Object.entries(GROUPS).map(([title, rows]) => {
    const lines = Object.entries(rows).map(([name, row]) => line(name, row));
    return [
      `## ${title}`,
      "",
      "| variable | read by | value | said by | meaning | source |",
      "| --- | --- | --- | --- | --- | --- |",
      ...lines,
      "",
    ];
  });
  return [HEAD, ...groups.flat()].join("\n");
}

function line(name: string, row: Row): string {
  const { version, format } = row.formatBefore ?? {};
  const value = [
    row.secret && "secret",
    row.format && `\`${cell(row.format.source)}\``,
    format && `before ${version} \`${cell(format.source)}\``,
    row.mayBeEmpty && "may be empty",
    row.unquoted && "no number, date or other word of YAML",
  ];
  const cells = [
    `\`${name}\``,
    readers(row),
    value.filter(Boolean).join(", ") || "any",
    owners(row),
    cell(row.meaning),
    cell(row.source ?? sources(name)),
  ];
  return `| ${cells.join(" | ")} |`;
}

function owners({ owner, fixed }: Row): string {
  if (fixed !== undefined) return `nobody: ${fixed}`;
  if (typeof owner !== "object") return owner === undefined ? "" : `\`${owner}\``;
  return Object.entries(owner)
    .map(([process, prop]) => `${process}: \`${prop}\``)
    .join(", ");
}

/** The files of the newest release that reads it. */
function sources(name: string): string {
  const files = Object.entries(READ.variables[name] ?? {});
  const newest = RELEASES.findLast((release) => files.some(([, spans]) => releasesOf(spans, RELEASES).includes(release)));
  const own = files.filter(([, spans]) => newest !== undefined && releasesOf(spans, RELEASES).includes(newest));
  return own.map(([path]) => path).join(", ");
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
