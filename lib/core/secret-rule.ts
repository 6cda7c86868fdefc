// Rules for values of secrets, and messages about wrong values that show no part of the value: `wrongWith("a\"b", rule)`.
// Terraform prints the same messages, since only Terraform has the value when a plan is made: `faults([{ name: "x", rule: 0 }])`.

export interface SecretRule {
  /** The program or setting that needs this form, for messages: `PgBouncer` or `mail_password`. */
  readonly reader: string;
  /** What the whole value must match: a regular expression that Terraform's RE2 and JavaScript both support. */
  readonly pattern: string;
  /**
   * What it must not match, likewise.
   * @default - no further limit
   */
  readonly unless?: string;
  /**
   * What is allowed, in words.
   * @default - derived from `pattern`, if that is one character class with a number of repetitions
   */
  readonly allowed?: string;
}

/** A value must be one line: a line break would end the line in any file that holds the secret, and YAML treats further characters as line breaks. */
export const ONE_LINE: SecretRule = {
  reader: "a file of settings",
  pattern: "^[^\\p{Cc}\\p{Zl}\\p{Zp}]*$",
  allowed: "one line without control characters; what a key in PEM form has between BEGIN and END can be written in one",
};

/** Names of characters for messages, which must not show a value. A character that is no ASCII letter or digit and not in this list is `BEYOND`. */
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

/** Whether every value that matches this rule is one line. */
export function isOneLine(rule: SecretRule): boolean {
  const shape = shapeOf(rule);
  return shape !== undefined && !matches(`[${shape.characters}]`, "\n\r\t\0\x1b\x7f\x85\u2028\u2029");
}

/** What is wrong with a value, or `undefined`. The message shows no part of it. */
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

/** A rule in the form that the Terraform expressions use. */
export interface RuleForTerraform {
  readonly pattern: string;
  /** Empty if there is none. */
  readonly unless: string;
  /** The allowed characters as a pattern for Terraform's `replace`; empty if `pattern` is no character class. */
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
 * A Terraform expression for the problems of secrets, one line for each broken rule of `local.secret_rules`. It needs `local.secret_characters`
 * for the names of characters.
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

/** A Terraform expression: whether the variable's value satisfies the rule. */
export function fits(name: string, { pattern, unless }: SecretRule): string {
  const is = (text: string) => `can(regex(${hcl(text)}, var.${name}))`;
  return unless === undefined ? is(pattern) : `${is(pattern)} && !${is(unless)}`;
}

/** A Terraform string literal. */
export function hcl(text: string): string {
  return JSON.stringify(noTemplate(text));
}

/** A text with Terraform's template marks escaped. */
export function noTemplate(text: string): string {
  return text.replace(/[$%]\{/g, (mark) => mark[0] + mark);
}

const MISFIT = "does not have the form that it must have";
const shorter = (least: number | string) => `is shorter than ${least} characters`;
const longer = (most: number | string) => `is longer than ${most} characters`;

/** What the rule allows, in words. */
function allowed(rule: SecretRule): string {
  if (rule.allowed !== undefined) return `${rule.reader} takes ${rule.allowed}`;
  const known = words.get(rule.pattern) ?? inWords(rule);
  words.set(rule.pattern, known);
  return `${rule.reader} takes ${known}`;
}

/** By pattern, since a rule in words tries each printable character. */
const words = new Map<string, string>();

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

/** A character in words. Letters and digits are not shown. */
export function characterName(character: string): string {
  return CHARACTER_NAMES[character] ?? (/^[!-~]$/.test(character) ? LETTER : BEYOND);
}

/** Compiled patterns. */
const compiled = new Map<string, RegExp>();

function matches(pattern: string, value: string): boolean {
  const known = compiled.get(pattern) ?? new RegExp(pattern, "u");
  compiled.set(pattern, known);
  return known.test(value);
}
