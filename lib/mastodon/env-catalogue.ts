// The catalogue of Mastodon's environment variables: which processes read each, in which versions, its format and its meaning.
// `rule("streaming", version)` rejects values that the process would ignore, misread or crash on.

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

/** The rows by topic. */
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

/** The versions in which a process reads the variable: those of the row, or the process' own where the row has them. */
export function spanOf(row: Row, process: Process): Span {
  const own = row.spans?.[process];
  if (own === undefined) return row;
  const { since = row.since, until = row.until } = own;
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
}

/** Whether a version is at or after `since`; of several, the one of its own minor version counts. */
function has(version: MastodonVersion, since: string | readonly string[] | undefined): boolean {
  if (since === undefined || typeof since === "string") return since === undefined || !version.isBefore(since);
  const minor = (text: string) => text.split(".").slice(0, 2).join(".");
  const own = since.find((one) => minor(one) === minor(version.text));
  return own === undefined ? version.isAfter(minor(since.at(-1)!)) : !version.isBefore(own);
}

function within(version: MastodonVersion, { since, until }: Span): boolean {
  return has(version, since) && !(until !== undefined && version.isAfter(until));
}

/** Whether a process of that version reads the variable. */
export function isRead(row: Row, process: Process, version: MastodonVersion): boolean {
  return row.readBy.includes(process) && within(version, spanOf(row, process));
}

/** Whether the value, or a part of it, is a Terraform token that is unknown at synth. */
export function isToken(value: string): boolean {
  return value.includes("${TfToken[");
}

// A password may hold any character. Digits before a slash are a port, and the rest is a path, as in https://git.example:3000/@me.
const A_LOGIN = /:\/\/[^\s/:@]*:(?![0-9]+\/)\S+@/;

/** Whether the value must not appear in a page, a plan or a message. */
export function isSecret(name: string, value: string): boolean {
  const row = rowOf(name);
  if (row?.secret || A_LOGIN.test(value)) return true;
  return row === undefined && !/^(true|false|)$/.test(value) && /(^|_)(SECRET|PASSWORD|PASS|KEY|TOKEN)$/i.test(name);
}

/** The problem if a page may not set the variable of that process in `extraEnv`; `settings` are the names of the site's settings. */
export function ownedElsewhere(name: string, process: Process, settings: readonly string[]): Problem | undefined {
  const row = rowOf(name);
  if (row?.fixed !== undefined) return { wrong: `${name} cannot be set: ${row.fixed}`, remedy: "leave it out" };
  const owner = typeof row?.owner === "object" ? row.owner[process] : row?.owner;
  if (owner === undefined) return undefined;
  if (row!.format === FILE) {
    return {
      wrong: `${name} names a file, which is not copied to the machines`,
      remedy: `leave it out, and give the certificates as "${owner}"`,
    };
  }
  const setting = /(\w+)\(\)$/.exec(owner)?.[1];
  if (setting !== undefined && !settings.includes(CALLED[setting] ?? setting)) return undefined;
  return { wrong: `${name} is in extraEnv, and "${owner}" sets it already`, remedy: `leave it out, and use "${owner}"` };
}

/** Settings that share a name, so that a site can have one of them only. */
const CALLED: Readonly<Record<string, string>> = { deepL: "translation", libreTranslate: "translation" };

/** The rule for the variables of one process in one version. Names in `newer`, which the catalogue does not contain, pass. */
export function rule(process: Process, version: MastodonVersion, newer: ReadonlySet<string> = new Set()): EnvRule {
  return (name, value) => {
    const row = rowOf(name);
    if (row === undefined) return newer.has(name) ? undefined : `is not in the catalogue of Mastodon's variables${nearest(name)}`;
    if (!row.readBy.includes(process)) return `is not read by ${process}, only by ${row.readBy.join(", ")}`;
    const { since, until } = spanOf(row, process);
    const own = row.spans?.[process] !== undefined;
    if (!has(version, since))
      return `is read${own ? ` by ${process}` : ""} from ${[since].flat().join(", from ")} on, and this is ${version.text}`;
    if (until !== undefined && version.isAfter(until))
      return `was last read by ${own ? `${process} in ` : ""}${until}, and this is ${version.text}`;
    if (value === "" && !row.mayBeEmpty) return "is empty; leave it out instead";
    // A token is unknown at synth; the Terraform variable behind it has a validation of its own.
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

/** `; is REDIS_HOST meant?` for a name that resembles a known one, or an empty text. */
export function nearest(name: string): string {
  const near = similar(name);
  return near === undefined ? "" : `; is ${near} meant?`;
}

/** The known name within an edit distance of 1 or 2 of `name`. */
export function similar(name: string): string | undefined {
  const most = name.length < 8 ? 1 : 2;
  const ranked = Object.keys(CATALOGUE)
    // An edit changes the length by one at most.
    .filter((known) => Math.abs(known.length - name.length) <= most)
    .map((known) => ({ known, slips: slips(name.toUpperCase(), known.toUpperCase(), most) }))
    .sort((a, b) => a.slips - b.slips || (a.known < b.known ? -1 : 1));
  const [best] = ranked;
  return best !== undefined && best.slips <= most ? best.known : undefined;
}

/** The edit distance, letters to insert, delete, replace or swap with the next; `Infinity` if it is above `most`. */
function slips(a: string, b: string, most: number): number {
  let [before, row]: [readonly number[], readonly number[]] = [[], Array.from({ length: b.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1, swapped ? before[j - 2]! + 1 : Infinity));
    }
    [before, row] = [row, next];
    // What follows is made of these two rows.
    if (Math.min(...row) > most && Math.min(...before) >= most) return Infinity;
  }
  return row[b.length]!;
}
