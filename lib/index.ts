// The public exports of cdktf-mastodon.
export { AddressPlan, type Range, type Role } from "./core/address-plan";
export type * from "./core/cloud";
export { type Dns, type DnsRecord } from "./core/dns";
export { Endpoint, type External } from "./core/endpoint";
export { type Flow } from "./core/flow";
export { FrontDoor, type Route } from "./core/front-door";
export { Host } from "./core/host";
export type * from "./core/inventory";
export { Machine, type MachineProps } from "./core/machine";
export { type KeptLogs } from "./core/journal";
export { type Mailbox } from "./core/mailbox";
export { type ObjectStore, type ObjectStoreFacts } from "./core/objects";
export { Pool, type PoolProps } from "./core/pool";
export { Program, type Step } from "./core/program";
export { Secret, type SecretProps } from "./core/secret";
export { type EnvValue, type ExtraEnv, type Setting, type SettingTarget } from "./mastodon/setting";
export { communityOf, smallest, type Community } from "./mastodon/community";
export { type Clients } from "./mastodon/connections";
export { type Database, type DatabaseAdmin, type DatabaseFacts, type PostgresServer, type SslMode } from "./mastodon/database";
export { type ExternalPgBouncer, type ExternalPgBouncerProps } from "./mastodon/external-pgbouncer";
export { Etcd, type EtcdProps, type KeptTier } from "./mastodon/etcd";
export { type AlertsProps, type Objectives, type Severity } from "./mastodon/monitoring/alerts";
export { Monitoring, type MonitoringProps } from "./mastodon/monitoring/monitoring";
export {
  byMail,
  pagerDuty,
  slack,
  webhook,
  type ByMailProps,
  type Receiver,
  type ReceiverProps,
  type SlackProps,
} from "./mastodon/monitoring/receivers";
export { type Failover } from "./mastodon/failover";
export {
  type ExternalAdminProps,
  type ExternalDatabaseProps,
  type ExternalPostgres,
  type ExternalPostgresProps,
} from "./mastodon/external-postgres";
export { type ExternalRedis, type ExternalRedisProps } from "./mastodon/external-redis";
export { type LogCollector, type LogsProps } from "./mastodon/logs";
export { Mastodon, type MastodonProps } from "./mastodon/mastodon";
export { PgBouncer, type PgBouncerProps } from "./mastodon/pgbouncer";
export { Postgres, type PostgresProps } from "./mastodon/postgres";
export { Redis, type RedisProps } from "./mastodon/redis";
export { type RedisFacts, type RedisServer, type RedisUse } from "./mastodon/redis-facts";
export { s3Objects, type S3ObjectsProps } from "./mastodon/s3-objects";
export { cas, type CasProps } from "./mastodon/settings/cas";
export { cdn, type CdnProps } from "./mastodon/settings/cdn";
export { federation, type FederationProps } from "./mastodon/settings/federation";
export { languages, type LanguageProps } from "./mastodon/settings/languages";
export { ldap, type LdapProps } from "./mastodon/settings/ldap";
export { mail, type MailProps, type MailServer } from "./mastodon/settings/mail";
export { openId, type OpenIdProps } from "./mastodon/settings/openid";
export { pam, type PamProps } from "./mastodon/settings/pam";
export { prometheus, type PrometheusProps } from "./mastodon/settings/prometheus";
export { outgoingProxy, type OutgoingProxyProps } from "./mastodon/settings/proxy";
export { retention, type RetentionProps } from "./mastodon/settings/retention";
export { saml, type SamlProps } from "./mastodon/settings/saml";
export { search, type SearchProps } from "./mastodon/settings/search";
export { signOn, type SignOnProps } from "./mastodon/settings/sign-on";
export { swiftObjects, type SwiftObjectsProps } from "./mastodon/settings/swift";
export { openTelemetry, type OpenTelemetryProps } from "./mastodon/settings/telemetry";
export { deepL, libreTranslate, type DeepLProps, type LibreTranslateProps } from "./mastodon/settings/translation";
export { StreamingPool, type StreamingPoolProps, type StreamingProcesses } from "./mastodon/streaming";
export { SidekiqGroup, type SidekiqGroupProps } from "./mastodon/sidekiq";
export { type ExternalServerProps } from "./mastodon/external-server";
export { syslog, type SyslogProps } from "./mastodon/syslog";
export { WebTier, type WebTierProps } from "./mastodon/web";
export { type Scale } from "./core/scale";
export { Disk, Size } from "./core/size";
export { Site, type SiteProps } from "./mastodon/site";
