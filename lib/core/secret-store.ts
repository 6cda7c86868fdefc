// Secrets that a machine fetches from a store at boot: the boot text holds their names, and the values are inserted into files on the machine:
// `withNames(text)`, `fillSecrets(steps)`.

import { join } from "node:path";
import { DefaultTokenResolver, StringConcat, TerraformStack, TerraformVariable, Tokenization } from "cdktf";
import { Construct } from "constructs";
import { Step, textOf } from "./program";
import { script } from "./script";
import { Secret } from "./secret";

/** The directory on a machine to which a cloud with a store writes each secret, as a file of its name, before the program runs. */
export const SECRETS_DIRECTORY = "/run/cdktf-mastodon/secrets";

const FILL_SCRIPT = "/usr/local/sbin/fill-secrets";

/** The secrets in a text, sorted by name. */
export function secretsIn(text: string): readonly Secret[] {
  const found = new Map([...text.matchAll(TOKEN)].flatMap(([token]) => known(token)).map(({ secret }) => [secret.name, secret]));
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, secret]) => secret);
}

/** The sensitive variables in a text that are no secrets of the page, sorted by name: machines cannot fetch those. Called at synth. */
export function variablesIn(scope: Construct, text: string): readonly string[] {
  const stack = TerraformStack.of(scope);
  const tokens = (text.match(TOKEN) ?? []).filter((token) => Secret.of(token) === undefined);
  const all = tokens.length === 0 ? [] : stack.node.findAll().filter((node) => node instanceof TerraformVariable);
  const sensitive = new Set(all.filter((variable) => variable.sensitive === true).map((variable) => variable.friendlyUniqueId));
  const named = tokens.flatMap((token) => [...resolved(stack, token).matchAll(/\bvar\.([\w-]+)/g)].map(([, name]) => name!));
  return [...new Set(named)].filter((name) => sensitive.has(name)).sort();
}

function resolved(scope: Construct, token: string): string {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return JSON.stringify(Tokenization.resolve(token, { scope, resolver, preparing: false }));
}

/** The text with names in the place of values: `@secret(database_password)@`, or `@secret-in-url(…)@` as a part of a URL. */
export function withNames(text: string): string {
  return text.replace(TOKEN, (token) => known(token).map(({ secret, inUrl }) => mark(secret.name, inUrl))[0] ?? token);
}

/** The steps that replace the names in files by the values. Scripts hold no secrets: a script cannot be changed while it runs. */
export function fillSecrets(steps: readonly Step[]): readonly Step[] {
  const files = steps.flatMap((step) => (step.kind === "file" && secretsIn(textOf(step.content)).length > 0 ? [step.path] : []));
  if (files.length === 0) return [];
  const content = script(join(__dirname, "fill-secrets.sh"), { DIRECTORY: SECRETS_DIRECTORY });
  return [
    { kind: "file", path: FILL_SCRIPT, content, mode: "0755" },
    { kind: "run", why: "secrets", script: `${FILL_SCRIPT} ${[...new Set(files)].sort().join(" ")}\n` },
  ];
}

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

function known(token: string): readonly { readonly secret: Secret; readonly inUrl: boolean }[] {
  const secret = Secret.of(token);
  return secret === undefined ? [] : [{ secret, inUrl: Secret.isInUrl(token) }];
}

function mark(name: string, inUrl: boolean): string {
  return `@secret${inUrl ? "-in-url" : ""}(${name})@`;
}
