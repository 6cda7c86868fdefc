// The shell in boot texts, taken apart: `shellOf(texts)` and `callsOf(shell, "awk")`.

import { parse } from "yaml";

export interface Shell {
  /** Where it stands, as in `Database_1: /usr/local/sbin/patroni-start`. */
  readonly where: string;
  readonly interpreter: "bash" | "sh";
  readonly text: string;
}

interface CloudConfig {
  readonly bootcmd?: readonly (readonly string[])[];
  readonly runcmd?: readonly (readonly string[])[];
  readonly write_files?: readonly { readonly path: string; readonly content: string }[];
}

/** A boot text as it comes out of the plan, as the machine gets it: what Terraform fills in is a word. */
function delivered(text: string): CloudConfig {
  const filled = text
    .replaceAll(/(?<!\$)\$\{[^{}]*\}/g, "word")
    .replaceAll("$${", "${")
    .replaceAll("%%{", "%{");
  return parse(filled) as CloudConfig;
}

/** Every text in boot texts that a shell reads: files by their first line, commands of cloud-init, and commands of units. Each once. */
export function shellOf(texts: Readonly<Record<string, string>>): readonly Shell[] {
  const all = Object.entries(texts).flatMap(([host, text]) => {
    const { bootcmd = [], runcmd = [], write_files: files = [] } = delivered(text);
    return [
      ...files.flatMap(({ path, content }) => ofFile(`${host}: ${path}`, path, content)),
      ...[...bootcmd, ...runcmd].flatMap((command) => ofCommand(`${host}: cloud-init`, command)),
    ];
  });
  return [...new Map(all.map((one) => [one.text, one])).values()];
}

function ofFile(where: string, path: string, text: string): readonly Shell[] {
  const interpreter = /^#!\/(?:usr\/)?bin\/(bash|sh)\b/.exec(text)?.[1] as Shell["interpreter"] | undefined;
  if (interpreter !== undefined) return [{ where, interpreter, text }];
  // What others source has no first line of the kind.
  if (path.startsWith("/usr/local/lib/")) return [{ where, interpreter: "bash", text }];
  return [...text.matchAll(/^Exec\w+=\S*?\b(bash|sh) -\w*c '([^']*)'$/gm)].map(([, shell, command]) => ({
    where,
    interpreter: shell as Shell["interpreter"],
    // systemd's own escapes.
    text: command!.replaceAll("$$", "$").replaceAll("%%", "%"),
  }));
}

function ofCommand(where: string, command: readonly string[]): readonly Shell[] {
  const at = command.findIndex((word, n) => /^(?:.*\/)?(bash|sh)$/.test(word) && /^-\w*c$/.test(command[n + 1] ?? ""));
  return at === -1 ? [] : [{ where, interpreter: command[at]!.endsWith("bash") ? "bash" : "sh", text: command[at + 2]! }];
}

export interface Call {
  readonly where: string;
  /** The words behind the command's name, as the shell would pass them, but with `1` in the place of whatever it would fill in. */
  readonly words: readonly string[];
}

/** Every call of a command, with its words up to where the command ends. */
export function callsOf({ where, text }: Shell, command: string): readonly Call[] {
  const code = text.replaceAll(/^\s*#.*$/gm, "");
  return [
    ...code.matchAll(
      new RegExp(`(?<=^|[|({;!&=]|\\b(?:do|then|else|exec|if|while|until|sudo)\\b)[ \\t]*${command}[ \\t]+`, "gm"),
    ),
  ].map((match) => ({
    where,
    words: wordsOf(code.slice(match.index + match[0].length)),
  }));
}

/** The words of a simple command at the beginning of this text. */
function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let n = 0;
  const take = (more: string) => (word = (word ?? "") + more);
  while (n < text.length) {
    const rest = text.slice(n);
    const char = text[n]!;
    if (rest.startsWith("\\\n")) n += 2;
    else if (/[ \t]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      n++;
    } else if (/[\n|;&<>)}]/.test(char)) break;
    else if (char === "'") {
      const end = text.indexOf("'", n + 1);
      take(text.slice(n + 1, end));
      n = end + 1;
    } else if (char === '"') {
      n++;
      take("");
      while (n < text.length && text[n] !== '"') {
        const length = text[n] === "$" ? expansion(text.slice(n)) : 0;
        if (length > 0) take("1");
        else if (text[n] === "\\" && /["$`\\]/.test(text[n + 1] ?? "")) take(text[++n]!);
        else take(text[n]!);
        n += Math.max(1, length);
      }
      n++;
    } else if (char === "$" && expansion(rest) > 0) {
      take("1");
      n += expansion(rest);
    } else if (char === "\\") {
      take(text[n + 1] ?? "");
      n += 2;
    } else {
      take(char);
      n++;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** How long the expansion is that this text begins with. */
function expansion(text: string): number {
  const name = /^\$(?:\w+|[?!#@*$-])/.exec(text);
  if (name !== null) return name[0].length;
  const [open, close] = text.startsWith("${") ? ["{", "}"] : text.startsWith("$(") ? ["(", ")"] : [];
  if (open === undefined) return 0;
  let depth = 0;
  for (let n = 1; n < text.length; n++) {
    if (text[n] === open) depth++;
    if (text[n] === close && --depth === 0) return n + 1;
  }
  return text.length;
}
