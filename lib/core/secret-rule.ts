// What a secret may look like, and in which words it is told that one does not, without a piece of it: `wrongWith("a\"b", rule)`.
// The same words come from Terraform, since only Terraform knows the value when a plan is made: `faults([{ name, value: "var.x", rule: 0 }])`.

export interface SecretRule {
  /** Who reads the value so, for messages: `PgBouncer` or `mail_password`. */
  readonly reader: string;
  /** What the whole value must match: a regular expression that Terraform's RE2 and JavaScript both know. */
  readonly pattern: string;
  /**
   * What it must not match, likewise.
   * @default - `pattern` says it all
   */
  readonly unless?: string;
  /**
   * What is allowed, in words.
   * @default - read off `pattern`, if that is one set of characters and how many there may be
   */
  readonly allowed?: string;
}

/** No boot text could hold more: a line break ends a line of every file that a secret stands in, and YAML has further ones. */
export const ONE_LINE: SecretRule = {
  reader: "a file of settings",
  pattern: "^[^\\p{Cc}\\p{Zl}\\p{Zp}]*$",
  allowed: "one line without control characters; what a key in PEM form has between BEGIN and END can be written in one",
};

/** What cannot be said by showing it. Everything that is no letter or digit of ASCII and not listed here is beyond it. */
export const CHARACTER_NAMES: Readonly<Record<string, string>> = {
  "\n": "a line break",
  "\r": "a carriage return",
  "\t": "a tab",
  " ": "a space",
  "!": "an exclamation mark",
  '"': "a double quote",
  "#": "a number sign",
  $: "a dollar sign",
  "%": "a percent sign",
  "&": "an ampersand",
  "'": "a single quote",
  "(": "an opening parenthesis",
  ")": "a closing parenthesis",
  "*": "an asterisk",
  "+": "a plus sign",
  ",": "a comma",
  "-": "a hyphen",
  ".": "a full stop",
  "/": "a slash",
  ":": "a colon",
  ";": "a semicolon",
  "<": "a less-than sign",
  "=": "an equals sign",
  ">": "a greater-than sign",
  "?": "a question mark",
  "@": "an at sign",
  "[": "an opening bracket",
  "\\": "a backslash",
  "]": "a closing bracket",
  "^": "a caret",
  _: "an underscore",
  "`": "a backtick",
  "{": "an opening brace",
  "|": "a vertical bar",
  "}": "a closing brace",
  "~": "a tilde",
};
const LETTER = "a letter or digit";
const BEYOND = "a character that is not printable ASCII";

interface Shape {
  /** The inside of the class. */
  readonly characters: string;
  readonly least: number;
  readonly most: number | undefined;
}

// As in `^[0-9A-Za-z]{16,64}$`, `^[!-~]+$`, `^[!-~]*$`.
function shapeOf({ pattern }: SecretRule): Shape | undefined {
  const [, characters, many, least, most] = /^\^\[((?:\\.|[^\\\]])+)\](?:([+*])|\{(\d+),(\d*)\})\$$/.exec(pattern) ?? [];
  if (characters === undefined) return undefined;
  if (many !== undefined) return { characters, least: many === "+" ? 1 : 0, most: undefined };
  return { characters, least: Number(least), most: most === "" ? undefined : Number(most) };
}

/** Whether every value of this rule is fit for a boot text. */
export function isOneLine(rule: SecretRule): boolean {
  const shape = shapeOf(rule);
  return shape !== undefined && !matches(`[${shape.characters}]`, "\n\r\t\0\x1b\x7f\x85\u2028\u2029");
}

/** What is wrong with a value, or nothing; no piece of it shows. */
export function wrongWith(value: string, rule: SecretRule): string | undefined {
  if (matches(rule.pattern, value) && !(rule.unless !== undefined && matches(rule.unless, value))) return undefined;
  const shape = shapeOf(rule);
  const { characters = "\\s\\S", least = 0, most = Infinity } = shape ?? {};
  const length = [...value].length;
  const others = [...value].filter((one) => !matches(`[${characters}]`, one));
  const reasons = [
    ...(length < least ? [shorter(least)] : []),
    ...(length > most ? [longer(most)] : []),
    ...(others.length > 0 ? [`holds ${[...new Set(others.map(characterName))].join(", ")}`] : []),
  ];
  return `${reasons.length === 0 ? MISFIT : reasons.join(" and ")}; ${allowed(rule)}`;
}

