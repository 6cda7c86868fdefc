// Every variable of Mastodon, one row each: which processes read it, since and until which version, what it looks like and means.
// `rule("streaming", version)` refuses what the process would ignore, misread or crash on.

import { EnvRule } from "../core/env";
import { Problem } from "../core/problems";
import { DATA } from "./catalogue/data";
import { FILES } from "./catalogue/files";
import { IDENTITY } from "./catalogue/identity";
import { PROCESSES } from "./catalogue/processes";
import { FILE, Process, Row, Rows, Span } from "./catalogue/row";
import { SERVICES } from "./catalogue/services";
import { SIGN_ON } from "./catalogue/sign-on";
import { isPlain } from "./unquoted";
import { MastodonVersion } from "./version";

export type { Process };

/** The rows by what they are about. */
export const GROUPS: Readonly<Record<string, Rows>> = {
  "The server": IDENTITY,
  "PostgreSQL and Redis": DATA,
  Processes: PROCESSES,
  Files: FILES,
  "Mail, search and signing on": { ...SERVICES, ...SIGN_ON },
};

export const CATALOGUE: Rows = Object.assign({}, ...Object.values(GROUPS)) as Rows;

/** The row of a variable, or `undefined`. */
export function rowOf(name: string): Row | undefined {
  return Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name] : undefined;
}

/** In which versions a process reads what the row is about: those of the row, less those that the process has for itself. */
export function spanOf(row: Row, process: Process): Span {
  const own = row.spans?.[process];
  if (own === undefined) return row;
  const { since = row.since, until = row.until } = own;
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
}

/** Whether a version has something since the one that is named, or since the one of its own minor version among several. */
function has(version: MastodonVersion, since: string | readonly string[] | undefined): boolean {
  if (since === undefined || typeof since === "string") return since === undefined || !version.isBefore(since);
  const minor = (text: string) => text.split(".").slice(0, 2).join(".");
  const own = since.find((one) => minor(one) === minor(version.text));
  return own === undefined ? version.isAfter(minor(since.at(-1)!)) : !version.isBefore(own);
}

function within(version: MastodonVersion, { since, until }: Span): boolean {
  return has(version, since) && !(until !== undefined && version.isAfter(until));
}

/** Whether a process of that version reads it. */
export function isRead(row: Row, process: Process, version: MastodonVersion): boolean {
  return row.readBy.includes(process) && within(version, spanOf(row, process));
}

/** Whether only Terraform knows the value, or a part of it. */
export function isToken(value: string): boolean {
  return value.includes("${TfToken[");
}

// A password may hold any sign; digits before a slash are a port, and what follows is a path, as in https://git.example:3000/@me.
const A_LOGIN = /:\/\/[^\s/:@]*:(?![0-9]+\/)\S+@/;

/** Whether nobody may read the value in a page, a plan or a message. */
export function isSecret(name: string, value: string): boolean {
  const row = rowOf(name);
  if (row?.secret || A_LOGIN.test(value)) return true;
  return row === undefined && !/^(true|false|)$/.test(value) && /(^|_)(SECRET|PASSWORD|PASS|KEY|TOKEN)$/i.test(name);
}

/** Why a page may not set the variable of that process by hand, where it may not; `settings` are the names of those that it has. */
export function ownedElsewhere(name: string, process: Process, settings: readonly string[]): Problem | undefined {
  const row = rowOf(name);
  if (row?.fixed !== undefined) return { wrong: `${name} cannot be set: ${row.fixed}`, remedy: "leave it out" };
  const owner = typeof row?.owner === "object" ? row.owner[process] : row?.owner;
  if (owner === undefined) return undefined;
  if (row!.format === FILE) {
    return {
      wrong: `${name} names a file, and nothing brings it to the machines`,
      remedy: `leave it out, and give the certificates as "${owner}"`,
    };
  }
  const setting = /(\w+)\(\)$/.exec(owner)?.[1];
  if (setting !== undefined && !settings.includes(CALLED[setting] ?? setting)) return undefined;
  return { wrong: `${name} is given by hand, and "${owner}" says it already`, remedy: `leave it out, and use "${owner}"` };
}

/** Settings that go by one name in a site, of which it can have one. */
const CALLED: Readonly<Record<string, string>> = { deepL: "translation", libreTranslate: "translation" };

/** The rule for the variables of one process of one version; names in `newer` pass, which the catalogue does not know. */
export function rule(process: Process, version: MastodonVersion, newer: ReadonlySet<string> = new Set()): EnvRule {
  return (name, value) => {
    const row = rowOf(name);
    if (row === undefined) return newer.has(name) ? undefined : `is no variable that the catalogue knows${nearest(name)}`;
    if (!row.readBy.includes(process)) return `is not read by ${process}, only by ${row.readBy.join(", ")}`;
    const { since, until } = spanOf(row, process);
    const own = row.spans?.[process] !== undefined;
    if (!has(version, since))
      return `is read${own ? ` by ${process}` : ""} from ${[since].flat().join(", from ")} on, and this is ${version.text}`;
    if (until !== undefined && version.isAfter(until))
      return `was last read by ${own ? `${process} in ` : ""}${until}, and this is ${version.text}`;
    if (value === "" && !row.mayBeEmpty) return "is empty; leave it out instead";
    // A token is known to Terraform only; its variable has a validation of its own.
    if (isToken(value)) return undefined;
    const before = row.formatBefore;
    const format = before !== undefined && version.isBefore(before.version) ? before.format : row.format;
    const shown = isSecret(name, value) ? "(secret)" : value;
    if (format !== undefined && !format.test(value)) return `is "${shown}", which does not match ${format.source}`;
    if (process !== "streaming" && row.unquoted !== undefined && within(version, row.unquoted) && !isPlain(value))
      return `is "${shown}", which Ruby reads from YAML as something else than this text`;
    return undefined;
  };
}

/** `; is REDIS_HOST meant?` for a name that is nearly right, or nothing. */
export function nearest(name: string): string {
  const near = similar(name);
  return near === undefined ? "" : `; is ${near} meant?`;
}

/** The known name from which `name` differs by a slip or two. */
export function similar(name: string): string | undefined {
  const most = name.length < 8 ? 1 : 2;
  const ranked = Object.keys(CATALOGUE)
    .map((known) => ({ known, slips: slips(name.toUpperCase(), known.toUpperCase()) }))
    .sort((a, b) => a.slips - b.slips || (a.known < b.known ? -1 : 1));
  return ranked[0]!.slips <= most ? ranked[0]!.known : undefined;
}

/** Letters to insert, delete, replace or swap with the next. */
function slips(a: string, b: string): number {
  let [before, row]: [readonly number[], readonly number[]] = [[], Array.from({ length: b.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1, ...(swapped ? [before[j - 2]! + 1] : [])));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
