// What a tier may ask of a Redis, whoever runs it: `redis.reachedBy(host, "feeds and pub/sub")`.

import { Host } from "../core/host";
import { Secret } from "../core/secret";
import { SecretName } from "./secrets";

export type RedisUse = "main" | "cache" | "sidekiq";

export interface RedisFacts {
  readonly use: RedisUse;
  readonly port: number;
  /** `undefined` for one outside the page that has none. */
  readonly password: Secret | undefined;
  /** The entry of its access list, if not the default one. */
  readonly user?: string | undefined;
  /** The number of its database, if not 0. */
  readonly db?: number | undefined;
  /** Encrypted, with a certificate that is checked: by the public authorities, or by these. */
  readonly tls?: { readonly ca: string | undefined };
  /** The machine to ask, when no sentinel watches. */
  readonly host: string;
  /** How to find the master, when sentinels watch. */
  readonly sentinel?: {
    readonly master: string;
    readonly servers: readonly { readonly host: string; readonly port: number }[];
    /** Their own password, if they do not answer to everybody. */
    readonly password?: Secret | undefined;
  };
}

export interface RedisServer {
  readonly use: RedisUse;
  /** What messages call it. */
  readonly path: string;
  /** Every instance that may be master, and the sentinels. */
  reachedBy(who: Host, why: string): RedisFacts;
}

export const PASSWORDS: Readonly<Record<RedisUse, SecretName>> = {
  main: "redis_password",
  cache: "redis_cache_password",
  sidekiq: "redis_sidekiq_password",
};
