// Everything of AWS' provider that puts a secret into Terraform's state: `secretsInState(planText)` says what of it a plan has.
// Held against the provider's schema by a test. Write-only attributes do not stand here, since they are in no state, and neither do boot texts, which hold
// the names of secrets alone.

import { keptInState, StateSecrets } from "../shared/state-secrets";

const EVENT_VALUES = ["body", "header", "query_string"] as const;
const eventValues = (before: string) =>
  Object.fromEntries(EVENT_VALUES.map((part) => [`${before}.${part}.value`, "given" as const]));

export const STATE_SECRETS: StateSecrets = {
  aws_acm_certificate: { private_key: "given" },
  aws_cloudwatch_event_connection: {
    "auth_parameters.api_key.value": "given",
    "auth_parameters.basic.password": "given",
    ...eventValues("auth_parameters.invocation_http_parameters"),
    "auth_parameters.oauth.client_parameters.client_secret": "given",
    ...eventValues("auth_parameters.oauth.oauth_http_parameters"),
  },
  aws_db_instance: { password: "given" },
  aws_elasticache_replication_group: { auth_token: "given" },
  aws_elasticache_user: { passwords: "given", "authentication_mode.passwords": "given" },
  aws_iam_access_key: { secret: "always", ses_smtp_password_v4: "always" },
  aws_iam_server_certificate: { private_key: "given" },
  aws_iam_service_specific_credential: { service_credential_secret: "always", service_password: "always" },
  aws_iam_user_login_profile: { password: "always" },
  aws_kms_ciphertext: { plaintext: "given" },
  aws_kms_external_key: { key_material_base64: "given" },
  aws_kms_grant: { grant_token: "always" },
  aws_kms_replica_external_key: { key_material_base64: "given" },
  aws_lb_listener: { "default_action.authenticate_oidc.client_secret": "given" },
  aws_lb_listener_rule: { "action.authenticate_oidc.client_secret": "given" },
  aws_rds_cluster: { master_password: "given" },
  aws_s3_bucket_object_lock_configuration: { token: "given" },
  aws_s3_bucket_replication_configuration: { token: "given" },
  aws_s3_object_copy: {
    customer_key: "given",
    kms_encryption_context: "given",
    kms_key_id: "given",
    source_customer_key: "given",
  },
  aws_secretsmanager_secret_version: { secret_binary: "given", secret_string: "given" },
  aws_sesv2_email_identity: { "dkim_signing_attributes.domain_signing_private_key": "given" },
  aws_ssm_parameter: { value: "given" },
  "data.aws_elasticache_user": { passwords: "given" },
  "data.aws_kms_ciphertext": { plaintext: "given" },
  "data.aws_kms_secrets": { plaintext: "always" },
  "data.aws_secretsmanager_secret_version": { secret_binary: "always", secret_string: "always" },
  "data.aws_ssm_parameter": { value: "always" },
  "data.aws_ssm_parameters_by_path": { values: "always" },
};

/**
 * What of a plan puts a secret into the state, as `aws_elasticache_replication_group.Caches: auth_token`.
 * @param plan the text of `cdk.tf.json`
 */
export function secretsInState(plan: string): readonly string[] {
  return keptInState(STATE_SECRETS, plan);
}
