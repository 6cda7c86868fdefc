// Errors in logs: `await errorsOf(site)` reads every journal and PostgreSQL's logs; `unexpected(lines, "healthy")` returns those that are not in the
// list of expected errors. It finds checks that fail each time they run, which no other test shows.

import { drive } from "../scripts/cluster";
import { EXPECTED, Expected } from "./expected-errors";
import { Secrets, withoutSecrets } from "./logs";
import { Result } from "./report";

export interface ErrorLine {
  readonly machine: string;
  /** The unit, else the program, or the file. */
  readonly source: string;
  /** As syslog counts: 3 is an error, 0 the worst. Files have none. */
  readonly priority: number | undefined;
  /** The seconds since the machine's first boot. Files have none. */
  readonly bootSeconds?: number | undefined;
  readonly text: string;
}

/** Lines that differ in numbers only. */
export interface Complaint {
  readonly machines: readonly string[];
  readonly source: string;
  /** The first of them. */
  readonly text: string;
  readonly count: number;
}

/** What the site has gone through: it was deployed and used, or drilled as well. */
export type Life = "healthy" | "drilled";

const WORDS =
  "\\b(error|errors|fatal|panic|alert|emerg|cannot|can't|could not|couldn't|unable to|failed|failure|command not found|no such file|permission denied|segfault|traceback|undefined method|unbound variable|syntax error)\\b";
const SAYS = new RegExp(WORDS, "i");
const WORST = 3;

// grep leaves little to carry over; what a line says is looked at again here.
const READ = `
words="$1"
journalctl --no-pager -q -o json --output-fields=PRIORITY,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER,CONTAINER_NAME,MESSAGE |
  grep -aiE '"PRIORITY":"[0-3]"|"MESSAGE":.*'"$words" | sed 's/^/journal\\t/'
find /var/log/postgresql -type f -name '*.log*' 2>/dev/null | while read -r file; do
  zcat -f "$file" | grep -aiE "$words" | sed "s|^|file\\t$file\\t|"
done
journalctl --no-pager -q -o short-unix | head -n 1 | sed 's/^/began\\t/'
echo end`;

/** Every line of every running machine that is an error, or says a word of one. */
export async function errorsOf(site: {
  readonly name: string;
  readonly hosts: () => Promise<readonly { readonly name: string; readonly state: string }[]>;
}): Promise<readonly ErrorLine[]> {
  const running = (await site.hosts()).filter(({ state }) => state === "running");
  const found = await Promise.all(
    running.map(async ({ name }) => {
      const printed = await drive(["run", site.name, name, "--", "bash", "-c", READ, "errors", WORDS]);
      if (!/(^|\n)end\n$/.test(printed)) throw new Error(`the journal of ${name} could not be read to its end`);
      return errorLines(name, printed);
    }),
  );
  return found.flat();
}

/** Lines as READ prints them. */
export function errorLines(machine: string, printed: string): readonly ErrorLine[] {
  const began = Number(/^began\t(\d+\.\d+)/m.exec(printed)?.[1]);
  return printed.split("\n").flatMap((line): readonly ErrorLine[] => {
    const [kind, first, ...rest] = line.split("\t");
    if (kind === "file") return [{ machine, source: first!, priority: undefined, text: rest.join("\t") }];
    if (kind !== "journal") return [];
    const entry = JSON.parse([first, ...rest].join("\t")) as Readonly<Record<string, unknown>>;
    // podman writes whatever a container says on its standard error as an error.
    const priority = entry["CONTAINER_NAME"] === undefined ? Number(entry["PRIORITY"] ?? 6) : undefined;
    const text = messageOf(entry["MESSAGE"]);
    if ((priority ?? WORST + 1) > WORST && !SAYS.test(text)) return [];
    const source = String(entry["_SYSTEMD_UNIT"] ?? entry["SYSLOG_IDENTIFIER"] ?? "kernel");
    const bootSeconds = Number(entry["__REALTIME_TIMESTAMP"]) / 1e6 - began;
    return [{ machine, source, priority, text, ...(Number.isFinite(bootSeconds) && { bootSeconds }) }];
  });
}

// journald writes what is no UTF-8 as a list of bytes.
const messageOf = (message: unknown) =>
  Array.isArray(message) ? Buffer.from(message as number[]).toString() : String(message ?? "");

/** What is not expected of a site with such a life, the most frequent first. */
export function unexpected(
  lines: readonly ErrorLine[],
  life: Life,
  expected: readonly Expected[] = EXPECTED,
): readonly Complaint[] {
  const found = new Map<string, { machines: Set<string>; source: string; text: string; count: number }>();
  for (const line of lines) {
    if (expected.some((one) => isExpected(one, line, life))) continue;
    const { machine, source, text } = line;
    const [place, shape] = [alike(source), alike(text)];
    const same = found.get(`${place}\0${shape}`) ?? { machines: new Set<string>(), source: place, text, count: 0 };
    found.set(`${place}\0${shape}`, { ...same, machines: same.machines.add(machine), count: same.count + 1 });
  }
  return [...found.values()]
    .sort((a, b) => b.count - a.count)
    .map(({ machines, ...rest }) => ({ ...rest, machines: [...machines].sort() }));
}

const isExpected = ({ source, says, after, withinBootSeconds = Infinity }: Expected, line: ErrorLine, life: Life) =>
  source.test(line.source) &&
  says.test(line.text) &&
  (after === undefined || life === "drilled") &&
  (withinBootSeconds === Infinity || (line.bootSeconds ?? Infinity) <= withinBootSeconds);

// Process ids, ports, addresses and names of containers.
const alike = (text: string) => text.replaceAll(/\b[0-9a-f]{6,}\b|\d+/g, "N");

/** The row `errors` of the report. */
export async function errors(site: Parameters<typeof errorsOf>[0], life: Life, secrets: Secrets): Promise<Result> {
  const row = { name: "errors", title: "every journal of every machine is read for errors that are not expected" };
  try {
    const lines = await errorsOf(site);
    const found = unexpected(lines, life);
    const reasons = found.map((complaint) => withoutSecrets(said(complaint), secrets));
    return { ...row, passed: found.length === 0, reasons, findings: [`${lines.length} lines were looked at`] };
  } catch (error) {
    return { ...row, passed: false, reasons: [`it broke off: ${(error as Error).message}`], findings: [] };
  }
}

/** As in `web-1, web-2: nginx.service, 12 times: …`. */
export function said({ machines, source, text, count }: Complaint): string {
  return `${machines.join(", ")}: ${source}, ${count === 1 ? "once" : `${count} times`}: ${text.trim().slice(0, 300)}`;
}
