// A plan and its texts for snapshots: without secrets and local paths, and in a fixed order.

import { basename, isAbsolute, join } from "node:path";

/** A text of a plan as the machine reads it: Terraform's escapes are undone, and what it fills in stands in angle brackets. */
export function readable(text: string, secrets: readonly string[]): string {
  let made = "";
  for (let n = 0; n < text.length; ) {
    if (/^[$%][$%]\{/.test(text.slice(n, n + 3)) && text[n] === text[n + 1]) {
      made += `${text[n]}{`;
      n += 3;
    } else if (text.startsWith("${", n)) {
      const length = expression(text.slice(n));
      const inner = text.slice(n + 2, n + length - 1);
      made += `<${inner.replaceAll(/\bvar\.([\w-]+)/g, (all, name: string) => (secrets.includes(name) ? `secret ${name}` : all))}>`;
      n += length;
    } else made += text[n++];
  }
  return made;
}

/** How long the expression is with which a text begins: to the brace that closes it, other than in strings. */
function expression(text: string): number {
  let depth = 0;
  let quoted = false;
  for (let n = 1; n < text.length; n++) {
    if (quoted && text[n] === "\\") n++;
    else if (text[n] === '"') quoted = !quoted;
    else if (!quoted && text[n] === "{") depth++;
    else if (!quoted && text[n] === "}" && --depth === 0) return n + 1;
  }
  return text.length;
}

/** @param texts the long texts, each with the words that stand in its place, as in `boot text of web` */
export function readablePlan(plan: object, texts: ReadonlyMap<string, string>): Readonly<Record<string, unknown>> {
  return inOrder(plan, "", texts) as Readonly<Record<string, unknown>>;
}

function inOrder(value: unknown, key: string, texts: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") {
    const words = texts.get(value);
    return words === undefined ? shown(value, key) : `<${words}>`;
  }
  if (Array.isArray(value)) {
    const all = value.map((one) => inOrder(one, key, texts));
    return key === "depends_on" ? all.sort() : all;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== "//");
  const sensitive = "sensitive" in value && value.sensitive === true;
  return Object.fromEntries(
    entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, inOrder(one, sensitive && name === "default" ? "secret" : name, texts)]),
  );
}

// Provider blocks and backends may hold a key as it is.
const SECRET = /(^|_)(token|password|passphrase|secret|secret_key|access_key|private_key|api_key|credentials)$/i;
const LIBRARY = join(__dirname, "../..");

function shown(text: string, key: string): string {
  if (SECRET.test(key) && text !== "" && !text.includes("${")) return "<not shown>";
  // cdktf puts the state beside the page.
  if (key === "path" && isAbsolute(text) && /\.tfstate$/.test(text)) return basename(text);
  return membersInOrder(without(without(text, LIBRARY, "<cdktf-mastodon>"), process.cwd(), "."));
}

// Members of an object have no order to Terraform, and some expressions have them in that of the page.
function membersInOrder(text: string): string {
  return text.replaceAll(/\{ ("[\w-]+" = [^{}]*) \}/g, (_, members: string) => {
    const all = members.split(/, (?="[\w-]+" = )/);
    return `{ ${all.sort().join(", ")} }`;
  });
}

function without(text: string, folder: string, name: string): string {
  return folder.length > 1 ? text.replaceAll(`${folder}/`, `${name}/`) : text;
}
