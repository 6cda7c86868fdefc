// The interface of a Redis to the tiers that use it, of the page's own and of an external one: `redis.reachedBy(host, "feeds and pub/sub")`.

import { Host } from "../core/host";
import { Secret } from "../core/secret";
import { SecretName } from "./secrets";

export type RedisUse = "main" | "cache" | "sidekiq";

export interface RedisFacts {
  readonly use: RedisUse;
  readonly port: number;
  /** `undefined` for an external one without a password. */
  readonly password: Secret | undefined;
  /** The user name (ACL), if not the default user. */
  readonly user?: string | undefined;
  /** The number of the database, if not 0. */
  readonly db?: number | undefined;
  /** Set if connections are encrypted: the certificate is checked against `ca`, or against the public certificate authorities. */
  readonly tls?: { readonly ca: string | undefined };
  /** The machine to connect to, without sentinels. */
  readonly host: string;
  /** How to find the master, with sentinels. */
  readonly sentinel?: {
    readonly master: string;
    readonly servers: readonly { readonly host: string; readonly port: number }[];
    /** The sentinels' own password, if they require one. */
    readonly password?: Secret | undefined;
  };
}

export interface RedisServer {
  readonly use: RedisUse;
  /** Its name in messages. */
  readonly path: string;
  /** The facts for `who`, whose access to every instance that may be master, and to the sentinels, is recorded. */
  reachedBy(who: Host, why: string): RedisFacts;
}

export const PASSWORDS: Readonly<Record<RedisUse, SecretName>> = {
  main: "redis_password",
  cache: "redis_cache_password",
  sidekiq: "redis_sidekiq_password",
};
