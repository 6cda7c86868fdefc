// Everything of DigitalOcean's provider that puts a secret into Terraform's state: `secretsInState(planText)` says what of it a plan has.
// Held against the provider's schema by a test; the attributes at the end are not marked there.

import { keptInState, StateSecrets } from "../shared/state-secrets";

const DATABASE = { password: "always", private_uri: "always", uri: "always" } as const;
const CLUSTER = { ...DATABASE, ui_password: "always", ui_uri: "always" } as const;
const USER = { access_cert: "always", access_key: "always", password: "always" } as const;

export const STATE_SECRETS: StateSecrets = {
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

/**
 * What of a plan puts a secret into the state, as `digitalocean_database_cluster.Database: password`.
 * @param plan the text of `cdk.tf.json`
 */
export function secretsInState(plan: string): readonly string[] {
  return keptInState(STATE_SECRETS, plan);
}
