// Checks the secrets of a site; messages never contain the values: `wrongSecrets(JSON.parse(text))`.

import { createECDH } from "node:crypto";
import { SecretRule, wrongWith } from "../core/secret-rule";
import { ENCRYPTION_KEYS, purposeOf, ruleOf, SECRET_NAMES, SecretName } from "./secrets";

export type Values = Readonly<Record<string, unknown>>;

const FEWEST_CHARACTERS = 12;
const FEWEST_DIFFERENT = 6;

/** What a page needs of the secrets of one of its sites. */
export interface Wanted {
  /**
   * The rules that each value must satisfy.
   * @default - the rules that hold for any page
   */
  readonly rules?: Readonly<Partial<Record<SecretName, readonly SecretRule[]>>>;
  /**
   * The site's name, which prefixes the names of values if a page has several sites.
   * @default - names without a prefix
   */
  readonly site?: string | undefined;
  /**
   * The secrets that must be present.
   * @default - all
   */
  readonly names?: readonly SecretName[];
}

/** One line for each value that is missing, malformed or weak, and for keys that do not form a pair. */
export function wrongSecrets(values: Values, { rules = {}, site, names = SECRET_NAMES }: Wanted = {}): readonly string[] {
  const called = (name: string) => (site === undefined ? name : `${site}_${name}`);
  const of = (name: SecretName) => values[called(name)];
  const keys = ENCRYPTION_KEYS.map(of).filter((key) => key !== undefined && key !== "");
  return [
    ...SECRET_NAMES.flatMap((name) => wrong(name, called(name), of(name), names.includes(name), rules[name] ?? [ruleOf(name)])),
    ...(new Set(keys).size < keys.length
      ? [
          `${called("active_record_encryption_…")}: two of the three keys are equal, which no generator makes; import the server's own with --from`,
        ]
      : []),
    ...pair(of("vapid_private_key"), of("vapid_public_key"), called),
  ];
}

/** Why a value could be guessed. A server may be in use with it, so it is a reason to change the value, not to refuse it. */
export function weakness(value: string): string | undefined {
  if (value.endsWith("DO_NOT_USE_IN_PRODUCTION")) return "is a published example";
  if (value.length < FEWEST_CHARACTERS) return `has fewer than ${FEWEST_CHARACTERS} characters`;
  if (new Set(value).size < FEWEST_DIFFERENT) return `has fewer than ${FEWEST_DIFFERENT} different characters`;
  return undefined;
}

/** The values that Terraform's validation would refuse. */
export function malformed(name: string, value: unknown, rules: readonly SecretRule[]): string | undefined {
  if (typeof value !== "string") return `${name}: is no text; put it in double quotes`;
  const faults = rules.map((rule) => wrongWith(value, rule)).filter((fault) => fault !== undefined);
  return faults.length === 0 ? undefined : `${name}: ${faults.join("; ")}`;
}

/** Whether the two keys form a pair; one message if they do not. */
export function pair(
  privateHalf: unknown,
  publicHalf: unknown,
  called: (name: string) => string = (name) => name,
): readonly string[] {
  if (typeof privateHalf !== "string" || typeof publicHalf !== "string") return [];
  try {
    const key = createECDH("prime256v1");
    const bytes = Buffer.from(privateHalf, "base64url");
    key.setPrivateKey(Buffer.concat([Buffer.alloc(Math.max(0, 32 - bytes.length)), bytes]));
    if (key.getPublicKey().equals(Buffer.from(publicHalf, "base64url"))) return [];
  } catch {
    // Not a private key of this curve, so not a pair either.
  }
  return [
    `${called("vapid_private_key")} and ${called("vapid_public_key")}: not a key pair; give both from the same generator run`,
  ];
}

function wrong(
  name: SecretName,
  called: string,
  value: unknown,
  needed: boolean,
  rules: readonly SecretRule[],
): readonly string[] {
  if (value === undefined || value === "")
    return needed ? [`${called}: missing; secrets NEW --from FILE makes what FILE lacks`] : [];
  const form = malformed(called, value, rules);
  if (form !== undefined) return [form];
  const weak = weakness(value as string);
  return weak === undefined ? [] : [`${called}: weak; it ${weak}. ${purposeOf(name)}`];
}
