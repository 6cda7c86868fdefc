// The numbers of changed secrets in a file of secrets, for pages whose machines fetch them from a store: `raised(values, ["mail_password"])`.

import { FIRST_VERSION, SECRET_VERSIONS } from "../clouds/shared/secret-versions";
import { wrongNumber } from "../core/whole-number";
import { Values } from "../mastodon/secret-check";

type Numbers = Readonly<Record<string, number>>;

/** What is wrong with the numbers in a file, one line for each. */
export function wrongNumbers(values: Values): readonly string[] {
  const numbers = values[SECRET_VERSIONS];
  if (numbers === undefined) return [];
  if (numbers === null || typeof numbers !== "object" || Array.isArray(numbers))
    return [
      `${SECRET_VERSIONS}: is no object of names and numbers; remove it, and name what has changed: secrets changed FILE NAME`,
    ];
  return Object.entries(numbers).flatMap(([name, number]) => {
    if (wrongNumber(name, number as number, { least: FIRST_VERSION }) !== undefined)
      return [`${SECRET_VERSIONS}: that of ${name} is no whole number from ${FIRST_VERSION} on`];
    return name in values ? [] : [`${SECRET_VERSIONS}: ${name} is no secret of the file; correct the name, or remove it`];
  });
}

/** The same values, in which these secrets have another number. */
export function raised(values: Values, names: readonly string[]): Values {
  const before = (values[SECRET_VERSIONS] ?? {}) as Numbers;
  const after = names.map((name) => [name, (before[name] ?? FIRST_VERSION) + 1] as const);
  return { ...values, [SECRET_VERSIONS]: { ...before, ...Object.fromEntries(after) } };
}

/** The number of a secret. */
export function numberOf(values: Values, name: string): number {
  return ((values[SECRET_VERSIONS] ?? {}) as Numbers)[name] ?? FIRST_VERSION;
}

/** The numbers of a file, for names of which some have become others. */
export function renamed(numbers: unknown, name: (before: string) => string): Values {
  if (numbers === undefined) return {};
  if (numbers === null || typeof numbers !== "object") return { [SECRET_VERSIONS]: numbers };
  return {
    [SECRET_VERSIONS]: Object.fromEntries(Object.entries(numbers).map(([before, number]) => [name(before), number as unknown])),
  };
}

/** The numbers of both. */
export function withNumbers(values: Values, more: Values): Values {
  const both = [values, more].map(({ [SECRET_VERSIONS]: numbers }) => numbers).filter((numbers) => numbers !== undefined);
  return { ...values, ...more, ...(both.length === 2 && { [SECRET_VERSIONS]: Object.assign({}, ...both) as unknown }) };
}
