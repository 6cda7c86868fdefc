// Searches logs for secrets: `await secretsInLogs(site, secretsOf("secrets.tfvars.json"))`, on every machine, in the journal and in files of
// /var/log. The report has the secret's name in place of its value.

import { readFileSync } from "node:fs";
import { spawnDriver } from "../scripts/cluster";

export interface Leak {
  readonly machine: string;
  /** `journal`, or the file. */
  readonly log: string;
  /** The line without the secret. */
  readonly line: string;
}

/** A name for each secret. */
export type Secrets = Readonly<Record<string, string>>;

/** What may be so short stands in innocent lines as well. */
const SHORTEST = 8;
/** How many lines of one log are told. */
const MOST = 5;
const TOKEN = /(access_token["=:]{1,3}|\bBearer )[A-Za-z0-9_-]{8,}/g;

/** The secrets of a page, from Terraform's file. */
export function secretsOf(file: string): Secrets {
  const all = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** Lines with an access token, or with one of these secrets; tokens that a drill has made may be given as well. */
export async function secretsInLogs(
  site: { readonly name: string; readonly hosts: () => Promise<readonly { readonly name: string; readonly state: string }[]> },
  secrets: Secrets,
): Promise<readonly Leak[]> {
  const running = (await site.hosts()).filter(({ state }) => state === "running");
  const found = await Promise.all(
    running.map(async ({ name }) => leaks(name, await suspicious(site.name, name, secrets), secrets)),
  );
  return found.flat();
}

/** Lines as SEARCH prints them, with the names of the secrets in them; at most five of each log. */
export function leaks(machine: string, printed: string, secrets: Secrets): readonly Leak[] {
  const told = new Map<string, number>();
  const found: Leak[] = [];
  for (const one of printed.split("\n")) {
    const [, log, line] = /^([^\t]+)\t(.*)$/.exec(one) ?? [];
    if (log === undefined || line === undefined) continue;
    const without = withoutSecrets(line, secrets);
    const seen = told.get(log) ?? 0;
    if (without === line || seen >= MOST) continue;
    told.set(log, seen + 1);
    found.push({ machine, log, line: without });
  }
  return found;
}

/** The line with the names of secrets, and of tokens, in their places. */
export function withoutSecrets(line: string, secrets: Secrets): string {
  let without = line;
  for (const [name, parts] of patterns(secrets)) for (const part of parts) without = without.replaceAll(part, `<${name}>`);
  return without.replace(TOKEN, "$1<token>");
}

// A key of several lines is logged line by line.
function patterns(secrets: Secrets): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(secrets).map(([name, value]) => {
    return [name, value.split("\n").filter((line) => line.length >= SHORTEST && !line.startsWith("-----"))] as const;
  });
}

// The secrets come by standard input: arguments of a process are logged, and anybody may read them.
const SEARCH = `
wanted=$(mktemp) && trap 'rm -f "$wanted"' EXIT
cat >"$wanted"
# Nothing wanted would be nothing found.
[ -s "$wanted" ] || { echo "no secrets came" >&2; exit 1; }
search() { grep -aF -f "$wanted" | head -n 1000 | tr '\\t' ' ' | sed "s|^|$1\\t|"; }
journalctl -o cat --no-pager | search journal
find /var/log -type f -not -path '/var/log/journal/*' | while read -r file; do zcat -f "$file" | search "$file"; done
true`;

async function suspicious(site: string, machine: string, secrets: Secrets): Promise<string> {
  const child = spawnDriver(["run", site, machine, "--", "bash", "-c", SEARCH]);
  let printed = "";
  let complained = "";
  child.stdout.on("data", (part: Buffer) => (printed += part.toString()));
  child.stderr.on("data", (part: Buffer) => (complained += part.toString()));
  child.stdin.end(["access_token", "Bearer ", ...patterns(secrets).flatMap(([, parts]) => parts), ""].join("\n"));
  const status = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  if (status !== 0) throw new Error(`the logs of ${machine} could not be read: exit ${status}\n${complained}`);
  return printed;
}
