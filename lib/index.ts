// The public words of cdktf-mastodon.
export { AddressPlan, type Range, type Role } from "./core/address-plan";
export type * from "./core/cloud";
export { Endpoint } from "./core/endpoint";
export { type Flow } from "./core/flow";
export { FrontDoor, type Route } from "./core/front-door";
export { Host } from "./core/host";
export { Machine, type MachineProps } from "./core/machine";
export { Pool, type PoolProps } from "./core/pool";
export { Program, type Step } from "./core/program";
export { Secret, type SecretProps } from "./core/secret";
export { type Database, type DatabaseFacts } from "./mastodon/database";
export { PgBouncer, type PgBouncerProps } from "./mastodon/pgbouncer";
export { Postgres, type PostgresProps } from "./mastodon/postgres";
export { Redis, type RedisFacts, type RedisProps, type RedisUse } from "./mastodon/redis";
export { StreamingPool, type StreamingPoolProps } from "./mastodon/streaming";
export { SidekiqGroup, type SidekiqGroupProps } from "./mastodon/sidekiq";
export { Disk, Size } from "./core/size";
export { Site, type SiteProps } from "./core/site";
