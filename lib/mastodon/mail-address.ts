// Checks a mail address as Mastodon parses it at its start: `wrongSender("from", "Social <hello@social.example>", before44)`.
// The grammar is that of Ruby's `mail`, version 2.8 (lib/mail/parsers/rfc5322_*.rl), less what no server would deliver. In 4.4.0 the text
// is first read from a YAML file that does not quote it (config/email.yml).

import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { Token } from "cdktf";
import { isHostName, isThisMachine } from "../core/address";
import { Problem } from "../core/problems";
import { isPlain } from "./unquoted";

const LOCAL_LENGTH = 64;
const FORM = "give one address, as in hello@social.example or Social <hello@social.example>";

/** What is wrong with a sender, reply-to or return-path address. */
export function wrongSender(prop: string, value: string, inYaml: boolean): Problem | undefined {
  if (Token.isUnresolved(value)) return undefined;
  const wrong = (why: string, remedy = FORM): Problem => ({ wrong: `${prop} is "${value}"${why}`, value, remedy });
  const mailbox = mailboxOf(value);
  if (mailbox === undefined) return wrong(", which Ruby's mail library cannot parse: Mastodon would not start");
  const { local, domain } = mailbox;
  const bare = domain.replace(/^\[(?:IPv6:)?(.*)\]$/i, "$1");
  if (isThisMachine(bare)) return wrong(", whose domain means the local machine", "give an address in a domain of your own");
  if (!isASCII(local))
    return wrong(", with letters other than ASCII before the @", "use ASCII letters there: few mail servers accept others");
  if (local.length > LOCAL_LENGTH) return wrong(`, with ${local.length} characters before the @`, `use at most ${LOCAL_LENGTH}`);
  if (!isHostName(bare.toLowerCase()) && !(bare !== domain && isIP(bare) !== 0)) {
    const ascii = domainToASCII(bare);
    const better = ascii !== "" && ascii !== bare && isHostName(ascii) ? `: write "${ascii}"` : "";
    return wrong(`, whose domain is no host name`, `${FORM}${better}`);
  }
  if (inYaml && !isPlain(value)) {
    return wrong(
      ", which Mastodon 4.4.0 reads as YAML, where it means something else",
      'write version 4.4.1 or later; or leave quotes, ": " and " #" out and begin with a letter, as in Dr. Social <hello@social.example>',
    );
  }
  return undefined;
}

interface Mailbox {
  readonly local: string;
  readonly domain: string;
}

interface Sign {
  readonly kind: "word" | "quoted" | "literal" | "." | "@" | "<" | ">";
  readonly text: string;
}

function mailboxOf(text: string): Mailbox | undefined {
  const signs = signsOf(text);
  if (signs === undefined) return undefined;
  const open = signs.findIndex(({ kind }) => kind === "<");
  if (open === -1) return addressOf(signs);
  const named = signs.slice(0, open).every(({ kind }) => ["word", "quoted", ".", "@"].includes(kind));
  const end = signs.length - 1;
  return named && signs[end]!.kind === ">" ? addressOf(signs.slice(open + 1, end)) : undefined;
}

function addressOf(signs: readonly Sign[]): Mailbox | undefined {
  const at = signs.findIndex(({ kind }) => kind === "@");
  if (at === -1) return undefined;
  const [local, domain] = [signs.slice(0, at), signs.slice(at + 1)];
  const literal = domain.length === 1 && domain[0]!.kind === "literal";
  const fits = isDotted(local, ["word", "quoted"]) && (literal || (isDotted(domain, ["word"]) && domain.at(-1)!.kind !== "."));
  return fits ? { local: textOf(local), domain: textOf(domain) } : undefined;
}

/** Whether the tokens are words separated by dots. `mail` accepts any number of dots in any place, but not two adjacent words. */
function isDotted(signs: readonly Sign[], words: readonly Sign["kind"][]): boolean {
  const known = signs.every(({ kind }) => kind === "." || words.includes(kind));
  const sideBySide = signs.some(({ kind }, n) => n > 0 && kind !== "." && signs[n - 1]!.kind !== ".");
  return known && !sideBySide && signs.some(({ kind }) => kind !== ".");
}

const textOf = (signs: readonly Sign[]) => signs.map(({ text }) => text).join("");

const SIGN =
  /^(?:(?<word>[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)|(?<quoted>"(?:\\[\x20-\x7e\t]|[^"\\\r\n])*")|(?<literal>\[[^[\]\\\s]*\])|(?<sign>[.@<>]))/u;
const COMMENT = /^\((?:\\.|[^()\\])*\)/s;

/** The tokens of a text, or `undefined` if it holds anything else. */
function signsOf(text: string): readonly Sign[] | undefined {
  const signs: Sign[] = [];
  let rest = text;
  while (rest !== "") {
    const blank = /^[ \t]+/.exec(rest) ?? COMMENT.exec(rest);
    const groups = blank === null ? SIGN.exec(rest)?.groups : undefined;
    if (blank === null && groups === undefined) return undefined;
    if (blank === null) {
      const [kind, found] = Object.entries(groups!).find(([, part]) => part !== undefined)!;
      signs.push({ kind: (kind === "sign" ? found : kind) as Sign["kind"], text: found! });
      rest = rest.slice(found!.length);
    } else rest = rest.slice(blank[0].length);
  }
  return signs;
}

function isASCII(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
