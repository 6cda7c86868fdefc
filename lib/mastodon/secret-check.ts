// What is wrong with the secrets of a site, without ever saying what they are: `wrongSecrets(JSON.parse(text))`.

import { createECDH } from "node:crypto";
import { ENCRYPTION_KEYS, patternOf, SECRET_NAMES, SecretName } from "./secrets";

export type Values = Readonly<Record<string, unknown>>;

const FEWEST_CHARACTERS = 12;
const FEWEST_DIFFERENT = 6;

/** One line for each thing that is missing, malformed, weak, or does not belong to its other half. */
export function wrongSecrets(values: Values, names: readonly SecretName[] = SECRET_NAMES): readonly string[] {
  const keys = ENCRYPTION_KEYS.map((name) => values[name]).filter((key) => key !== undefined);
  return [
    ...names.flatMap((name) => wrong(name, values[name])),
    ...(new Set(keys).size < keys.length ? ["the encryption keys: two of the three are alike; no generator makes that"] : []),
    ...pair(values["vapid_private_key"], values["vapid_public_key"]),
  ];
}

/** What somebody with time could guess. A server goes on with it, so it is a reason to change it, not to refuse it. */
export function weakness(value: string): string | undefined {
  if (value.endsWith("DO_NOT_USE_IN_PRODUCTION")) return "is a published example";
  if (value.length < FEWEST_CHARACTERS) return `has fewer than ${FEWEST_CHARACTERS} characters`;
  if (new Set(value).size < FEWEST_DIFFERENT) return `has fewer than ${FEWEST_DIFFERENT} different characters`;
  return undefined;
}

/** What Terraform would refuse. */
export function malformed(name: SecretName, value: unknown): string | undefined {
  if (typeof value !== "string") return `${name}: is no text`;
  if (new RegExp(patternOf(name)).test(value)) return undefined;
  return `${name}: malformed; it must match ${patternOf(name)}`;
}

/** Whether both halves are there and belong together. */
export function pair(privateHalf: unknown, publicHalf: unknown): readonly string[] {
  if (typeof privateHalf !== "string" || typeof publicHalf !== "string") return [];
  try {
    const key = createECDH("prime256v1");
    const bytes = Buffer.from(privateHalf, "base64url");
    key.setPrivateKey(Buffer.concat([Buffer.alloc(Math.max(0, 32 - bytes.length)), bytes]));
    if (key.getPublicKey().equals(Buffer.from(publicHalf, "base64url"))) return [];
  } catch {
    // No private key of this curve: then they are no pair either.
  }
  return ["vapid_private_key and vapid_public_key: not the two halves of one pair"];
}

function wrong(name: SecretName, value: unknown): readonly string[] {
  if (value === undefined || value === "") return [`${name}: missing`];
  const form = malformed(name, value);
  if (form !== undefined) return [form];
  const weak = weakness(value as string);
  return weak === undefined ? [] : [`${name}: weak; it ${weak}`];
}
