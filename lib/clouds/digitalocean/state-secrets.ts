// Everything of DigitalOcean's provider that puts a secret into Terraform's state: `secretsInState(planText)` says what of it a plan has.
// Held against the provider's schema by a test; the attributes at the end are not marked there.

/** `given`: only if the page gives it; `always`: whenever there is such a resource or data source, since DigitalOcean's API answers with it. */
type When = "always" | "given";

const DATABASE = { password: "always", private_uri: "always", uri: "always" } as const;
const CLUSTER = { ...DATABASE, ui_password: "always", ui_uri: "always" } as const;
const USER = { access_cert: "always", access_key: "always", password: "always" } as const;

/** By resource, and `data.` before a data source; of blocks with their path. */
export const STATE_SECRETS: Readonly<Record<string, Readonly<Record<string, When>>>> = {
  digitalocean_certificate: { private_key: "given" },
  digitalocean_database_cluster: CLUSTER,
  digitalocean_database_connection_pool: DATABASE,
  digitalocean_database_logsink_rsyslog: { ca_cert: "given", client_key: "given" },
  digitalocean_database_replica: DATABASE,
  digitalocean_database_user: USER,
  digitalocean_partner_attachment: { "bgp.auth_key": "given" },
  digitalocean_spaces_key: { secret_key: "always" },
  "data.digitalocean_database_cluster": CLUSTER,
  "data.digitalocean_database_connection_pool": DATABASE,
  "data.digitalocean_database_metrics_credentials": { password: "always" },
  "data.digitalocean_database_replica": DATABASE,
  "data.digitalocean_database_user": USER,
  // A droplet's own is kept as a hash; a template's is not, and boot texts hold passwords.
  digitalocean_droplet_autoscale: { "droplet_template.user_data": "given" },
  digitalocean_database_online_migration: { "source.password": "given" },
};

type Values = Readonly<Record<string, unknown>>;

/**
 * What of a plan puts a secret into the state, as `digitalocean_database_cluster.Database: password`.
 * @param plan the text of `cdk.tf.json`
 */
export function secretsInState(plan: string): readonly string[] {
  const { resource = {}, data = {} } = JSON.parse(plan) as { readonly resource?: Values; readonly data?: Values };
  const kinds = [...Object.entries(resource), ...Object.entries(data).map(([kind, all]) => [`data.${kind}`, all] as const)];
  return kinds.flatMap(([kind, all]) =>
    Object.entries(STATE_SECRETS[kind] ?? {}).flatMap(([path, when]) =>
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
