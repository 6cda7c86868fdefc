// `.env.production` as those read it who may have done so on the old server: `dotenv("DB_PASS='a#b' # old\n").settings.get("DB_PASS")`.
// Ruby's dotenv (Rails, tootctl), npm's (streaming) and Docker's `--env-file` take quotes, `#`, `$` and `\` for different things.

import { parse } from "dotenv";
import { characterName } from "../core/secret-rule";

/** Who read the file. Where Ruby did, npm's dotenv read it for streaming. */
export type Reader = "ruby" | "docker";

export interface Setting {
  /** The last line of this name, which counts for all readers. */
  readonly line: number;
  /** `undefined` if it depends on more than the file, which `trouble` says then. */
  readonly ruby: string | undefined;
  readonly trouble?: string;
  readonly npm: string | undefined;
  /** `undefined` if Docker would refuse the file, or takes the line for no setting of this name. */
  readonly docker: string | undefined;
}

export interface Dotenv {
  readonly settings: ReadonlyMap<string, Setting>;
  /** Lines that Ruby's and npm's dotenv pass over without a word. */
  readonly passedOver: readonly number[];
}

const SPACE = "[ \\t\\r\\n\\f\\v]";
// Ruby's own, of dotenv 2.8 to 3.1, which Mastodon 4.1 to 4.7 have.
const LINE = new RegExp(
  `^${SPACE}*(?:export${SPACE}+)?([\\w.]+)(?:${SPACE}*=${SPACE}*?|:${SPACE}+?)` +
    `(${SPACE}*'(?:\\\\'|[^'])*'|${SPACE}*"(?:\\\\"|[^"])*"|[^#\\r\\n]+)?${SPACE}*(?:#.*)?$`,
  "gm",
);
const EXPORT = new RegExp(`^${SPACE}*export(${SPACE}+\\w+)+${SPACE}*$`);
const COMMENT = new RegExp(`^${SPACE}*(#.*)?$`);

/** The last line of a name counts. Nothing of the file is executed. */
export function dotenv(text: string): Dotenv {
  const lines = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const npm = parse(lines);
  const docker = dockers(text.replace(/^\uFEFF/, ""));
  const ruby = new Map<string, { readonly line: number; readonly value: string | undefined; readonly trouble?: string }>();
  const passedOver: number[] = [];
  const lineAt = (index: number) => lines.slice(0, index).split("\n").length;
  let from = 0;
  const pass = (to: number) => {
    const first = lineAt(from);
    lines
      .slice(from, to)
      .split("\n")
      .forEach((line, n) => void (COMMENT.test(line) || EXPORT.test(line) || passedOver.push(first + n)));
  };
  for (const match of lines.matchAll(LINE)) {
    pass(match.index);
    from = match.index + match[0].length;
    const [whole, name = "", raw = ""] = match;
    const known = new Map([...ruby].map(([key, { value }]) => [key, value]));
    ruby.set(name, { line: lineAt(match.index + whole.search(/[^ \t\r\n\f\v]/)), ...rubys(strip(raw), known) });
  }
  pass(lines.length);
  const settings = [...ruby].map(([name, { line, value, trouble }]) => {
    const setting: Setting = {
      line,
      ruby: value,
      ...(trouble !== undefined && { trouble }),
      npm: npm[name],
      docker: docker?.get(name),
    };
    return [name, setting] as const;
  });
  return { settings: new Map(settings), passedOver };
}

/** How the readers differ, without a piece of what they read, or nothing if all that can read it agree. */
export function differences(setting: Setting): string | undefined {
  const readings = [
    ["Ruby's dotenv", setting.ruby],
    ["npm's dotenv", setting.npm],
    ["Docker's --env-file", setting.docker],
  ] as const;
  const read = readings.filter(([, value]) => value !== undefined) as readonly (readonly [string, string])[];
  if (new Set(read.map(([, value]) => value)).size < 2) return undefined;
  const common = [...(read[0]?.[1] ?? "")].filter((one) => read.every(([, value]) => value.includes(one)));
  return [...new Set(read.map(([, value]) => value))]
    .map((value) => {
      const readers = read.flatMap(([name, other]) => (other === value ? [name] : []));
      const others = [...new Set([...value].filter((one) => !common.includes(one)).map(characterName))];
      const holds = others.length === 0 ? "" : `, with ${others.join(", ")}`;
      const length = [...value].length;
      return `${readers.join(" and ")}: ${length} character${length === 1 ? "" : "s"}${holds}`;
    })
    .join("; ");
}

// Ruby's `strip`.
function strip(text: string): string {
  return text.replace(new RegExp(`^${SPACE}+|[ \\t\\r\\n\\f\\v\\0]+$`, "g"), "");
}

type Read = { readonly value: string | undefined; readonly trouble?: string };

function rubys(raw: string, known: ReadonlyMap<string, string | undefined>): Read {
  const [, quote, quoted] = /^(['"])([^]*)\1$/.exec(raw) ?? [];
  if (quote === "'") return { value: quoted! };
  let inner = quoted ?? raw;
  // Ruby keeps \n and \r in double quotes as they are, unless a variable says otherwise.
  if (quote === '"') inner = inner.replace(/\\([nr])/g, "\\\\$1");
  inner = inner.replace(/\\([^$])/g, "$1");
  const unknown = new Set<string>();
  const value = inner.replace(
    /(\\)?\$(?!\()\{?([A-Za-z0-9_]+)?\}?/g,
    (whole, escaped: string | undefined, name: string | undefined) => {
      if (escaped !== undefined) return whole.slice(1);
      if (name === undefined) return whole;
      if (known.get(name) === undefined) unknown.add(name);
      return known.get(name) ?? "";
    },
  );
  if (/(?<!\\)\$\(/.test(value))
    return { value: undefined, trouble: "has Ruby's dotenv run a command, $(…), which is not done here" };
  // The name could be a piece of the value, which somebody forgot to quote.
  if (unknown.size > 0)
    return { value: undefined, trouble: "refers by a dollar sign to a variable that the file does not set before" };
  return { value: value.replace(/\\\$\(/g, "$(") };
}

/** `undefined` if Docker refuses a line, since it then starts nothing. */
function dockers(text: string): ReadonlyMap<string, string> | undefined {
  const settings = new Map<string, string>();
  for (const whole of text.split("\n")) {
    const line = whole.replace(/\r$/, "").trimStart();
    if (line === "" || line.startsWith("#")) continue;
    const at = line.indexOf("=");
    const name = at === -1 ? line : line.slice(0, at);
    if (name === "" || /[ \t]/.test(name)) return undefined;
    if (at !== -1) settings.set(name, line.slice(at + 1));
  }
  return settings;
}
