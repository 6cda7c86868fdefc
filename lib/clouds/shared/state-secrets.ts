// What of a plan a provider keeps in clear in Terraform's state: `keptInState(STATE_SECRETS, planText)`.

/** `given`: only if the page gives it; `always`: whenever there is such a resource or data source, since the provider answers with it. */
export type When = "always" | "given";

/** By resource, and `data.` before a data source; of blocks with their path. */
export type StateSecrets = Readonly<Record<string, Readonly<Record<string, When>>>>;

type Values = Readonly<Record<string, unknown>>;

/**
 * Each secret of the plan that the state holds, as `digitalocean_database_cluster.Database: password`.
 * @param plan the text of `cdk.tf.json`
 */
export function keptInState(secrets: StateSecrets, plan: string): readonly string[] {
  const { resource = {}, data = {} } = JSON.parse(plan) as { readonly resource?: Values; readonly data?: Values };
  const kinds = [...Object.entries(resource), ...Object.entries(data).map(([kind, all]) => [`data.${kind}`, all] as const)];
  return kinds.flatMap(([kind, all]) =>
    Object.entries(secrets[kind] ?? {}).flatMap(([path, when]) =>
      Object.entries(all as Values)
        .filter(([, values]) => !isNone(values) && (when === "always" || isGiven(values, path.split("."))))
        .map(([name]) => `${kind}.${name}: ${path}`),
    ),
  );
}

/** Whether it is a resource of which the plan makes none. */
function isNone(values: unknown): boolean {
  const { for_each: each } = values as Values;
  return typeof each === "object" && each !== null && Object.keys(each).length === 0;
}

function isGiven(values: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return values !== undefined;
  if (Array.isArray(values)) return values.some((one) => isGiven(one, [first, ...rest]));
  return typeof values === "object" && values !== null && isGiven((values as Values)[first], rest);
}
