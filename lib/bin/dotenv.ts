// `.env.production` as Mastodon's own loader reads it: `dotenv("DB_PASS='a#b' # old\n").get("DB_PASS")` is `{ value: "a#b" }`.

export interface Setting {
  /** `undefined` if it refers to another variable, which only the old server's shell knows. */
  readonly value: string | undefined;
}

const LINE =
  /^[ \t]*(?:export[ \t]+)?([\w.]+)[ \t]*=[ \t]*('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|[^#\r\n]*(?:(?<=\S)#[^#\r\n]*)*)?[ \t]*(?:#.*)?$/gm;

/** The last line of a name counts. */
export function dotenv(text: string): ReadonlyMap<string, Setting> {
  return new Map([...text.matchAll(LINE)].map((match) => [match[1]!, read((match[2] ?? "").trim())]));
}

function read(raw: string): Setting {
  if (/^'[^]*'$/.test(raw)) return { value: raw.slice(1, -1) };
  const quoted = /^"[^]*"$/.test(raw);
  const inner = quoted ? raw.slice(1, -1).replaceAll("\\n", "\n") : raw;
  if (/(?<!\\)\$[A-Za-z_{(]/.test(inner)) return { value: undefined };
  return { value: inner.replace(/\\([^])/g, "$1") };
}