/** A rule as Terraform's expressions take it. */
export interface RuleForTerraform {
  readonly pattern: string;
  /** Empty if there is none, as the next. */
  readonly unless: string;
  /** The characters that it takes, as `replace` has it. */
  readonly set: string;
  readonly least: number;
  /** 0 if there is no limit. */
  readonly most: number;
  readonly says: string;
}

export function forTerraform(rule: SecretRule): RuleForTerraform {
  const shape = shapeOf(rule);
  const [set, least, most] = shape === undefined ? ["", 0, 0] : [`/[${shape.characters}]/`, shape.least, shape.most ?? 0];
  return { pattern: rule.pattern, unless: rule.unless ?? "", set, least, most, says: allowed(rule) };
}

/**
 * What is wrong with secrets, a line for each that breaks a rule of `local.secret_rules`, as an expression of Terraform's; it needs
 * `local.secret_characters` for the names of characters.
 */
export function faults(secrets: readonly { readonly name: string; readonly rule: number }[]): string {
  const each = secrets.map(({ name, rule }) => `{name = "${name}", value = var.${name}, rule = local.secret_rules[${rule}]}`);
  const right = `can(regex(s.rule.pattern, s.value)) && !(s.rule.unless != "" && can(regex(s.rule.unless, s.value)))`;
  const letter = `can(regex("[!-~]", c)) ? ${hcl(LETTER)} : ${hcl(BEYOND)}`;
  const others = `join(", ", distinct([for c in split("", replace(s.value, s.rule.set, "")) : lookup(local.secret_characters, c, ${letter})]))`;
  const reasons = [
    `length(s.value) < s.rule.least ? "${shorter("${s.rule.least}")}" : ""`,
    `s.rule.most > 0 && length(s.value) > s.rule.most ? "${longer("${s.rule.most}")}" : ""`,
    `s.rule.set == "" ? "" : replace(s.value, s.rule.set, "") == "" ? "" : "holds \${${others}}"`,
  ];
  const fault = `- \${s.name} \${coalesce(join(" and ", compact([${reasons.join(", ")}])), ${hcl(MISFIT)})}; \${s.rule.says}`;
  return `nonsensitive(join("\\n", compact([for s in [${each.join(", ")}] : s.value == "" || (${right}) ? "" : "${fault}"])))`;
}

/** A literal of Terraform's. */
export function hcl(text: string): string {
  return JSON.stringify(noTemplate(text));
}

/** A text that Terraform would otherwise take for a template. */
export function noTemplate(text: string): string {
  return text.replace(/[$%]\{/g, (mark) => mark[0] + mark);
}

const MISFIT = "does not have the form that it must have";
const shorter = (least: number | string) => `is shorter than ${least} characters`;
const longer = (most: number | string) => `is longer than ${most} characters`;

/** What the rule lets through, in words. */
function allowed(rule: SecretRule): string {
  return `${rule.reader} takes ${rule.allowed ?? inWords(rule)}`;
}

function inWords(rule: SecretRule): string {
  const shape = shapeOf(rule);
  if (shape === undefined) return `what matches ${rule.pattern}`;
  const { characters, least, most } = shape;
  const printable = Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n));
  const [inside, outside] = [true, false].map((is) => printable.filter((one) => matches(`[${characters}]`, one) === is));
  const letters = (of: readonly string[]) => of.filter((one) => /[0-9A-Za-z]/.test(one)).length;
  const count = `${least}${most === undefined ? " or more" : ` to ${most}`} `;
  if (letters(inside!) < 62) return `${count}of the characters [${characters}]`;
  const signs = inside!.filter((one) => !/[0-9A-Za-z]/.test(one));
  if (outside!.length === 0) return `${count}printable characters of ASCII`;
  if (signs.length > outside!.length)
    return `${count}printable characters of ASCII but ${outside!.map(characterName).join(", ")}`;
  return `${count}letters and digits${signs.length === 0 ? "" : ` and ${signs.join(" ")}`}`;
}

/** A character in words, which do not show it if it is a letter or a digit. */
export function characterName(character: string): string {
  return CHARACTER_NAMES[character] ?? (/^[!-~]$/.test(character) ? LETTER : BEYOND);
}

/** Compiled patterns: a rule in words tries each printable character. */
const compiled = new Map<string, RegExp>();

function matches(pattern: string, value: string): boolean {
  const known = compiled.get(pattern) ?? new RegExp(pattern, "u");
  compiled.set(pattern, known);
  return known.test(value);
}
